package io.pythia.cdc;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.FirstRun;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class LogStateTest {
    private static final List<String> BOTH = List.of("public.a", "public.b");

    /** A place of the version that did not say which tables it is of. */
    private static LogState former() throws Exception {
        return LogState.read("{\"version\":1,\"system\":\"7\",\"slot\":\"s\",\"lsn\":\"0/10\"}");
    }

    @ParameterizedTest
    @EnumSource(FirstRun.class)
    void placeThatSaysNoTables_hasAllButThoseThatWerePublishedJustNow(FirstRun firstRun) throws Exception {
        LogState state = former();
        assertThat(state.enterTables(BOTH, List.of("public.b"), firstRun)).isTrue();
        assertThat(state.inSnapshot).isEqualTo(firstRun == FirstRun.ALL);
        if (state.inSnapshot) {
            assertThat(state.table("public.a").done).isTrue();
            assertThat(state.table("public.b").done).isFalse();
        }
        assertThat(LogState.read(state.write()).enterTables(BOTH, List.of(), firstRun))
                .isFalse();
        assertThat(former().enterTables(BOTH, List.of(), firstRun)).isFalse();
    }

    @ParameterizedTest
    @EnumSource(FirstRun.class)
    void tableThatThePlaceHasNot_isNew_alsoIfItWasPublishedBefore(FirstRun firstRun) throws Exception {
        LogState state = former();
        state.enterTables(List.of("public.a"), List.of(), firstRun);
        assertThat(state.enterTables(BOTH, List.of(), firstRun)).isTrue();
    }

    @Test
    void placeThatCountsNoMore_staysSo() throws Exception {
        LogState state = former();
        assertThat(LogState.read(state.write()).lost).isNull();
        state.lost = "there is no slot \"s\"";
        assertThat(LogState.read(state.write()).lost).isEqualTo("there is no slot \"s\"");
    }
}
