package io.pythia.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.BrokerException;
import io.pythia.BrokerListener;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.KafkaException;
import org.junit.jupiter.api.Test;

class PollLoopTest {
    /** The client's own consumer without a broker: what is tested is what comes after its end. */
    private final MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("earliest");

    private final OffsetTracker tracker = new OffsetTracker(10);
    private final HandOver handOver = new HandOver(tracker);

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
                handOver);
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
}
