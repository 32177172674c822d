package io.pythia.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.BrokerException;
import io.pythia.BrokerListener;
import io.pythia.spi.Received;
import io.pythia.testkit.FakeAck;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class PollLoopSeekTest {
    private static final TopicPartition PARTITION = TestClient.PARTITION;
    private static final TopicPartition OTHER = new TopicPartition("orders", 1);

    private final TestClient consumer = new TestClient();
    private final OffsetTracker tracker = new OffsetTracker(10);
    private final HandOver handOver = new HandOver(tracker);

    private PollLoop loop(AutoOffsetReset reset) {
        return new PollLoop(
                TestClient.settings(reset, BrokerListener.NONE),
                consumer,
                tracker,
                handOver,
                new AtomicBoolean(),
                Map.of());
    }

    private List<Received<KafkaRecord>> take(int count) {
        try {
            return handOver.take(count, Duration.ZERO);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The group is at 100. */
    private void assign() {
        consumer.assign(0, 102);
        consumer.seek(PARTITION, 100);
        consumer.add(0, 1, 100, 101);
    }

    @Test
    void withoutPartitions_waitsForThem_andNothingElseIsGivenOut() {
        List<Boolean> done = new ArrayList<>();
        List<Long> committed = new ArrayList<>();
        List<Long> offsets = new ArrayList<>();
        PollLoop loop = loop(AutoOffsetReset.EARLIEST);
        CompletableFuture<Void> sought = loop.seek(Seek.toBeginning());
        consumer.schedulePollTask(() -> {});
        consumer.schedulePollTask(() -> {
            done.add(sought.isDone());
            assign();
        });
        consumer.pollUntil(sought::isDone, () -> done.add(handOver.size() == 0));
        consumer.pollUntil(() -> handOver.size() > 0, () -> {
            committed.add(consumer.lastCommitted());
            take(10).forEach(each -> offsets.add(each.receipt().offset()));
            loop.stop();
        });
        loop.run();
        assertThat(done).containsExactly(false, true);
        assertThat(committed).containsExactly(0L);
        assertThat(offsets).containsExactly(0L, 1L, 100L, 101L);
    }

    /** Where there is no position it says where to begin, in time. */
    @Test
    void withoutAPosition_andAutoOffsetResetNone_isWhereItBegins() {
        List<Long> offsets = new ArrayList<>();
        PollLoop loop = loop(AutoOffsetReset.NONE);
        List<CompletableFuture<Void>> sought = new ArrayList<>();
        consumer.schedulePollTask(() -> {
            sought.add(loop.seek(Seek.to(PARTITION, 1))); // while the poll is under way
            consumer.assign(0, 102);
            consumer.add(0, 1);
        });
        consumer.pollUntil(() -> handOver.size() > 0, () -> {
            take(10).forEach(each -> offsets.add(each.receipt().offset()));
            loop.stop();
        });
        loop.run();
        assertThat(sought.get(0)).isCompleted();
        assertThat(offsets).containsExactly(1L);
    }

    @Test
    void thatWaits_failsWhenTheLoopEnds() {
        PollLoop loop = loop(AutoOffsetReset.EARLIEST);
        CompletableFuture<Void> sought = loop.seek(Seek.toEnd());
        consumer.schedulePollTask(() -> {});
        consumer.schedulePollTask(loop::stop);
        loop.run();
        assertFails(sought, "is disconnected");
    }

    private static void assertFails(CompletableFuture<Void> future, String why) {
        assertThat(future)
                .failsWithin(Duration.ZERO)
                .withThrowableOfType(ExecutionException.class)
                .withCauseInstanceOf(BrokerException.class)
                .withMessageContaining(why);
    }

    /** The commit of the new position did not come before the rebalance. */
    @Test
    void partitionThatIsTakenAwayAtOnce_isCommittedWhereItWasSought_andWhatWasInFlightIsStale() {
        List<FakeAck<KafkaRecord>> inFlight = new ArrayList<>();
        List<CompletableFuture<Void>> sought = new ArrayList<>();
        PollLoop loop = loop(AutoOffsetReset.EARLIEST);
        consumer.schedulePollTask(this::assign);
        consumer.pollUntil(() -> handOver.size() > 0, () -> {
            take(2).forEach(each -> inFlight.add(new FakeAck<>(each.receipt())));
            tracker.settle(inFlight.subList(0, 1));
            consumer.pollUntil(() -> consumer.lastCommitted() == 101, () -> {
                sought.add(loop.seek(Seek.toBeginning()));
                consumer.commitError = new KafkaException("not now");
                consumer.pollUntil(() -> sought.get(0).isDone(), () -> {
                    tracker.settle(inFlight.subList(1, 2));
                    consumer.commitError = null;
                    consumer.rebalance(List.of());
                    loop.stop();
                });
            });
        });
        loop.run();
        assertThat(sought.get(0)).isCompleted();
        assertThat(consumer.lastCommitted()).isZero();
        assertThat(inFlight).extracting(FakeAck::isStale).containsExactly(false, true);
    }

    @Test
    void ofOnePartition_leavesTheOthersWhereTheyAre_andFailsForOneThatIsNotAssigned() {
        PollLoop loop = loop(AutoOffsetReset.EARLIEST);
        CompletableFuture<Void> sought = loop.seek(Seek.to(OTHER, 3));
        CompletableFuture<Void> unknown = loop.seek(Seek.to(new TopicPartition("orders", 2), 3));
        List<Long> positions = positionsOfTwo(loop, unknown);
        assertThat(sought).isCompleted();
        assertFails(unknown, "partition orders-2 is not assigned to this consumer, which has orders-0, orders-1");
        assertThat(positions).containsExactly(100L, 3L);
    }

    @Test
    void toATime_goesToItsFirstRecord_orToTheEnd() {
        consumer.times.put(PARTITION, new OffsetAndTimestamp(7, 1_000));
        PollLoop loop = loop(AutoOffsetReset.EARLIEST);
        CompletableFuture<Void> sought = loop.seek(Seek.toTime(Instant.ofEpochMilli(999)));
        assertThat(positionsOfTwo(loop, sought)).containsExactly(7L, 9L);
        assertThat(sought).isCompleted();
    }

    /** Returns where two partitions are after a seek; they were at 100 and 8. */
    private List<Long> positionsOfTwo(PollLoop loop, CompletableFuture<Void> sought) {
        List<Long> positions = new ArrayList<>();
        consumer.schedulePollTask(() -> {
            consumer.updateBeginningOffsets(Map.of(PARTITION, 0L, OTHER, 0L));
            consumer.updateEndOffsets(Map.of(PARTITION, 102L, OTHER, 9L));
            consumer.rebalance(List.of(PARTITION, OTHER));
            consumer.seek(PARTITION, 100);
            consumer.seek(OTHER, 8);
        });
        consumer.pollUntil(sought::isDone, () -> {
            positions.add(consumer.position(PARTITION));
            positions.add(consumer.position(OTHER));
            loop.stop();
        });
        loop.run();
        return positions;
    }
}
