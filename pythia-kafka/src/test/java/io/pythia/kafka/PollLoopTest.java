package io.pythia.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.BrokerException;
import io.pythia.BrokerListener;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class PollLoopTest {
    /** The client's own consumer without a broker: what is tested is what comes after its end. */
    private final MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("earliest");

    private final OffsetTracker tracker = new OffsetTracker(10);
    private final HandOver handOver = new HandOver(tracker);
    private final AtomicBoolean pausedByUser = new AtomicBoolean();

    private PollLoop loop() {
        return new PollLoop(
                new KafkaConsumerSettings(
                        "kafka:orders",
                        List.of("orders"),
                        null,
                        KafkaConfig.defaults(),
                        Map.of(),
                        AutoOffsetReset.EARLIEST,
                        Duration.ofSeconds(1),
                        10,
                        Duration.ZERO,
                        null,
                        null,
                        BrokerListener.NONE),
                consumer,
                tracker,
                handOver,
                pausedByUser);
    }

    @Test
    void requestAfterTheLoopHasFailed_fails() {
        PollLoop loop = loop();
        consumer.setPollException(new KafkaException("broken"));
        loop.run();
        assertThat(loop.request(loop::commitAll))
                .isCompletedExceptionally()
                .failsWithin(Duration.ZERO)
                .withThrowableOfType(java.util.concurrent.ExecutionException.class)
                .withCauseInstanceOf(BrokerException.class);
    }

    /** The client returns the first records of a partition from the very poll in which it was assigned. */
    @Test
    void partitionThatIsAssignedWhileTheUserPauses_isPausedAtOnce() {
        TopicPartition partition = new TopicPartition("orders", 0);
        consumer.updateBeginningOffsets(Map.of(partition, 0L));
        consumer.updateEndOffsets(Map.of(partition, 1L));
        List<Integer> waiting = new ArrayList<>();
        PollLoop loop = loop();
        consumer.schedulePollTask(() -> {
            consumer.rebalance(List.of(partition));
            consumer.addRecord(new ConsumerRecord<>("orders", 0, 0, null, new byte[] {1}));
        });
        consumer.schedulePollTask(() -> {
            waiting.add(handOver.size());
            pausedByUser.set(false);
        });
        consumer.schedulePollTask(() -> {});
        consumer.schedulePollTask(() -> {
            waiting.add(handOver.size());
            loop.stop();
        });
        pausedByUser.set(true);
        loop.run();
        assertThat(waiting).containsExactly(0, 1);
    }
}
