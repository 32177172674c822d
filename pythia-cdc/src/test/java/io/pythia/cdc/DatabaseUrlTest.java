package io.pythia.cdc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.Secret;
import io.pythia.TlsConfig;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DatabaseUrlTest {

    @ParameterizedTest
    @CsvSource({
        "postgresql://u:p%40x@h/db, POSTGRESQL, jdbc:postgresql://h/db, u, p@x",
        "postgres://u@h:5433/db, POSTGRESQL, jdbc:postgresql://h:5433/db, u,",
        "jdbc:postgresql://a:1;b:2/db?user=u&password=p, POSTGRESQL, jdbc:postgresql://a:1;b:2/db, u, p",
        "mariadb://h/db, MYSQL, jdbc:mariadb://h/db,,",
        "mysql://u:p@h:3306/db, MYSQL, jdbc:mysql://h:3306/db, u, p",
        "sqlite:///some/file.db, SQLITE, jdbc:sqlite:some/file.db,,",
        "sqlite:////abs/file.db, SQLITE, jdbc:sqlite:/abs/file.db,,",
        "jdbc:sqlite:/abs/file.db, SQLITE, jdbc:sqlite:/abs/file.db,,",
        "h2:mem:x, H2, jdbc:h2:mem:x,,",
    })
    void url_isTakenApart(String url, Dialect dialect, String jdbc, String user, String password) {
        DatabaseUrl parsed = DatabaseUrl.parse(url.replace(';', ','));
        assertThat(parsed.dialect()).isEqualTo(dialect);
        assertThat(parsed.jdbc()).isEqualTo(jdbc.replace(';', ','));
        assertThat(parsed.user()).isEqualTo(user);
        assertThat(parsed.password()).isEqualTo(password == null ? null : Secret.of(password));
        assertThat(parsed.toString()).doesNotContain("p@x");
    }

    @Test
    void settingsOfH2_becomeProperties() {
        DatabaseUrl parsed = DatabaseUrl.parse("jdbc:h2:mem:x;db_close_delay=-1;USER=sa;PASSWORD=secret");
        assertThat(parsed.properties()).isEqualTo(Map.of("DB_CLOSE_DELAY", "-1"));
        assertThat(parsed.user()).isEqualTo("sa");
        assertThat(parsed.jdbc()).isEqualTo("jdbc:h2:mem:x");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "oracle:thin:canary@h/db",
                "postgresql:canary",
                "postgresql://u:canary@x@h/db",
                "postgresql://u:canary@h",
                "postgresql://u:canary@h/",
                "postgresql://u:canary@h/a/b",
                "postgresql://u:canary@h:99999/db",
                "postgresql://u:canary@h/db;x",
                "jdbc:postgresql://u:canary@h/db#x",
                "jdbc:mysql:replication://u:canary@h/db",
                "sqlite::memory:",
                "sqlite:file:canary?mode=memory",
                "sqlite::resource:canary",
                "h2:zip:canary",
                "h2:mem:x;INITcanary",
                "postgresql://h/db\ncanary",
            })
    void urlThatIsOdd_isRefused_withoutBeingShown(String url) {
        assertThatThrownBy(() -> DatabaseUrl.parse(url))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("dbUrl ")
                .hasMessageNotContaining("canary");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "jdbc:postgresql://h/db?socketFactory=canary",
                "jdbc:postgresql://h/db?sslfactory=canary",
                "jdbc:postgresql://h/db?loggerFile=canary",
                "jdbc:postgresql://h/db?options=canary",
                "jdbc:postgresql://h/db?replication=canary",
                "jdbc:mysql://h/db?autoDeserialize=canary",
                "jdbc:mysql://h/db?allowLoadLocalInfile=canary",
                "jdbc:mariadb://h/db?sessionVariables=canary",
                "jdbc:h2:mem:x;INIT=RUNSCRIPT FROM 'canary'",
                "jdbc:h2:mem:x;TRACE_LEVEL_FILE=canary",
            })
    void propertyThatIsNotAllowed_isRefused_withoutItsValue(String url) {
        DatabaseUrl parsed = DatabaseUrl.parse(url);
        assertThatThrownBy(() -> DriverProperties.of(parsed, CdcConfig.defaults()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("can't be set")
                .hasMessageNotContaining("canary");
    }

    @Test
    void propertiesOfTheConfiguration_areCheckedToo() {
        DatabaseUrl url = DatabaseUrl.parse("postgresql://h/db");
        CdcConfig config =
                CdcConfig.builder().properties(Map.of("socketFactory", "x")).build();
        assertThatThrownBy(() -> DriverProperties.of(url, config)).hasMessageContaining("socketFactory");
        CdcConfig allowed =
                CdcConfig.builder().properties(Map.of("currentSchema", "x")).build();
        assertThat(DriverProperties.of(url, allowed)).containsEntry("currentSchema", "x");
    }

    @ParameterizedTest
    @ValueSource(strings = {"require", "prefer", "allow"})
    void tlsThatVerifiesNothing_isRefused(String mode) {
        DatabaseUrl url = DatabaseUrl.parse("jdbc:postgresql://h/db?sslmode=" + mode);
        assertThatThrownBy(() -> DriverProperties.of(url, CdcConfig.defaults())).hasMessageContaining("verify-full");
    }

    @Test
    void tls_meansThatTheHostIsVerified() {
        DatabaseUrl url = DatabaseUrl.parse("jdbc:postgresql://h/db?ssl=true");
        assertThat(DriverProperties.of(url, CdcConfig.defaults())).isEqualTo(Map.of("sslmode", "verify-full"));
        CdcConfig tls =
                CdcConfig.builder().tls(TlsConfig.trusting(Path.of("ca.pem"))).build();
        assertThat(DriverProperties.of(DatabaseUrl.parse("postgresql://h/db"), tls))
                .isEqualTo(Map.of("sslmode", "verify-full", "sslrootcert", "ca.pem"));
        assertThat(DriverProperties.of(DatabaseUrl.parse("mariadb://h/db"), tls))
                .isEqualTo(Map.of("sslMode", "verify-full", "serverSslCert", "ca.pem"));
        assertThatThrownBy(() -> DriverProperties.of(DatabaseUrl.parse("h2:mem:x"), tls))
                .hasMessageContaining("tls");
    }

    @Test
    void names_areQuoted_orRefused() {
        assertThat(Dialect.POSTGRESQL.quote("a\"; DROP TABLE x; --")).isEqualTo("\"a\"\"; DROP TABLE x; --\"");
        assertThat(Dialect.MYSQL.quote("a`b")).isEqualTo("`a``b`");
        for (String bad : new String[] {"", "a\0b", "a\nb", "x".repeat(64)}) {
            assertThatThrownBy(() -> Dialect.POSTGRESQL.quote(bad)).isInstanceOf(IllegalArgumentException.class);
        }
    }
}
