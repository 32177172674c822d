package io.pythia.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.BrokerException;
import io.pythia.BrokerTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;

class RequestsTest {
    private final Requests requests = new Requests("kafka:orders");
    private final List<String> done = new ArrayList<>();

    private CompletableFuture<Void> add(String what, boolean needsPartitions) {
        return requests.add(() -> done.add(what), needsPartitions);
    }

    private void run(boolean hasPartitions) {
        requests.run(hasPartitions, System.nanoTime());
    }

    @Test
    void whatNeedsPartitions_waitsForThem_andHoldsUpNothingElse() {
        CompletableFuture<Void> seek = add("first seek", true);
        CompletableFuture<Void> commit = add("commit", false);
        run(false);
        assertThat(seek).isNotDone();
        assertThat(commit).isCompleted();
        assertThat(requests.isEmpty()).isFalse();
        add("second seek", true);
        add("second commit", false);
        run(true);
        assertThat(done).containsExactly("commit", "first seek", "second seek", "second commit");
        assertThat(seek).isCompleted();
        assertThat(requests.isEmpty()).isTrue();
    }

    @Test
    void noPartitionForAMinute_failsTheSeek_whichIsNotDoneLater() {
        CompletableFuture<Void> seek = add("seek", true);
        requests.run(false, System.nanoTime() + Duration.ofSeconds(50).toNanos());
        assertThat(seek).isNotDone();
        requests.run(false, System.nanoTime() + Duration.ofSeconds(70).toNanos());
        assertThat(seek)
                .failsWithin(Duration.ZERO)
                .withThrowableOfType(ExecutionException.class)
                .withCauseInstanceOf(BrokerTimeoutException.class)
                .withMessageContaining("no partition was assigned");
        run(true);
        assertThat(done).isEmpty();
    }

    @Test
    void end_failsWhatWaits_andWhatComesLater() {
        List<CompletableFuture<Void>> all = new ArrayList<>();
        all.add(add("waits", true));
        run(false);
        all.add(add("was asked", false));
        requests.end();
        all.add(add("late", false));
        assertThat(all)
                .allSatisfy(each -> assertThat(each)
                        .failsWithin(Duration.ZERO)
                        .withThrowableOfType(ExecutionException.class)
                        .withCauseInstanceOf(BrokerException.class)
                        .withMessageContaining("kafka:orders is disconnected"));
        assertThat(done).isEmpty();
    }
}
