package io.pythia.cdc;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.cdc.Column.Kind;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import org.junit.jupiter.api.Test;

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
    void times_ofNoZone_areThoseOfUtc() {
        assertThat(Values.instant(Kind.TIMESTAMP, "2026-01-02 03:04:05"))
                .isEqualTo(Instant.parse("2026-01-02T03:04:05Z"));
        assertThat(Values.instant(Kind.INSTANT, "2026-01-02 03:04:05-03"))
                .isEqualTo(Instant.parse("2026-01-02T06:04:05Z"));
        assertThat(Values.instant(Kind.INSTANT, "2026-01-02 03:04:05"))
                .isEqualTo(Instant.parse("2026-01-02T03:04:05Z"));
        assertThat(Values.instant(Kind.INTEGER, 7L)).isNull();
        assertThat(Values.instant(Kind.TIMESTAMP, "0044-03-15 00:00:00 BC")).isNull();
    }
}
