package io.pythia.cdc;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.BrokerAuthenticationException;
import io.pythia.BrokerConnectionException;
import io.pythia.BrokerException;
import io.pythia.BrokerTimeoutException;
import java.io.IOException;
import java.sql.SQLException;
import java.sql.SQLNonTransientConnectionException;
import java.sql.SQLTimeoutException;
import java.sql.SQLTransientConnectionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.postgresql.util.PSQLException;
import org.postgresql.util.PSQLState;
import org.postgresql.util.ServerErrorMessage;

class CdcErrorsTest {

    static java.util.List<CdcErrors.Row> rows() {
        return CdcErrors.STATES;
    }

    @ParameterizedTest
    @MethodSource("rows")
    void everyState_hasItsTranslationAndAdvice(CdcErrors.Row row) {
        SQLException error = new SQLException("no", (row.state() + "00000").substring(0, 5));
        BrokerException translated = CdcErrors.translate("x: reading", error);
        assertThat(translated)
                .hasMessageStartingWith("x: reading: no")
                .hasMessageContaining(row.advice())
                .hasCause(error);
        assertThat(translated.getClass())
                .isEqualTo(row.translation().apply("", null).getClass());
    }

    @Test
    void errorsWithoutAState_goByTheirClass() {
        assertThat(CdcErrors.translate("x", new SQLTimeoutException())).isInstanceOf(BrokerTimeoutException.class);
        assertThat(CdcErrors.translate("x", new SQLNonTransientConnectionException()))
                .isInstanceOf(BrokerConnectionException.class);
        assertThat(CdcErrors.translate("x", new IOException())).isInstanceOf(BrokerConnectionException.class);
        assertThat(CdcErrors.translate("x", new SQLException("odd")).isRetryable())
                .isFalse();
        assertThat(CdcErrors.translate("x", new IllegalStateException("odd"))).hasMessageNotContaining("odd");
    }

    @Test
    void poolsError_isWhatTheDriverSaid() {
        SQLException pool = new SQLTransientConnectionException("pool", new SQLException("wrong password", "28P01"));
        assertThat(CdcErrors.translate("x", pool)).isInstanceOf(BrokerAuthenticationException.class);
        BrokerException known = new BrokerException("known");
        assertThat(CdcErrors.translate("x", known)).isSameAs(known);
    }

    /** The driver's own 55000 is one of the connection; the server's is one of a setting. */
    @Test
    void streamThatTheDriverHasGivenUp_isALostConnection() {
        SQLException driver = new PSQLException("inactive copy operation", PSQLState.OBJECT_NOT_IN_STATE);
        assertThat(CdcErrors.translate("x", driver)).isInstanceOf(BrokerConnectionException.class);
        SQLException server = new PSQLException(new ServerErrorMessage("SERROR\0C55000\0Mwal_level is replica\0"));
        assertThat(CdcErrors.translate("x", server).isRetryable()).isFalse();
    }

    @Test
    void text_isOneLineAndBounded() {
        BrokerException translated = CdcErrors.translate("x", new SQLException("a\r\nb" + "c".repeat(5_000)));
        assertThat(translated.getMessage()).hasSizeLessThan(500).doesNotContain("\n");
    }
}
