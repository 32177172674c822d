package io.pythia.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.internal.ScriptedSource.Collector;
import io.pythia.internal.ScriptedSource.Consumer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a driver is told of what is wanted next: before the application works, and never more than there is room for. */
@Timeout(120)
class PrefetchTest {
    /** For what nobody settles here. */
    private static final Duration SHORT = Duration.ofMillis(100);

    private final ScriptedSource source = new ScriptedSource();

    private void await(Collector collector, int messages) {
        Awaitility.await()
                .atMost(60, TimeUnit.SECONDS)
                .pollInterval(1, TimeUnit.MILLISECONDS)
                .until(() -> collector.messages.size() == messages);
    }

    @Test
    void demand_boundsWhatIsAnnounced() {
        source.add(0, 100);
        try (Consumer consumer =
                source.consumer().batchSize(7).closeTimeout(SHORT).build()) {
            Collector collector = new Collector(20, message -> {});
            consumer.consume().subscribe(collector);
            await(collector, 20);
            assertThat(source.wantedNext).containsExactly(13, 6);
        }
    }

    @Test
    void windowOfUnsettledMessages_boundsWhatIsAnnounced() {
        source.add(0, 100);
        try (Consumer consumer = source.consumer()
                .batchSize(4)
                .maxInFlight(10)
                .closeTimeout(SHORT)
                .build()) {
            Collector collector = new Collector(Long.MAX_VALUE, message -> {});
            consumer.consume().subscribe(collector);
            await(collector, 10);
            assertThat(source.wantedNext).containsExactly(6, 2);
        }
    }

    @Test
    void windowOfBytes_letsNothingBeAnnounced_whenItIsFull() {
        source.add(0, 100);
        try (Consumer consumer = source.consumer()
                .batchSize(5)
                .maxInFlightBytes(5)
                .closeTimeout(SHORT)
                .build()) {
            Collector collector = new Collector(Long.MAX_VALUE, message -> {});
            consumer.consume().subscribe(collector);
            await(collector, 5); // one byte each
            assertThat(source.wantedNext).isEmpty();
        }
    }

    @Test
    void announcement_comesBeforeTheMessagesAreGivenOut() {
        source.add(0, 10);
        List<Integer> announcedAtMessage = new CopyOnWriteArrayList<>();
        try (Consumer consumer = source.consumer().batchSize(5).build()) {
            Collector collector = new Collector(Long.MAX_VALUE, message -> {
                announcedAtMessage.add(source.wantedNext.size());
                message.ack();
            });
            consumer.consume().subscribe(collector);
            await(collector, 10);
            assertThat(announcedAtMessage).containsExactly(1, 1, 1, 1, 1, 2, 2, 2, 2, 2);
        }
    }
}
