package io.pythia.spi;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WholeSecondsTest {

    @ParameterizedTest
    @CsvSource({
        "PT0S,0",
        "PT0.000000001S,1",
        "PT0.999999999S,1",
        "PT1S,1",
        "PT1.000000001S,2",
        "PT59.5S,60",
        "PT1M,60",
        "PT1M0.000000001S,60",
        "PT2562047788015215H30M7.999999999S,60",
    })
    void time_isRoundedUp_toTheMostAtMost(Duration time, long seconds) {
        assertThat(WholeSeconds.of(time, Duration.ofMinutes(1))).isEqualTo(seconds);
    }
}
