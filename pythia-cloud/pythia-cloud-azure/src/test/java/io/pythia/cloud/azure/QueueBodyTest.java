package io.pythia.cloud.azure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.Message;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QueueBodyTest {
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void anyBytes_comeBackFromBase64_andFromTheEnvelope(long seed) {
        Random random = new Random(seed);
        for (int i = 0; i < 1_000; i++) {
            byte[] bytes = new byte[random.nextInt(100)];
            random.nextBytes(bytes);
            Message message = Message.builder()
                    .id("id" + i)
                    .key(random.nextBoolean() ? "k\n<&>" : null)
                    .header("h", bytes)
                    .header("h", "text")
                    .body(bytes)
                    .build();
            QueueBody plain =
                    QueueBody.of(QueueBody.text(message, QueueEncoding.BASE64, false), QueueEncoding.BASE64, false);
            assertThat(plain.body()).isEqualTo(bytes);
            for (QueueEncoding encoding : QueueEncoding.values()) {
                String text = QueueBody.text(message, encoding, true);
                assertThat(QueueBody.size(message, encoding, true))
                        .isEqualTo(text.getBytes(StandardCharsets.UTF_8).length);
                QueueBody back = QueueBody.of(text, encoding, true);
                assertThat(back.body()).isEqualTo(bytes);
                assertThat(back.id()).isEqualTo(message.id());
                assertThat(back.key()).isEqualTo(message.key());
                assertThat(back.headers()).isEqualTo(message.headers());
                assertThat(back.timestamp()).isEqualTo(message.timestamp());
            }
        }
    }

    @Test
    void text_isTakenAsItIs_ifXmlCanCarryIt() {
        Message message = Message.of("<a> & \"ü\" \uD83D\uDE00\n\t");
        String text = QueueBody.text(message, QueueEncoding.TEXT, false);
        assertThat(text).isEqualTo(message.text());
        assertThat(QueueBody.size(message, QueueEncoding.TEXT, false)).isEqualTo(message.body().length);
        assertThat(QueueBody.of(text, QueueEncoding.TEXT, false).body()).isEqualTo(message.body());
    }

    @ParameterizedTest
    @ValueSource(strings = {"\u0000", "a\rb", "\uFFFF", "\u001b"})
    void text_thatXmlCannotCarry_isRefused(String text) {
        assertThatThrownBy(() -> QueueBody.text(Message.of(text), QueueEncoding.TEXT, false))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("BASE64");
        assertThatThrownBy(() -> QueueBody.size(Message.of(text), QueueEncoding.TEXT, false))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void bytes_thatAreNoText_areRefusedAsText() {
        assertThatThrownBy(() -> QueueBody.text(Message.of(new byte[] {(byte) 0xC3}), QueueEncoding.TEXT, false))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void foreignTexts_areDecoded_orRefusedWithoutBeingQuoted(long seed) {
        Random random = new Random(seed);
        for (int i = 0; i < 10_000; i++) {
            byte[] bytes = new byte[random.nextInt(60)];
            random.nextBytes(bytes);
            String text = random.nextBoolean()
                    ? new String(bytes, StandardCharsets.UTF_8)
                    : "{\"pythia\":1,\"id\":\"CANARY\",\"time\":\"" + random.nextInt() + "\",\"headers\":[[]]";
            for (QueueEncoding encoding : QueueEncoding.values()) {
                for (boolean envelope : new boolean[] {true, false}) {
                    try {
                        QueueBody.of(text, encoding, envelope);
                    } catch (IllegalArgumentException e) {
                        assertThat(e.getMessage()).doesNotContain("CANARY");
                        assertThat(e.getCause()).isNull();
                    }
                }
            }
        }
    }
}
