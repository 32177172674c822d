package io.pythia;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.memory.MemoryBroker;
import io.pythia.retry.RetryConfig;
import io.pythia.spi.Outcome;
import io.pythia.spi.Settings;
import io.pythia.spi.SettingsReader;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BrokersTest {
    private static final String TOPIC = "brokers-test";
    private static final URI URL = URI.create("memory:" + TOPIC + "?consumer-group=g");

    private final List<String> heard = new CopyOnWriteArrayList<>();

    private final BrokerListener listener = new BrokerListener() {
        @Override
        public void redelivered(String broker, Message message) {
            heard.add("redelivered " + broker);
        }
    };

    private final BrokerMetrics metrics = new BrokerMetrics() {
        @Override
        public void sent(String broker, int count, long bytes) {
            heard.add("sent " + count);
        }

        @Override
        public void settled(String broker, Outcome outcome, int count, int stale) {
            heard.add(outcome + " " + count);
        }
    };

    @AfterEach
    void deleteTopic() {
        MemoryBroker.shared().deleteTopic(TOPIC);
    }

    /** Gives a message back once, and then acknowledges it. */
    private static void consumeTwice(Brokers brokers, URI uri) {
        try (MessageProducer producer = brokers.producer(uri);
                MessageBroker consumer = brokers.consumer(uri);
                Worker worker = Worker.from(consumer)
                        .retry(RetryConfig.none())
                        .redelivery(RetryConfig.defaults().withMaxRetries(1))
                        .onMessage(message -> {
                            if (message.attempt() == 1) {
                                throw new IllegalStateException("not yet");
                            }
                        })
                        .start()) {
            producer.send(Message.of("a")).join();
            Awaitility.await()
                    .atMost(60, TimeUnit.SECONDS)
                    .until(() -> worker.stats().handled() == 1);
        }
    }

    @Test
    void listenerAndMetrics_reachWhatIsMadeByUrl() {
        consumeTwice(Brokers.load().withListener(listener).withMetrics(metrics), URL);
        assertThat(heard).contains("redelivered memory:" + TOPIC, "sent 1", "ACK 1", "NACK 1");
    }

    @Test
    void copy_leavesTheOriginalAsItWas() {
        Brokers plain = Brokers.load();
        assertThat(plain.withListener(listener).withMetrics(metrics)).isNotSameAs(plain);
        consumeTwice(plain, URL);
        assertThat(heard).isEmpty();
    }

    @Test
    void metrics_reachWhatIsMadeBySettings() {
        try (MessageProducer producer =
                Brokers.load().withMetrics(metrics).producer("memory", Map.of("topic", TOPIC))) {
            producer.send(Message.of("a")).join();
        }
        assertThat(heard).containsExactly("sent 1");
    }

    @Test
    void connectorThatWouldTellNobody_isRefused() {
        SettingsReader read =
                Settings.of("deaf", Map.of()).withObservers(listener, metrics).reader();
        assertThatThrownBy(read::finish)
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("tells no listener")
                .hasMessageContaining("tells no metrics");
    }
}
