package io.pythia.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RetryAfterTest {
    private static final Instant NOW = Instant.parse("2026-11-06T08:49:00Z");
    private static final Duration MAX = Duration.ofHours(1);

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "0 | 0",
                "120 | 120000",
                "  7  | 7000",
                "007 | 7000",
                "1.5 | 1500",
                "0.25 | 250",
                "0,120 | 120000",
                "120, 60 | 120000",
                "3600 | 3600000",
                "3601 | 3600000",
                "99999999999 | 3600000",
                "99999999999999999999999999 | 3600000",
                "Fri, 06 Nov 2026 08:49:37 GMT | 37000",
                "Friday, 06-Nov-26 08:49:37 GMT | 37000",
                "Fri Nov  6 08:49:37 2026 | 37000",
                "Fri, 06 Nov 2026 08:48:00 GMT | 0",
                "Fri, 06 Nov 2099 08:48:00 GMT | 3600000",
                "Sun, 06 Nov 1994 08:49:37 GMT | 0"
            })
    void understood(String value, long millis) {
        assertThat(RetryAfter.parse(value, NOW, MAX)).isEqualTo(Duration.ofMillis(millis));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "null",
            value = {
                "null",
                "''",
                "soon",
                "-1",
                "+5",
                "1e9",
                "0x10",
                "NaN",
                "Infinity",
                "1.",
                ".5",
                "1,,2",
                "١٢",
                "5 seconds",
                "Fri, 32 Nov 2026 08:49:37 GMT",
                "2026-11-06T08:49:37Z"
            })
    void notUnderstood_isNone(String value) {
        assertThat(RetryAfter.parse(value, NOW, MAX)).isNull();
    }

    @Test
    void anyText_throwsNothing_andStaysWithinTheLimit() {
        Random random = new Random(77);
        String alphabet = "0123456789,.:- GMTFriNov\u0000é";
        for (int i = 0; i < 100_000; i++) {
            StringBuilder text = new StringBuilder();
            for (int n = random.nextInt(40); n > 0; n--) {
                text.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            assertThatCode(() -> {
                        Duration wait = RetryAfter.parse(text.toString(), NOW, MAX);
                        assertThat(wait == null || (!wait.isNegative() && wait.compareTo(MAX) <= 0))
                                .isTrue();
                    })
                    .as(text.toString())
                    .doesNotThrowAnyException();
        }
    }
}
