package io.pythia.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.BrokerListener;
import io.pythia.testkit.FakeAck;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Partitions that are taken without asking the group. */
@Timeout(60)
class PollLoopOwnPartitionsTest {
    private final TestClient consumer = new TestClient();
    private final OffsetTracker tracker = new OffsetTracker(10);
    private final HandOver handOver = new HandOver(tracker);
    private final Map<TopicPartition, Long> positions = new HashMap<>();

    private PollLoop loop(AutoOffsetReset reset, Map<String, Object> properties) {
        consumer.updateBeginningOffsets(Map.of(TestClient.PARTITION, 0L));
        consumer.updateEndOffsets(Map.of(TestClient.PARTITION, 100L));
        return new PollLoop(
                TestClient.settings(reset, BrokerListener.NONE, List.of(0), properties),
                consumer,
                tracker,
                handOver,
                new AtomicBoolean(),
                positions);
    }

    private CompletableFuture<Void> acknowledge() {
        try {
            return tracker.settle(handOver.take(1, Duration.ZERO).stream()
                    .map(each -> new FakeAck<>(each.receipt()))
                    .toList());
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private void acknowledgeFirstOfTwo(PollLoop loop) {
        consumer.schedulePollTask(() -> consumer.add(0, 1));
        consumer.pollUntil(() -> handOver.size() > 0, () -> {
            CompletableFuture<Void> acknowledged = acknowledge();
            consumer.pollUntil(acknowledged::isDone, loop::stop);
        });
        loop.run();
    }

    @Test
    void withoutAGroup_nothingIsCommitted_andPositionsAreKept() {
        acknowledgeFirstOfTwo(loop(AutoOffsetReset.EARLIEST, Map.of()));
        assertThat(consumer.commits).isEmpty();
        assertThat(positions).containsExactly(Map.entry(TestClient.PARTITION, 1L));
    }

    @Test
    void withAGroup_isCommittedToIt() {
        acknowledgeFirstOfTwo(loop(AutoOffsetReset.EARLIEST, Map.of("group.id", "group")));
        assertThat(consumer.lastCommitted()).isEqualTo(1);
        assertThat(positions).isEmpty();
    }

    /** A session that is lost before anything was acknowledged must not make the next one begin behind what came meanwhile. */
    @Test
    void withoutAGroup_latest_isKeptAtOnce() {
        PollLoop loop = loop(AutoOffsetReset.LATEST, Map.of());
        consumer.pollUntil(() -> !positions.isEmpty(), loop::stop);
        loop.run();
        assertThat(positions).containsExactly(Map.entry(TestClient.PARTITION, 100L));
    }

    @Test
    void withoutAGroup_theNextSessionGoesOn() {
        positions.put(TestClient.PARTITION, 70L);
        List<Long> began = new ArrayList<>();
        PollLoop loop = loop(AutoOffsetReset.EARLIEST, Map.of());
        consumer.schedulePollTask(() -> {
            began.add(consumer.position(TestClient.PARTITION));
            loop.stop();
        });
        loop.run();
        assertThat(began).containsExactly(70L);
    }
}
