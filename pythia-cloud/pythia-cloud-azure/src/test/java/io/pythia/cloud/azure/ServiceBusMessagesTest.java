package io.pythia.cloud.azure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.azure.messaging.servicebus.ServiceBusMessage;
import io.pythia.Headers;
import io.pythia.Message;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.apache.qpid.proton.amqp.Binary;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ServiceBusMessagesTest {
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void headers_ofAnyKind_comeBackAsTheyWere(long seed) {
        Random random = new Random(seed);
        for (int i = 0; i < 1_000; i++) {
            Headers.Builder headers = Headers.builder();
            int count = random.nextInt(6);
            for (int h = 0; h < count; h++) {
                byte[] value = new byte[random.nextInt(20)];
                random.nextBytes(value);
                headers.add("n" + random.nextInt(4), value);
            }
            Headers sent = headers.build();
            ServiceBusMessage wire = ServiceBusMessages.toNative(
                    Message.builder().headers(sent).body("x").build(), false, new CreationTimes());
            assertThat(ServiceBusMessages.headers(wire.getApplicationProperties()))
                    .isEqualTo(sent);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void order_ofForeignBytes_isIgnored(long seed) {
        Random random = new Random(seed);
        for (int i = 0; i < 10_000; i++) {
            byte[] order = new byte[random.nextInt(40)];
            random.nextBytes(order);
            Map<String, Object> properties = new HashMap<>(Map.of("a", "1", "b", 2));
            properties.put(HeaderOrder.PROPERTY, new Binary(order));
            assertThat(ServiceBusMessages.headers(properties).get("a")).isEqualTo("1");
            assertThat(ServiceBusMessages.headers(properties).get("b")).isEqualTo("2");
        }
    }

    @Test
    void order_ofWhatSomebodyHasChanged_isThatOfWhatIsLeft() {
        Headers sent = Headers.of("c", "1", "a", "2", "b", "3");
        Map<String, Object> properties = new HashMap<>(Map.of("c", "1", "b", "changed", "new", "4"));
        properties.put(HeaderOrder.PROPERTY, HeaderOrder.write(sent, Set.of()));
        assertThat(ServiceBusMessages.headers(properties)).isEqualTo(Headers.of("c", "1", "b", "changed", "new", "4"));
    }

    @Test
    void creationTime_isThatOfTheMessage_andSharedWithinAMoment() {
        CreationTimes times = new CreationTimes();
        Instant first = Instant.ofEpochMilli(1_700_000_000_123L);
        OffsetDateTime shared = created(first, times);
        assertThat(shared.toInstant()).isEqualTo(first);
        assertThat(created(Instant.ofEpochMilli(first.toEpochMilli()), times)).isSameAs(shared);
        assertThat(created(first.plusMillis(1), times).toInstant()).isEqualTo(first.plusMillis(1));
        assertThat(created(first, times)).isEqualTo(shared);
    }

    private static OffsetDateTime created(Instant time, CreationTimes times) {
        Message message = Message.builder().timestamp(time).body("x").build();
        return ServiceBusMessages.toNative(message, false, times)
                .getRawAmqpMessage()
                .getProperties()
                .getCreationTime();
    }

    @Test
    void key_isTheSession_orThePartitionKey_orAProperty() {
        Message message = Message.builder().key("k").body("x").build();
        assertThat(ServiceBusMessages.toNative(message, true, new CreationTimes())
                        .getSessionId())
                .isEqualTo("k");
        assertThat(ServiceBusMessages.toNative(message, false, new CreationTimes())
                        .getPartitionKey())
                .isEqualTo("k");
        Message longKey = Message.builder().key("k".repeat(129)).body("x").build();
        ServiceBusMessage wire = ServiceBusMessages.toNative(longKey, false, new CreationTimes());
        assertThat(wire.getPartitionKey()).isNull();
        assertThat(wire.getApplicationProperties()).containsEntry(ServiceBusMessages.KEY, longKey.key());
        ServiceBusMessage common = ServiceBusMessages.toNative(longKey, true, new CreationTimes());
        assertThat(common.getSessionId()).isEqualTo(ServiceBusMessages.COMMON_SESSION);
        assertThat(common.getApplicationProperties()).containsEntry(ServiceBusMessages.KEY, longKey.key());
    }

    @Test
    void headerNames_thatAreTooLong_areRefused() {
        Message message =
                Message.builder().header("n".repeat(10_001), "x").body("x").build();
        assertThat(ServiceBusMessages.refusal(message)).contains("10000");
    }

    @Test
    void modification_carriesWhatAmqpHas() {
        byte[] bytes = {1, 2};
        Instant time = Instant.ofEpochMilli(1_700_000_000_123L);
        Map<String, Object> modification = ServiceBusMessages.modification(
                Map.of("text", "t", "int", 1, "double", 1.5, "bytes", bytes, "time", time));
        bytes[0] = 9; // is no more than the caller's copy
        assertThat(modification)
                .containsExactlyInAnyOrderEntriesOf(Map.of(
                        "text",
                        "t",
                        "int",
                        1,
                        "double",
                        1.5,
                        "bytes",
                        new Binary(new byte[] {1, 2}),
                        "time",
                        new Date(1_700_000_000_123L)));
    }

    @Test
    void modification_refusesWhatCantBeCarried_withoutItsValue() {
        Map<String, Object> withNull = new HashMap<>();
        withNull.put("a", null);
        assertThatThrownBy(() -> ServiceBusMessages.modification(withNull))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'a' can't be carried: it is null");
        assertThatThrownBy(() -> ServiceBusMessages.modification(Map.of("list", List.of("secret"))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'list'")
                .message()
                .doesNotContain("secret");
        for (String name : List.of("", "n".repeat(10_001), ServiceBusMessages.KEY, HeaderOrder.PROPERTY)) {
            assertThatThrownBy(() -> ServiceBusMessages.modification(Map.of(name, "x")))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}
