package io.pythia.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BrokerException;
import io.pythia.spi.Received;
import io.pythia.testkit.FakeAck;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class HandOverTest {
    private static final TopicPartition FIRST = new TopicPartition("orders", 0);
    private static final TopicPartition SECOND = new TopicPartition("orders", 1);
    private static final Duration LONG = Duration.ofSeconds(60);

    private final OffsetTracker tracker = new OffsetTracker(10);
    private final HandOver handOver = new HandOver(tracker);
    private final PartitionProgress first = tracker.begin(FIRST);
    private final PartitionProgress second = tracker.begin(SECOND);

    private void fetch(PartitionProgress progress, int from, int count) {
        List<Received<KafkaRecord>> records = new ArrayList<>();
        for (int offset = from; offset < from + count; offset++) {
            KafkaRecord record = new KafkaRecord(
                    new ConsumerRecord<>(
                            progress.partition.topic(), progress.partition.partition(), offset, null, new byte[1]),
                    progress);
            records.add(new Received<>(record, record));
        }
        tracker.fetched(records);
        handOver.put(progress.partition, records);
    }

    private static List<Long> offsets(List<Received<KafkaRecord>> records, PartitionProgress progress) {
        return records.stream()
                .map(Received::receipt)
                .filter(record -> record.progress == progress)
                .map(KafkaRecord::offset)
                .toList();
    }

    @Test
    void take_passesOverAPartitionWhoseWindowIsFull() throws InterruptedException {
        fetch(first, 0, 8); // of which a half of ten may be given out
        fetch(second, 0, 3);
        List<Received<KafkaRecord>> taken = handOver.take(100, LONG);
        assertThat(offsets(taken, first)).containsExactly(0L, 1L, 2L, 3L, 4L);
        assertThat(offsets(taken, second)).containsExactly(0L, 1L, 2L);
        assertThat(handOver.size()).isEqualTo(3);
        fetch(second, 3, 1);
        assertThat(offsets(handOver.take(100, LONG), second)).containsExactly(3L);
    }

    @Test
    void take_waitsForRoom_andIsWokenWhenAcknowledgementsMakeIt() throws Exception {
        fetch(first, 0, 8);
        List<Received<KafkaRecord>> taken = handOver.take(100, LONG);
        assertThat(handOver.take(100, Duration.ofMillis(10))).isEmpty();
        CompletableFuture<List<Received<KafkaRecord>>> next = new CompletableFuture<>();
        Thread taking = new Thread(
                () -> {
                    try {
                        next.complete(handOver.take(100, LONG));
                    } catch (InterruptedException e) {
                        next.completeExceptionally(e);
                    }
                },
                "taking");
        taking.start();
        tracker.settle(List.of(new FakeAck<>(taken.get(0).receipt())));
        handOver.roomMade();
        assertThat(offsets(next.get(30, TimeUnit.SECONDS), first)).containsExactly(5L);
        taking.join();
    }

    @Test
    void take_whileAcknowledgementsMakeRoom_keepsTheOrderOfAPartition() throws InterruptedException {
        int count = 30_000;
        for (int offset = 0; offset < count; offset += 3) {
            fetch(first, offset, 3);
        }
        BlockingQueue<KafkaRecord> handled = new LinkedBlockingQueue<>();
        AtomicBoolean acknowledging = new AtomicBoolean(true);
        Thread acknowledger = new Thread(
                () -> {
                    while (acknowledging.get()) {
                        KafkaRecord next = handled.poll();
                        if (next != null) {
                            tracker.settle(List.of(new FakeAck<>(next)));
                            handOver.roomMade();
                        }
                    }
                },
                "acknowledging");
        acknowledger.start();
        try {
            long expected = 0;
            while (expected < count) {
                for (Received<KafkaRecord> each : handOver.take(100, LONG)) {
                    assertThat(each.receipt().offset()).isEqualTo(expected++);
                    handled.add(each.receipt());
                }
            }
        } finally {
            acknowledging.set(false);
            acknowledger.join();
        }
    }

    @Test
    void take_afterTheEnd_fails_andGivesOutNothingThatWouldBeStale() {
        fetch(first, 0, 3);
        handOver.fail(new BrokerException("no more"));
        fetch(first, 3, 1);
        assertThatThrownBy(() -> handOver.take(100, LONG)).hasMessage("no more");
        assertThat(handOver.size()).isZero();
        assertThat(handOver.bytes()).isZero();
        assertThat(tracker.unsettled()).isZero();
    }

    @Test
    void window_isShared_andASinglePartitionHasAll() {
        OffsetTracker many = new OffsetTracker(10_000);
        many.begin(FIRST);
        assertThat(many.window()).isEqualTo(10_000);
        many.begin(SECOND);
        assertThat(many.window()).isEqualTo(5_000);
        for (int i = 2; i < 50; i++) {
            many.begin(new TopicPartition("orders", i));
        }
        assertThat(many.window()).isEqualTo(1_000);
    }
}
