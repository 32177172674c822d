package io.pythia.cloud.gcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.pubsub.v1.PubsubMessage;
import io.pythia.Headers;
import io.pythia.Message;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AttributesTest {
    private static final List<String> NAMES = List.of(
            "a", "b", "googclient", "pythia-id", "pythia-order", "pythia-h1:a", "pythia-b0:a", "pythia-x", "日本", "h:1");

    private static Headers roundTrip(Headers headers) {
        Map<String, String> attributes = new LinkedHashMap<>();
        Attributes.write(headers, attributes);
        return Attributes.read(new HashMap<>(attributes)); // the service keeps no order
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void anyHeaders_comeBackAsTheyWere(long seed) {
        Random random = new Random(seed);
        for (int run = 0; run < 200; run++) {
            Headers.Builder headers = Headers.builder();
            for (int i = random.nextInt(12); i > 0; i--) {
                byte[] value = new byte[random.nextInt(20)];
                random.nextBytes(value);
                String name = NAMES.get(random.nextInt(NAMES.size()));
                if (random.nextBoolean()) {
                    headers.add(name, value);
                } else {
                    headers.add(name, "text " + random.nextInt());
                }
            }
            Headers original = headers.build();
            assertThat(roundTrip(original)).as("seed %d", seed).isEqualTo(original);
        }
    }

    @Test
    void plainHeaders_areReadableByOthers() {
        Map<String, String> attributes = new LinkedHashMap<>();
        Attributes.write(Headers.of("a", "1", "b", "2"), attributes);
        assertThat(attributes).containsExactly(Map.entry("a", "1"), Map.entry("b", "2"));
    }

    @Test
    void whatDoesNotFit_isRefused_withoutTheValue() {
        Map<String, String> attributes = new LinkedHashMap<>();
        assertThatThrownBy(() -> Attributes.write(Headers.of("secret", "s".repeat(1_025)), attributes))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("secret")
                .hasMessageNotContaining("sss");
        assertThatThrownBy(() -> Attributes.write(Headers.of("n".repeat(257), "x"), attributes))
                .isInstanceOf(IllegalArgumentException.class);
        Headers.Builder many = Headers.builder();
        for (int i = 0; i < 100; i++) {
            many.add("h" + i, "x");
        }
        assertThatThrownBy(() -> Attributes.write(many.build(), attributes))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> PubSubMessages.publishable(Message.of("x"), "k".repeat(1_025), Headers.empty()))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void attributesOfOthers_neverFail() {
        Random random = new Random(42);
        for (int run = 0; run < 20_000; run++) {
            Map<String, String> attributes = new HashMap<>();
            for (int i = random.nextInt(5); i >= 0; i--) {
                attributes.put(odd(random), odd(random));
            }
            attributes.put(Attributes.ORDER, odd(random));
            assertThat(Attributes.read(attributes).size()).isLessThanOrEqualTo(attributes.size());
        }
    }

    private static String odd(Random random) {
        String[] parts = {"pythia-", "h", "b", "0", "1", ":", ",", "goog", "", "=", "\u0000", "x", "-"};
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(6); i >= 0; i--) {
            text.append(parts[random.nextInt(parts.length)]);
        }
        return text.toString();
    }

    @Test
    void emptyMessage_hasSomethingInIt_thatIsNotSeen() {
        PubsubMessage sent = PubSubMessages.publishable(Message.of(""), null, Headers.empty());
        assertThat(sent.getAttributesCount()).isEqualTo(1);
        assertThat(PubSubMessages.headers(sent)).isEqualTo(Headers.empty());
    }

    @Test
    void keyAndId_travel() {
        Message message = Message.builder().id("id-1").key("k").body("x").build();
        PubsubMessage same = PubSubMessages.publishable(message, "k", Headers.empty());
        assertThat(same.getOrderingKey()).isEqualTo("k");
        assertThat(same.getAttributesMap()).containsOnlyKeys(Attributes.ID);
        PubsubMessage other = PubSubMessages.publishable(message, null, Headers.empty());
        assertThat(PubSubMessages.key(other)).isEqualTo("k");
        assertThat(PubSubMessages.explicitId(other)).isEqualTo("id-1");
    }
}
