package io.pythia.cdc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.SQLException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class SilenceTest {
    private static final Duration LONGEST = Duration.ofNanos(100);

    private final Silence silence = new Silence(LONGEST, 0);

    @Test
    void longest_isTwoIntervals_andFiveSecondsAtLeast() {
        assertThat(Silence.longest(CdcConfig.builder()
                        .statusInterval(Duration.ofSeconds(10))
                        .build()))
                .isEqualTo(Duration.ofSeconds(20));
        assertThat(Silence.longest(CdcConfig.builder()
                        .statusInterval(Duration.ofMillis(500))
                        .build()))
                .isEqualTo(Duration.ofSeconds(5));
    }

    @Test
    void moreWasSent_andNothingArrives_isSilence() throws SQLException {
        silence.check(10, 20, 50); // has moved
        silence.check(10, 20, 149);
        assertThatThrownBy(() -> silence.check(10, 20, 150))
                .isInstanceOf(SQLException.class)
                .hasMessageContaining("silent");
    }

    @Test
    void allHasArrived_orSomethingArrives_orTheServerDoesNotSay_isNone() throws SQLException {
        silence.check(10, 10, 1_000);
        silence.check(10, 10, 2_000); // an idle server
        silence.check(20, 90, 3_000);
        silence.check(30, 90, 4_000); // a slow one
        silence.check(30, 0, 5_000); // no right to see it
        assertThatCode(() -> silence.check(30, 90, 5_099)).doesNotThrowAnyException();
    }

    @Test
    void timeInWhichWeDoNotRead_doesNotCount() throws SQLException {
        silence.check(10, 20, 50);
        silence.isOurs(500);
        silence.check(10, 20, 599);
        assertThatThrownBy(() -> silence.check(10, 20, 600)).isInstanceOf(SQLException.class);
    }

    @Test
    void readThatGaveNothing_afterTheTimeout_isSilence() {
        assertThatCode(() -> silence.checkPause(99)).doesNotThrowAnyException();
        assertThatThrownBy(() -> silence.checkPause(100)).isInstanceOf(SQLException.class);
    }
}
