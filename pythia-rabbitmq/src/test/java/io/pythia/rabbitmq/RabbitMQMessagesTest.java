package io.pythia.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Envelope;
import com.rabbitmq.client.impl.LongStringHelper;
import io.pythia.Headers;
import io.pythia.Message;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RabbitMQMessagesTest {
    private static final String LONG = "ü".repeat(128); // 256 bytes

    @Test
    void everyPart_comesBackAsItWent() {
        Message message = Message.builder()
                .id("id-1")
                .key("key-1")
                .header("b", "1")
                .header("a", "2")
                .header("b", new byte[] {0, (byte) 0xff})
                .timestamp(Instant.ofEpochSecond(1_700_000_000))
                .build();
        BasicProperties properties = RabbitMQMessages.properties(message, true, 7);
        assertThat(properties.getDeliveryMode()).isEqualTo(2);
        assertThat(properties.getMessageId()).isEqualTo("id-1");
        assertThat(properties.getPriority()).isEqualTo(7);
        assertThat(properties.getTimestamp().toInstant()).isEqualTo(message.timestamp());
        assertThat(RabbitMQMessages.explicitId(properties)).isEqualTo("id-1");
        assertThat(RabbitMQMessages.key(properties)).isEqualTo("key-1");
        assertThat(RabbitMQMessages.headers(properties)).isEqualTo(message.headers());
        assertThat(RabbitMQMessages.properties(message, false, null).getDeliveryMode())
                .isEqualTo(1);
    }

    @Test
    void plainMessage_hasNoTable_andNoId() {
        BasicProperties properties = RabbitMQMessages.properties(Message.of("x"), true, null);
        assertThat(properties.getHeaders()).isNull();
        assertThat(properties.getMessageId()).isNull();
        assertThat(RabbitMQMessages.headers(properties)).isEqualTo(Headers.empty());
        assertThat(RabbitMQMessages.explicitId(properties)).isNull();
        assertThat(RabbitMQMessages.key(properties)).isNull();
    }

    @Test
    void idTooLongForAProperty_travelsInAHeader() {
        BasicProperties properties =
                RabbitMQMessages.properties(Message.builder().id(LONG).build(), true, null);
        assertThat(properties.getMessageId()).isNull();
        assertThat(RabbitMQMessages.explicitId(properties)).isEqualTo(LONG);
        assertThat(RabbitMQMessages.headers(properties).isEmpty()).isTrue();
    }

    /** What others send: numbers, times, nested tables; nothing of it may fail. */
    @Test
    void foreignHeaders_becomeText() {
        Map<String, Object> table = new HashMap<>();
        table.put("int", 7);
        table.put("decimal", new BigDecimal("1.5"));
        table.put("bool", true);
        table.put("time", new Date(0));
        table.put("null", null);
        table.put("list", List.of(1, LongStringHelper.asLongString("two")));
        table.put("table", Map.of("k", LongStringHelper.asLongString("v")));
        table.put("", "no name");
        table.put("x-death", List.of(Map.of("count", 1L)));
        table.put("CC", List.of(LongStringHelper.asLongString("copies")));
        table.put("x-first-death-reason", LongStringHelper.asLongString("rejected"));
        Headers headers = RabbitMQMessages.headers(
                new BasicProperties.Builder().headers(table).build());
        assertThat(headers.get("int")).isEqualTo("7");
        assertThat(headers.get("decimal")).isEqualTo("1.5");
        assertThat(headers.get("bool")).isEqualTo("true");
        assertThat(headers.get("time")).isEqualTo("1970-01-01T00:00:00Z");
        assertThat(headers.get("null")).isEmpty();
        assertThat(headers.all("list")).containsExactly("1", "two");
        assertThat(headers.get("table")).isEqualTo("{k=v}");
        assertThat(headers.get("x-first-death-reason")).isEqualTo("rejected");
        assertThat(headers.names()).doesNotContain("", "x-death", "CC");
        assertThat(RabbitMQMessages.refusal(Message.builder().headers(headers).build()))
                .isNull();
    }

    @Test
    void orderThatSomebodyHasSpoilt_isNotFollowed() {
        Map<String, Object> table =
                new HashMap<>(Map.of("a", LongStringHelper.asLongString("1"), "b", LongStringHelper.asLongString("2")));
        for (List<Object> order :
                List.<List<Object>>of(List.of("a"), List.of("a", "b", "b"), List.of("a", "c"), List.of(1, 2))) {
            table.put(RabbitMQMessages.ORDER, order);
            Headers headers = RabbitMQMessages.headers(
                    new BasicProperties.Builder().headers(table).build());
            assertThat(headers.names()).containsExactlyInAnyOrder("a", "b");
        }
    }

    @Test
    void whatAmqpCanNotCarry_isRefused() {
        assertThat(RabbitMQMessages.refusal(Message.builder().header(LONG, "v").build()))
                .contains("255");
        assertThat(RabbitMQMessages.refusal(Message.builder().header("CC", "v").build()))
                .contains("CC");
        assertThat(RabbitMQMessages.refusal(
                        Message.builder().header("a".repeat(255), "v").build()))
                .isNull();
    }

    @Test
    void attempt_isWhatTheBrokerCounts_andNeverForged() {
        assertThat(attempt(false, null)).isEqualTo(1);
        assertThat(attempt(true, null)).isEqualTo(2);
        assertThat(attempt(true, 3L)).isEqualTo(4);
        assertThat(attempt(false, 99L)).isEqualTo(1);
        assertThat(attempt(true, -5L)).isEqualTo(2);
        assertThat(attempt(true, Long.MAX_VALUE)).isPositive();
        assertThat(attempt(true, "many")).isEqualTo(2);
    }

    private static int attempt(boolean redelivered, Object count) {
        BasicProperties properties = new BasicProperties.Builder()
                .headers(count == null ? null : Map.of("x-delivery-count", count))
                .build();
        RabbitMQConsumerSettings settings = new RabbitMQConsumerSettings(
                "rabbitmq:q",
                RabbitMQConfig.defaults(),
                Duration.ofSeconds(1),
                TopologyTest.topology(TopologyPolicy.NONE),
                1,
                false,
                false,
                Map.of());
        return new RabbitMQMessage(settings, "s", new Envelope(1, redelivered, "", "q"), properties, new byte[0])
                .attempt();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void randomHeaders_comeBackInOrder(long seed) {
        Random random = new Random(seed);
        for (int round = 0; round < 200; round++) {
            Headers.Builder headers = Headers.builder();
            int count = random.nextInt(8);
            for (int i = 0; i < count; i++) {
                byte[] value = new byte[random.nextInt(20)];
                random.nextBytes(value);
                headers.add(text(random, 1 + random.nextInt(3)), value);
            }
            Message message = Message.builder().headers(headers.build()).build();
            assertThat(RabbitMQMessages.headers(RabbitMQMessages.properties(message, true, null)))
                    .isEqualTo(message.headers());
        }
    }

    private static String text(Random random, int length) {
        List<String> letters = new ArrayList<>(List.of("a", "b", "ü", "日", "\u0000", "🚀"));
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            text.append(letters.get(random.nextInt(letters.size())));
        }
        return Objects.requireNonNull(text.toString());
    }
}
