package io.pythia.cloud.azure;

import static org.assertj.core.api.Assertions.assertThat;

import com.azure.messaging.servicebus.ServiceBusMessage;
import io.pythia.Headers;
import io.pythia.Message;
import java.util.HashMap;
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
                    Message.builder().headers(sent).body("x").build(), false);
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
    void key_isTheSession_orThePartitionKey_orAProperty() {
        Message message = Message.builder().key("k").body("x").build();
        assertThat(ServiceBusMessages.toNative(message, true).getSessionId()).isEqualTo("k");
        assertThat(ServiceBusMessages.toNative(message, false).getPartitionKey())
                .isEqualTo("k");
        Message longKey = Message.builder().key("k".repeat(129)).body("x").build();
        ServiceBusMessage wire = ServiceBusMessages.toNative(longKey, false);
        assertThat(wire.getPartitionKey()).isNull();
        assertThat(wire.getApplicationProperties()).containsEntry(ServiceBusMessages.KEY, longKey.key());
        ServiceBusMessage common = ServiceBusMessages.toNative(longKey, true);
        assertThat(common.getSessionId()).isEqualTo(ServiceBusMessages.COMMON_SESSION);
        assertThat(common.getApplicationProperties()).containsEntry(ServiceBusMessages.KEY, longKey.key());
    }

    @Test
    void headerNames_thatAreTooLong_areRefused() {
        Message message =
                Message.builder().header("n".repeat(10_001), "x").body("x").build();
        assertThat(ServiceBusMessages.refusal(message)).contains("10000");
    }
}
