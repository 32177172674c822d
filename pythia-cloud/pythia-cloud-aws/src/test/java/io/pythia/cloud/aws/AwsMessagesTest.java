package io.pythia.cloud.aws;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.Headers;
import io.pythia.Message;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AwsMessagesTest {
    private static final String[] NAMES = {
        "type", "a.b", "x-1", "pythia", "AWS.foo", "aws.x", "odd name", "ü", "a..b", ".a", "n".repeat(257), "k"
    };
    private static final String[] VALUES = {
        "", "x", "a b", "\u0000", "\r\n", "日本", "v=1&w=2", "%20", "\uFFFE", "y".repeat(300)
    };

    private static AwsMessages.Read roundTrip(Message message) {
        AwsMessages.Wire wire = AwsMessages.write(message, Map.of(), false);
        assertThat(wire.attributes().size()).isLessThanOrEqualTo(AwsMessages.MAX_ATTRIBUTES);
        assertThat(wire.body()).isNotEmpty();
        assertThat(AwsMessages.isLegal(wire.body())).isTrue();
        wire.attributes().forEach((name, value) -> {
            assertThat(name).matches("[A-Za-z0-9_.-]{1,256}").doesNotMatch("(?i)(aws|amazon)\\..*");
            assertThat(AwsMessages.isLegal(String.valueOf(value.stringValue()))).isTrue();
        });
        // The service gives attributes in an order of its own.
        return AwsMessages.read(wire.body(), new HashMap<>(wire.attributes()));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void anyMessage_comesOutAsItWentIn(long seed) {
        Random random = new Random(seed);
        for (int run = 0; run < 2_000; run++) {
            Message.Builder builder = Message.builder();
            int headers = random.nextInt(15);
            for (int i = 0; i < headers; i++) {
                String name = NAMES[random.nextInt(NAMES.length)] + (random.nextBoolean() ? i : "");
                if (random.nextInt(4) == 0) {
                    byte[] bytes = new byte[random.nextInt(5)];
                    random.nextBytes(bytes);
                    builder.header(name, bytes);
                } else {
                    builder.header(name, VALUES[random.nextInt(VALUES.length)]);
                }
            }
            if (random.nextBoolean()) {
                builder.id("id " + VALUES[random.nextInt(VALUES.length)]);
            }
            if (random.nextBoolean()) {
                builder.key(VALUES[random.nextInt(VALUES.length)]);
            }
            byte[] body = new byte[random.nextInt(4)];
            random.nextBytes(body);
            Message message = random.nextBoolean()
                    ? builder.body(body).build()
                    : builder.body(VALUES[random.nextInt(VALUES.length)]).build();
            AwsMessages.Read read = roundTrip(message);
            assertThat(read.body()).isEqualTo(message.body());
            assertThat(read.headers()).isEqualTo(message.headers());
            assertThat(read.key()).isEqualTo(message.key());
            assertThat(read.id()).isEqualTo(message.hasExplicitId() ? message.id() : null);
        }
    }

    @Test
    void plainMessage_hasNoAttributeOfOurs() {
        AwsMessages.Wire wire = AwsMessages.write(
                Message.builder().header("type", "order").body("text").build(), Map.of(), false);
        assertThat(wire.attributes()).containsOnlyKeys("type");
        assertThat(wire.body()).isEqualTo("text");
        assertThat(wire.bytes()).isEqualTo("text".length() + "type".length() + "String".length() + "order".length());
    }

    @Test
    void headersThatFit_areAttributesOfTheirOwn_upToTheLimit() {
        Message.Builder builder = Message.builder().id("i");
        for (int i = 0; i < 12; i++) {
            builder.header("h" + i, "v" + i);
        }
        AwsMessages.Wire wire = AwsMessages.write(
                builder.build(),
                Map.of("fixed", MessageAttribute.string("f"), "h1", MessageAttribute.string("f")),
                false);
        assertThat(wire.attributes()).hasSize(10).containsKeys("fixed", "h0", "h1", "h6", "pythia");
        assertThat(wire.attributes().get("h1")).isEqualTo(MessageAttribute.string("v1"));
    }

    @Test
    void foreignMessage_hasItsAttributesAsHeaders() {
        AwsMessages.Read read = AwsMessages.read("text", Map.of("a", MessageAttribute.string("1")));
        assertThat(read.headers()).isEqualTo(Headers.of("a", "1"));
        assertThat(read.id()).isNull();
        AwsMessages.Read odd = AwsMessages.read("text", Map.of("pythia", MessageAttribute.string("who knows")));
        assertThat(odd.headers()).isEqualTo(Headers.of("pythia", "who knows"));
        assertThat(odd.body()).isEqualTo("text".getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void attributeThatSomebodyAddedOnTheWay_isAHeaderToo_andOneThatIsGoneIsNot() {
        Message message = Message.builder().header("a", "1").header("b", "2").build();
        Map<String, MessageAttribute> attributes =
                new HashMap<>(AwsMessages.write(message, Map.of(), false).attributes());
        attributes.remove("a");
        attributes.put("trace", MessageAttribute.string("t"));
        assertThat(AwsMessages.read("-", attributes).headers()).isEqualTo(Headers.of("b", "2", "trace", "t"));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void anyPackedLine_isReadOrRefused_andNeverFailsOtherwise(long seed) {
        Random random = new Random(seed);
        String alphabet = "nhvbidkey=&%+2zZ \u0000ü";
        for (int run = 0; run < 50_000; run++) {
            StringBuilder line = new StringBuilder();
            for (int i = random.nextInt(30); i > 0; i--) {
                line.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            PackedHeaders.read(line.toString());
        }
    }

    @Test
    void envelope_isOpened() {
        SnsEnvelope envelope = SnsEnvelope.read("""
                {"Type": "Notification", "MessageId": "m", "TopicArn": "arn:aws:sns:us-east-1:123456789012:t",
                 "Subject": "s", "Message": "{\\"a\\": 1}", "Timestamp": "2026-01-02T03:04:05.678Z", "SignatureVersion": "1",
                 "MessageAttributes": {"n": {"Type": "Number", "Value": "5"}, "b": {"Type": "Binary", "Value": "AQI="},
                  "e": {"Type": "String", "Value": ""}, "odd": 7}}
                """.strip());
        assertThat(envelope).isNotNull();
        assertThat(envelope.message()).isEqualTo("{\"a\": 1}");
        assertThat(envelope.subject()).isEqualTo("s");
        assertThat(envelope.timestamp()).hasToString("2026-01-02T03:04:05.678Z");
        assertThat(envelope.attributes()).containsOnlyKeys("n", "b");
        assertThat(envelope.attributes().get("b").bytes()).containsExactly(1, 2);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "text",
                "{}",
                "{\"Type\": \"Notification\", \"TopicArn\": \"t\"}",
                "{\"Type\": \"Notification\", \"TopicArn\": \"t\", \"Message\": \"m\"",
                "{\"Type\": \"Notification\", \"TopicArn\": \"t\", \"Message\": \"m\"} and more",
                "{\"Type\": \"SubscriptionConfirmation\", \"x\": \"Notification\", \"TopicArn\": \"t\", \"Message\": \"m\"}",
                "{\"Type\": \"Notification\", \"TopicArn\": 7, \"Message\": \"m\"}"
            })
    void whatIsNoEnvelope_isABodyLikeAnyOther(String body) {
        assertThat(SnsEnvelope.read(body)).isNull();
    }
}
