package io.pythia.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.Brokers;
import io.pythia.ConfigException;
import io.pythia.Message;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import java.net.URI;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MemoryBrokerProviderTest {
    private static final String TOPIC = "provider-test";

    private final Brokers brokers = Brokers.load();

    @AfterEach
    void deleteTopic() {
        MemoryBroker.shared().deleteTopic(TOPIC);
    }

    @Test
    void url_ofBothSides_meansTheSharedBroker() {
        URI uri = URI.create("memory:" + TOPIC + "?consumer-group=billing");
        try (MessageProducer producer = brokers.producer(uri);
                MessageBroker consumer = brokers.consumer(uri)) {
            producer.send(Message.of("a")).join();

            assertThat(Collected.from(consumer, Message::ack).awaitCount(1).texts())
                    .containsExactly("a");
            assertThat(consumer.name()).isEqualTo("memory:" + TOPIC);
            assertThat(MemoryBroker.shared().stats(TOPIC, "billing")).isPresent();
        }
    }

    @Test
    void settings_areHonoured() {
        try (MessageBroker consumer = brokers.consumer(
                "memory",
                Map.of(
                        "topic",
                        TOPIC + "," + TOPIC + "-2",
                        "consumer-group",
                        "g",
                        "lease-time",
                        "5s",
                        "from-start",
                        "false",
                        "dead-letter-topic",
                        "aside",
                        "batch-size",
                        "7"))) {
            assertThat(consumer.name()).isEqualTo("memory:" + TOPIC + "," + TOPIC + "-2");
            consumer.connect().join();
            assertThat(MemoryBroker.shared().stats(TOPIC + "-2", "g")).isPresent();
        } finally {
            MemoryBroker.shared().deleteTopic(TOPIC + "-2");
        }
    }

    @Test
    void settings_allProblemsAtOnce() {
        assertThatThrownBy(() -> brokers.consumer(
                        "memory", Map.of("topik", "orders", "lease-time", "-1s", "consumer-group", "a,b")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("topic")
                .hasMessageContaining("topik")
                .hasMessageContaining("lease-time")
                .hasMessageContaining("consumer-group");
    }

    @Test
    void settings_deadLettersOfItself_refused() {
        assertThatThrownBy(() -> brokers.consumer("memory", Map.of("topic", "orders", "dead-letter-topic", "orders")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("dead-letter-topic: dead-letter-topic must not be among");
    }

    @Test
    void url_withHost_refused() {
        assertThatThrownBy(() -> brokers.consumer(URI.create("memory://localhost/orders")))
                .isInstanceOf(ConfigException.class);
    }

    @Test
    void capabilities_sayWhatItDoes() {
        assertThat(brokers.capabilities("memory").replay()).isTrue();
        assertThat(brokers.names()).contains("memory");
    }
}
