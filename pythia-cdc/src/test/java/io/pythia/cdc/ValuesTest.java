package io.pythia.cdc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BrokerException;
import io.pythia.cdc.Column.Kind;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ValuesTest {

    @Test
    void texts_becomeValues() {
        assertThat(Values.convert(Kind.INTEGER, "-7")).isEqualTo(-7L);
        assertThat(Values.convert(Kind.INTEGER, "18446744073709551615"))
                .isEqualTo(new BigInteger("18446744073709551615"));
        assertThat(Values.convert(Kind.INTEGER, "9223372036854775807")).isEqualTo(Long.MAX_VALUE);
        assertThat(Values.convert(Kind.DECIMAL, "1.50")).isEqualTo(new BigDecimal("1.50"));
        assertThat(Values.convert(Kind.DECIMAL, "NaN")).isEqualTo("NaN");
        assertThat(Values.convert(Kind.FLOAT, "Infinity")).isEqualTo("Infinity");
        assertThat(Values.convert(Kind.BOOLEAN, "t")).isEqualTo(true);
        assertThat(Values.convert(Kind.BOOLEAN, 0L)).isEqualTo(false);
        assertThat(Values.convert(Kind.BYTES, "\\x00ff")).isEqualTo("AP8=");
        assertThat(Values.convert(Kind.TIMESTAMP, "2026-01-02 03:04:05.6")).isEqualTo("2026-01-02T03:04:05.6");
        assertThat(Values.convert(Kind.INSTANT, "2026-01-02 03:04:05.6+05:30")).isEqualTo("2026-01-01T21:34:05.600Z");
        assertThat(Values.convert(Kind.INSTANT, "infinity")).isEqualTo("infinity");
        assertThat(Values.convert(Kind.TEXT, null)).isNull();
    }

    @Test
    void numberInAColumnOfTimes_isOneSince1970() {
        assertThat(Values.instant(Kind.TEXT, 1_767_322_800L)).isEqualTo("2026-01-02T03:00:00Z");
        assertThat(Values.instant(Kind.TEXT, 1_767_322_800_250L)).isEqualTo("2026-01-02T03:00:00.250Z");
        assertThat(Values.instant(Kind.TEXT, new BigDecimal("1767322800.5"))).isEqualTo("2026-01-02T03:00:00.500Z");
        assertThat(Values.instant(Kind.TEXT, -1.5)).isEqualTo("1969-12-31T23:59:58.500Z");
        assertThat(Values.instant(Kind.TEXT, 1e300)).isNull();
        assertThat(Values.instant(Kind.TEXT, Double.POSITIVE_INFINITY)).isNull();
        assertThat(Values.instant(Kind.INTEGER, 1_767_322_800L)).isNull();
        assertThat(Values.before(1_767_322_800L, Duration.ofSeconds(60))).isEqualTo(1_767_322_740L);
        assertThat(Values.before(1_767_322_800L, Duration.ofMillis(500))).isEqualTo(1_767_322_799L);
        assertThat(Values.before(1_767_322_800_250L, Duration.ofMillis(500))).isEqualTo(1_767_322_799_750L);
        assertThat(Values.before(1_767_322_800.5, Duration.ofSeconds(60)))
                .isEqualTo(new BigDecimal("1767322740.5").setScale(3));
    }

    @Test
    void textThatIsNotUtf8_isRefused_andNotChanged() {
        for (String text : new String[] {"", "grün", "\uFFFD", "\uD83D\uDE00"}) {
            assertThat(Values.text(text.getBytes(StandardCharsets.UTF_8))).isEqualTo(text);
        }
        byte[] latin1 = "grün".getBytes(StandardCharsets.ISO_8859_1);
        assertThatThrownBy(() -> Values.text(latin1))
                .isInstanceOf(BrokerException.class)
                .hasMessageContaining("SQL_ASCII");
    }

    /** As PostgreSQL writes them: with as many digits as the time has. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "2026-01-02 03:04:05",
                "2026-01-02 03:04:00",
                "1969-12-31 23:59:59.9",
                "2026-01-02 03:04:05.67",
                "2026-01-02 03:04:05.678",
                "2026-01-02 03:04:05.6789",
                "2026-01-02 03:04:05.67891",
                "2026-01-02 03:04:05.678901"
            })
    void pointInTime_isTheSame_whateverItsZone(String time) {
        String wanted = Instant.parse(time.replace(' ', 'T') + "Z").toString();
        assertThat(Values.convert(Kind.INSTANT, time + "+00")).isEqualTo(wanted);
        assertThat(Values.convert(Kind.INSTANT, time + "+00:00")).isEqualTo(wanted);
        assertThat(Values.convert(Kind.INSTANT, time)).isEqualTo(wanted);
        assertThat(Values.instant(Kind.INSTANT, time + "+00")).hasToString(wanted);
        assertThat(Values.instant(Kind.INSTANT, time + "+00:00")).hasToString(wanted);
    }

    @Test
    void times_ofNoZone_areThoseOfUtc() {
        assertThat(Values.instant(Kind.TIMESTAMP, "2026-01-02 03:04:05"))
                .isEqualTo(Instant.parse("2026-01-02T03:04:05Z"));
        assertThat(Values.instant(Kind.INSTANT, "2026-01-02 03:04:05-03"))
                .isEqualTo(Instant.parse("2026-01-02T06:04:05Z"));
        assertThat(Values.instant(Kind.INSTANT, "2026-01-02 03:04:05"))
                .isEqualTo(Instant.parse("2026-01-02T03:04:05Z"));
        assertThat(Values.instant(Kind.TEXT, "2026-01-02T03:04:05.6Z"))
                .isEqualTo(Instant.parse("2026-01-02T03:04:05.6Z"));
        assertThat(Values.instant(Kind.TEXT, "2026-01-02 03:04:05-03"))
                .isEqualTo(Instant.parse("2026-01-02T06:04:05Z"));
        assertThat(Values.instant(Kind.TEXT, "no time at all")).isNull();
        assertThat(Values.instant(Kind.INTEGER, 7L)).isNull();
        assertThat(Values.instant(Kind.INSTANT, "2026-13-02 03:04:05+00")).isNull();
        assertThat(Values.instant(Kind.INSTANT, "2026-xx-02 03:04:05+00")).isNull();
        assertThat(Values.instant(Kind.TIMESTAMP, "0044-03-15 00:00:00 BC")).isNull();
    }
}
