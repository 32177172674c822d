package io.pythia.cdc;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.cdc.ChangeRecord.OutboxColumns;
import io.pythia.testkit.FakeAck;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class LogPlaceTest {
    private static final int MESSAGES = 200_000;

    private final Progress<LogState> progress = new Progress<>(new LogState("1", "slot", 0, false));
    private final CdcSettings settings = NoDatabase.settings();
    private final LogPlace place = new LogPlace(new Places(settings, new Database(settings)), progress);

    private List<FakeAck<ChangeRecord>> message(long lsn) {
        Object step = progress.message(state -> state.lsn = lsn);
        return List.of(new FakeAck<>(new ChangeRecord(step, "t", 0, new OutboxColumns(null, null, null, false), () -> {
            throw new IllegalStateException("nobody looks at it");
        })));
    }

    /** As the reader does: it stores only while there is something to store. */
    private void saveUntil(AtomicBoolean over) {
        while (!over.get()) {
            if (place.isDirty()) {
                place.save();
            }
        }
    }

    @Test
    void acknowledgementWhileThePlaceIsStored_completes() throws Exception {
        AtomicBoolean over = new AtomicBoolean();
        CompletableFuture<Void> saving =
                CompletableFuture.runAsync(() -> saveUntil(over), task -> new Thread(task).start());
        List<CompletableFuture<Void>> done = new ArrayList<>();
        for (int i = 1; i <= MESSAGES; i++) {
            CompletableFuture<Void> one = place.settle(message(i));
            done.add(one);
            if (i % 3 == 0) {
                one.get(20, TimeUnit.SECONDS); // nothing comes after it that would have it stored
            }
        }
        CompletableFuture.allOf(done.toArray(CompletableFuture[]::new)).get(20, TimeUnit.SECONDS);
        over.set(true);
        saving.join();
        assertThat(place.stored()).isEqualTo(MESSAGES);
    }
}
