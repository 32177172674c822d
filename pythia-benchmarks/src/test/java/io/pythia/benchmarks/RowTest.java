package io.pythia.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.benchmarks.Row.Goal;
import org.junit.jupiter.api.Test;

class RowTest {

    private static Row row(double raw, double pythia, Goal goal) {
        return new Row("rate", new double[] {raw}, new double[] {pythia}, goal);
    }

    @Test
    void goals_areJudgedByWhatIsShown() {
        assertThat(row(1_000, 946, Goal.atLeast(0.95)).isMet()).isTrue();
        assertThat(row(1_000, 944, Goal.atLeast(0.95)).isMet()).isFalse();
        assertThat(row(1_000, 1_154, Goal.atMost(1.15)).isMet()).isTrue();
        assertThat(row(1_000, 1_156, Goal.atMost(1.15)).isMet()).isFalse();
        assertThat(row(1_000, 1_200.4, Goal.beyond(200)).isMet()).isTrue();
        assertThat(row(1_000, 1_201, Goal.beyond(200)).isMet()).isFalse();
        assertThat(row(1_000, 1, Goal.none()).isMet()).isTrue();
    }

    @Test
    void markdown_hasMediansWithLeastAndMost_andSaysWhatIsMissed() {
        Row rates = new Row("rate", new double[] {300, 100, 200}, new double[] {90, 110, 100}, Goal.atLeast(0.95));
        assertThat(rates.markdown())
                .isEqualTo("| rate | 200 (100 to 300) | 100 (90 to 110) | 0.50 | ≥ 0.95 **missed** |");
        assertThat(row(840, 1_009, Goal.beyond(200)).markdown()).isEqualTo("| rate | 840 | 1,009 | +169 | ≤ +200 |");
    }

    @Test
    void medianOfAnEvenNumber_isBetweenTheTwoInTheMiddle() {
        assertThat(Row.median(new double[] {1, 2, 4, 9})).isEqualTo(3);
    }

    @Test
    void figureThatWasNeverMeasured_isAnError() {
        assertThatThrownBy(() -> new Row("rate", new double[0], new double[] {1}, Goal.none()))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
