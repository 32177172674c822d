package io.pythia;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CodecTest {

    record Order(String product, int count) {}

    @Test
    void bytes_areAsTheyAre() throws Exception {
        byte[] body = {0, (byte) 0xff};
        assertThat(Codec.bytes().decode(body)).isSameAs(body);
        assertThat(Codec.bytes().encode(body)).isSameAs(body);
    }

    @Test
    void text_isUtf8_strictlyInBothDirections() throws Exception {
        String text = "tea \u2615";
        assertThat(Codec.text().decode(Codec.text().encode(text))).isEqualTo(text);
        assertThatThrownBy(() -> Codec.text().decode(new byte[] {(byte) 0xff}))
                .isInstanceOf(CharacterCodingException.class);
        assertThatThrownBy(() -> Codec.text().encode("\ud83d")).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "s3cret",
                "{\"product\":s3cret}",
                "{\"product\":\"tea\",\"count\":\"s3cret\"}",
                "{\"product\":{\"s3cret\":1}}",
                "{\"s3cret\":1,\"s3cret\":2}",
                "{\"product\":\"tea\"} s3cret"
            })
    void json_whatCantBeRead_isSaidWithoutTheBody(String body) {
        ThrowingCallable decoding = () -> Codec.json(Order.class).decode(body.getBytes(StandardCharsets.UTF_8));
        assertThatThrownBy(decoding)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("Order")
                .hasMessageContaining("line 1")
                .satisfies(error -> assertThat(withCauses(error)).doesNotContain("s3cret"));
    }

    private static String withCauses(Throwable error) {
        StringWriter text = new StringWriter();
        error.printStackTrace(new PrintWriter(text));
        return text.toString();
    }
}
