package io.pythia.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Utf8Test {
    @ParameterizedTest
    @ValueSource(strings = {"", "tea", "t\u00e9 \u2615 \ud83d\ude00", "\ufffd", "a\ufffdb\ufffe"})
    void decode_ofText_returnsIt(String text) {
        assertThat(Utf8.decode(text.getBytes(StandardCharsets.UTF_8))).isEqualTo(text);
    }

    @ParameterizedTest
    @ValueSource(strings = {"ff", "c3", "61c3", "eda080", "f8888080", "c080", "efbfbdff", "e29861", "f09f98"})
    void decode_ofWhatIsNoUtf8_returnsNull(String hex) {
        assertThat(Utf8.decode(HexFormat.of().parseHex(hex))).isNull();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void decode_ofAnyBytes_saysWhatACharsetDecoderSays(long seed) {
        Random random = new Random(seed);
        byte[] likely = {'a', (byte) 0xef, (byte) 0xbf, (byte) 0xbd, (byte) 0xc3, (byte) 0xa9, (byte) 0xed, (byte) 0xa0
        };
        for (int i = 0; i < 100_000; i++) {
            byte[] bytes = new byte[random.nextInt(8)];
            for (int b = 0; b < bytes.length; b++) {
                bytes[b] = random.nextInt(4) == 0 ? (byte) random.nextInt(256) : likely[random.nextInt(likely.length)];
            }
            assertThat(Utf8.decode(bytes)).isEqualTo(strictly(bytes));
        }
    }

    private static @Nullable String strictly(byte[] bytes) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            return null;
        }
    }
}
