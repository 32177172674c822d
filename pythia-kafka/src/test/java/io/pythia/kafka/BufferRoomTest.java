package io.pythia.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.junit.jupiter.api.Test;

class BufferRoomTest {
    private static final MetricName NAME = new MetricName("buffer-available-bytes", "producer-metrics", "", Map.of());

    private double available;
    private int looks;

    private BufferRoom room(Map<MetricName, Metric> metrics) {
        return new BufferRoom(metrics, Map.of("buffer.memory", 100_000L, "batch.size", "10000"));
    }

    private BufferRoom room() {
        return room(Map.of(NAME, new Metric() {
            @Override
            public MetricName metricName() {
                return NAME;
            }

            @Override
            public Object metricValue() {
                looks++;
                return available;
            }
        }));
    }

    private static ProducerRecord<byte[], byte[]> record(int bytes) {
        return new ProducerRecord<>("topic", new byte[bytes]);
    }

    @Test
    void recordTakesABatchAtWorst_andTheClientIsAskedWhenThatIsUsedUp() {
        BufferRoom room = room();
        available = 35_000;
        for (int i = 0; i < 3; i++) {
            assertThat(room.take(record(10))).isTrue();
        }
        assertThat(looks).isEqualTo(1);
        available = 9_999;
        assertThat(room.take(record(10))).isFalse();
        available = 10_000;
        assertThat(room.take(record(10))).isTrue();
    }

    @Test
    void recordLargerThanABatch_takesItsSize_withItsHeaders() {
        BufferRoom room = room();
        available = 29_000;
        assertThat(room.take(record(28_000))).isTrue();
        ProducerRecord<byte[], byte[]> withHeader = record(28_000);
        withHeader.headers().add("header", new byte[500]);
        assertThat(room.take(withHeader)).isFalse();
        available = 28_900;
        assertThat(room.isThere()).isFalse();
        available = 30_000;
        assertThat(room.isThere()).isTrue();
    }

    @Test
    void recordLargerThanTheBuffer_isLeftToTheClient_whenThatIsEmpty() {
        BufferRoom room = room();
        available = 99_999;
        assertThat(room.take(record(1_000_000))).isFalse();
        available = 100_000;
        assertThat(room.take(record(1_000_000))).isTrue();
    }

    @Test
    void withoutTheClientsFigure_theClientIsAsked() {
        assertThat(room(Map.of()).take(record(10))).isTrue();
    }
}
