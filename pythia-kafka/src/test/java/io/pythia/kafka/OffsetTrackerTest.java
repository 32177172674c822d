package io.pythia.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.spi.Received;
import io.pythia.testkit.FakeAck;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.stream.LongStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OffsetTrackerTest {
    private static final TopicPartition PARTITION = new TopicPartition("orders", 0);

    private final OffsetTracker tracker = new OffsetTracker(10_000);

    private List<KafkaRecord> deliver(PartitionProgress progress, long... offsets) {
        List<Received<KafkaRecord>> records = new ArrayList<>();
        for (long offset : offsets) {
            KafkaRecord record =
                    new KafkaRecord(new ConsumerRecord<>("orders", 0, offset, null, new byte[0]), progress);
            records.add(new Received<>(record, record));
        }
        tracker.fetched(records);
        tracker.delivered(records);
        return records.stream().map(Received::receipt).toList();
    }

    private CompletableFuture<Void> ack(KafkaRecord... records) {
        List<FakeAck<KafkaRecord>> batch = new ArrayList<>();
        for (KafkaRecord record : records) {
            batch.add(new FakeAck<>(record));
        }
        return tracker.settle(batch);
    }

    private long position() {
        PartitionProgress progress = tracker.progress(PARTITION);
        return progress.isDirty() ? progress.position() : -1;
    }

    @Test
    void gapsInTheOffsets_areNoGaps() {
        List<KafkaRecord> records = deliver(tracker.begin(PARTITION), 5, 8, 9, 100);
        ack(records.get(0), records.get(1));
        assertThat(position()).isEqualTo(9);
        ack(records.get(3));
        assertThat(position()).isEqualTo(9);
        ack(records.get(2));
        assertThat(position()).isEqualTo(101);
    }

    @Test
    void ackBehindAGap_isDone_ackOfThePrefix_waitsForTheCommit() {
        List<KafkaRecord> records = deliver(tracker.begin(PARTITION), 0, 1, 2);
        assertThat(ack(records.get(1))).isDone();
        CompletableFuture<Void> prefix = ack(records.get(0));
        assertThat(prefix).isNotDone();
        tracker.beginCommit(); // fails
        assertThat(prefix).isNotDone();
        tracker.committed(tracker.beginCommit());
        assertThat(prefix).isDone();
        assertThat(tracker.isDirty()).isFalse();
    }

    @Test
    void afterTheAssignment_anAckIsStale() {
        List<KafkaRecord> records = deliver(tracker.begin(PARTITION), 0, 1);
        CompletableFuture<Void> waiting = ack(records.get(0));
        tracker.end(List.of(PARTITION));
        assertThat(waiting).isDone();
        tracker.begin(PARTITION);
        FakeAck<KafkaRecord> late = new FakeAck<>(records.get(1));
        tracker.settle(List.of(late));
        assertThat(late.isStale()).isTrue();
        assertThat(tracker.isDirty()).isFalse();
    }

    /** A rebalance commits while the answer to the last asynchronous commit is still to come. */
    @Test
    void twoCommitsAtOnce_eachConfirmsItsPositions_andNoOthers() {
        List<KafkaRecord> records = deliver(tracker.begin(PARTITION), 0, 1);
        CompletableFuture<Void> first = ack(records.get(0));
        OffsetTracker.Commit asynchronous = tracker.beginCommit();
        CompletableFuture<Void> second = ack(records.get(1));
        tracker.beginCommit(); // at the rebalance; fails
        tracker.committed(asynchronous);
        assertThat(first).isDone();
        assertThat(second).isNotDone();
        tracker.end(List.of(PARTITION));
        assertThat(second).isDone();
    }

    @Test
    void commitThatFailsBesideOneThatSucceeds_leavesNobodyWaiting() {
        CompletableFuture<Void> acknowledged =
                ack(deliver(tracker.begin(PARTITION), 0).get(0));
        OffsetTracker.Commit asynchronous = tracker.beginCommit();
        tracker.beginCommit(); // fails
        tracker.committed(asynchronous);
        assertThat(acknowledged).isDone();
        assertThat(tracker.isDirty()).isFalse();
    }

    @Test
    void batchOfTwoPartitions_isAnswered_whenTheOneIsCommittedAndTheOtherOver() {
        TopicPartition other = new TopicPartition("orders", 1);
        KafkaRecord kept = deliver(tracker.begin(PARTITION), 0).get(0);
        KafkaRecord lost = deliver(tracker.begin(other), 0).get(0);
        FakeAck<KafkaRecord> ackOfKept = new FakeAck<>(kept);
        FakeAck<KafkaRecord> ackOfLost = new FakeAck<>(lost);
        CompletableFuture<Void> both = tracker.settle(List.of(ackOfKept, ackOfLost));
        tracker.end(List.of(other));
        assertThat(both).isNotDone();
        tracker.committed(tracker.beginCommit());
        assertThat(both).isDone();
        assertThat(ackOfKept.isStale()).isFalse();
        assertThat(ackOfLost.isStale()).isTrue();
    }

    @Test
    void tooManyThatWaitForACommit_leaveNoRoom() {
        List<KafkaRecord> records =
                deliver(tracker.begin(PARTITION), LongStream.range(0, 50_000).toArray());
        ack(records.subList(0, 49_999).toArray(KafkaRecord[]::new));
        assertThat(tracker.room(PARTITION)).isEqualTo(9_999);
        ack(records.get(49_999));
        assertThat(tracker.room(PARTITION)).isZero();
        tracker.committed(tracker.beginCommit());
        assertThat(tracker.room(PARTITION)).isEqualTo(10_000);
    }

    @Test
    void tooManyBytesThatWaitForACommit_leaveNoRoom() {
        PartitionProgress progress = tracker.begin(PARTITION);
        KafkaRecord large = new KafkaRecord(
                new ConsumerRecord<>(
                        "orders",
                        0,
                        0,
                        0,
                        TimestampType.CREATE_TIME,
                        -1,
                        64 << 20,
                        null,
                        new byte[0],
                        new RecordHeaders(),
                        Optional.empty()),
                progress);
        tracker.fetched(List.of(new Received<>(large, large)));
        ack(large);
        assertThat(tracker.room(PARTITION)).isZero();
        tracker.end(List.of(PARTITION));
        tracker.begin(PARTITION);
        assertThat(tracker.room(PARTITION)).isEqualTo(10_000);
    }

    @Test
    void commitThatIsUnderWayAtASeek_saysNothingOfWhatIsReadThen() {
        ack(deliver(tracker.begin(PARTITION), 0, 1, 2).toArray(KafkaRecord[]::new));
        OffsetTracker.Commit before = tracker.beginCommit();
        tracker.end(List.of(PARTITION));
        PartitionProgress again = tracker.begin(PARTITION);
        tracker.committed(before);
        CompletableFuture<Void> acknowledged = ack(deliver(again, 0).get(0));
        assertThat(position()).isEqualTo(1);
        tracker.committed(tracker.beginCommit());
        assertThat(acknowledged).isDone();
    }

    /** Committed never goes back and never passes a record that is not acknowledged, whatever happens. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void anyHistory_keepsTheCommittedPositionRight(long seed) {
        Random random = new Random(seed);
        long committed = -1;
        long next = 0;
        PartitionProgress progress = tracker.begin(PARTITION);
        List<KafkaRecord> open = new ArrayList<>();
        TreeSet<Long> unacknowledged = new TreeSet<>();
        for (int i = 0; i < 20_000; i++) {
            switch (random.nextInt(10)) {
                case 0, 1, 2 -> {
                    long[] offsets = new long[1 + random.nextInt(5)];
                    for (int n = 0; n < offsets.length; n++) {
                        next += 1 + (random.nextInt(4) == 0 ? random.nextInt(50) : 0);
                        offsets[n] = next;
                        unacknowledged.add(next);
                    }
                    open.addAll(deliver(progress, offsets));
                }
                case 3, 4, 5, 6, 7 -> {
                    if (!open.isEmpty()) {
                        KafkaRecord record = open.remove(random.nextInt(open.size()));
                        ack(record);
                        unacknowledged.remove(record.offset());
                    }
                }
                case 8 -> {
                    OffsetTracker.Commit commit = tracker.beginCommit();
                    if (random.nextInt(3) > 0) {
                        tracker.committed(commit);
                        if (commit.positions().containsKey(PARTITION)) {
                            long now = commit.positions().get(PARTITION).offset();
                            assertThat(now).isGreaterThan(committed);
                            committed = now;
                        }
                    }
                    if (!unacknowledged.isEmpty()) {
                        assertThat(committed).isLessThanOrEqualTo(unacknowledged.first());
                    }
                }
                default -> {
                    if (random.nextInt(200) == 0) {
                        tracker.end(List.of(PARTITION));
                        progress = tracker.begin(PARTITION);
                        // The next owner begins where was committed: what was open comes again.
                        next = Math.max(committed, 0) - 1;
                        open.clear();
                        unacknowledged.clear();
                        committed = -1;
                    }
                }
            }
            assertThat(tracker.unsettled()).isEqualTo(open.size());
        }
    }
}
