package io.pythia.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.pythia.BrokerListener;
import io.pythia.BrokerMetrics;
import io.pythia.Brokers;
import io.pythia.ConfigException;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** One URL serves the consumer and the producer of an application, whatever the connector. */
class BothSidesTest {
    /** Like no key, so that the refusal lists those that there are. */
    private static final String NO_KEY = "????????????????????????????????";

    private static final Pattern KNOWN = Pattern.compile("known are ([a-z0-9., -]+)");
    private static final Brokers BROKERS =
            Brokers.load().withListener(new BrokerListener() {}).withMetrics(new BrokerMetrics() {});

    /** Settings of one side only: of the options, of the connector, and an open group. */
    private static final Map<String, String> URLS = Map.ofEntries(
            Map.entry("deque", "deque:orders?"),
            Map.entry("memory", "memory:orders?consumer-group=g&dead-letter-topic=d&"),
            Map.entry("kafka", "kafka://localhost:9092/orders?consumer-group=g&dead-letter-topic=d&"),
            Map.entry("redis-streams", "redis-streams://h/orders?consumer-group=g&block-time=1s&max-length=9&"),
            Map.entry("redis-pubsub", "redis-pubsub://h/orders?buffer-size=9&require-receivers=true&"),
            Map.entry("redis-list", "redis-list://h/orders?consumer-name=c&max-length=9&"),
            Map.entry("rabbitmq", "rabbitmq://h/?queue=orders&prefetch-count=9&mandatory=true&"),
            Map.entry("sqs", "sqs:orders?region=eu-west-1&max-messages=5&delay=1s&message-attributes.a=b&"),
            Map.entry("pubsub", "pubsub://project/orders?max-messages=5&ordering-key=k&attributes.a=b&"),
            Map.entry("servicebus", "servicebus://namespace/orders?max-wait-time=1s&time-to-live=1h&"),
            Map.entry("storage-queue", "storage-queue://account/orders?message-count=5&time-to-live=1h&"));

    static List<String> withBothSides() {
        return BROKERS.names().stream()
                .filter(name -> BROKERS.capabilities(name).consumes()
                        && BROKERS.capabilities(name).produces())
                .toList();
    }

    static Stream<String> withOneSide() {
        Set<String> both = Set.copyOf(withBothSides());
        return BROKERS.names().stream().filter(name -> !both.contains(name));
    }

    @ParameterizedTest
    @MethodSource("withBothSides")
    void keysOfOneSide_areKnownToTheOther(String name) {
        ConfigException ofConsumer =
                catchThrowableOfType(ConfigException.class, () -> BROKERS.consumer(name, Map.of(NO_KEY, "x")));
        ConfigException ofProducer =
                catchThrowableOfType(ConfigException.class, () -> BROKERS.producer(name, Map.of(NO_KEY, "x")));
        assertThat(known(ofProducer)).isEqualTo(known(ofConsumer)).hasSizeGreaterThan(10);
    }

    private static Set<String> known(ConfigException refusal) {
        Matcher keys = KNOWN.matcher(refusal.getMessage());
        assertThat(keys.find()).as("the keys in: %s", refusal.getMessage()).isTrue();
        return new TreeSet<>(List.of(keys.group(1).strip().split(", ")));
    }

    @ParameterizedTest
    @MethodSource("withBothSides")
    void oneUrl_servesBoth(String name) {
        URI url = URI.create(URLS.get(name)
                + "max-in-flight=500&stuck-after=5m&on-reject=drop&send-timeout=5s&max-batch=10&retry.max-retries=3");
        try (MessageBroker consumer = BROKERS.consumer(url);
                MessageProducer producer = BROKERS.producer(url)) {
            assertThat(consumer.name()).isNotEmpty();
            assertThat(producer.name()).isNotEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("withBothSides")
    void misspelledKey_isRefusedByBoth_withWhatWasMeant(String name) {
        assertThatThrownBy(() -> BROKERS.consumer(name, Map.of("send-timeuot", "5s")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("did you mean send-timeout?");
        assertThatThrownBy(() -> BROKERS.producer(name, Map.of("max-in-fligth", "5")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("did you mean max-in-flight?");
    }

    @ParameterizedTest
    @MethodSource("withOneSide")
    void connectorWithOneSide_refusesWhatItHasNoUseFor(String name) {
        boolean consumes = BROKERS.capabilities(name).consumes();
        String key = consumes ? "send-timeout" : "stuck-after";
        assertThatThrownBy(() -> {
                    if (consumes) {
                        BROKERS.consumer(name, Map.of(key, "5s"));
                    } else {
                        BROKERS.producer(name, Map.of(key, "5s"));
                    }
                })
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(key + ": is not known");
    }
}
