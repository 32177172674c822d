package io.pythia.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HeaderRulesTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "X:Y",
                "X Y",
                "X\r\nY",
                "X\u0000",
                "Ünicode",
                "X\tY",
                "(x)",
                "Host",
                "content-length",
                "Transfer-Encoding",
                "connection",
                "Keep-Alive",
                "TE",
                "Trailer",
                "Upgrade",
                "Proxy-Authorization",
                "Expect",
                "webhook-id",
                "Webhook-Signature",
                "WEBHOOK-TIMESTAMP",
                "Accept-Encoding"
            })
    void badName_isRefused(String name) {
        assertThatThrownBy(() -> HeaderRules.check(Map.of(name, "v4lue")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("header ")
                .hasMessageNotContaining("v4lue")
                .hasMessageNotContaining("\r");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"v4lue\r\nX-Admin: 1", "v4lue\n", "v4lue\u0000", "v4lue\u007f", "v4lué", " v4lue", "v4lue\t"})
    void badValue_isRefused_byTheNameAlone(String value) {
        assertThatThrownBy(() -> HeaderRules.check(Map.of("X-Tenant", value)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("X-Tenant")
                .hasMessageNotContaining("v4lu");
        assertThatThrownBy(() -> WebhookSenderWorker.builder().headers(Map.of("X-Tenant", value)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> PollerWorker.builder().headers(Map.of("X-Tenant", value)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void tooManyAndTooLong_areRefused() {
        Map<String, String> many = new LinkedHashMap<>();
        for (int i = 0; i < 10_000; i++) {
            many.put("x-" + i, "v");
        }
        assertThatThrownBy(() -> HeaderRules.check(many)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> HeaderRules.check(Map.of("X-Long", "v".repeat(10_000))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("X-Long");
    }

    @Test
    void usualHeaders_areTaken() {
        Map<String, String> headers =
                Map.of("Authorization", "Bearer abc", "Content-Type", "application/json; charset=utf-8", "X-Empty", "");
        assertThat(HeaderRules.check(headers)).isEqualTo(headers);
    }
}
