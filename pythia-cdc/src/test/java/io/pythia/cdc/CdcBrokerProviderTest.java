package io.pythia.cdc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.Brokers;
import io.pythia.ConfigException;
import io.pythia.MessageBroker;
import io.pythia.Secret;
import io.pythia.spi.Settings;
import java.lang.reflect.RecordComponent;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CdcBrokerProviderTest {
    private final Brokers brokers = Brokers.load();

    @Test
    void urlOfTheSeed_makesAWorker() {
        try (MessageBroker worker = brokers.consumer(
                URI.create("cdc:postgresql://user:canary@localhost/db?tables=users,orders&poll-interval=1s"))) {
            assertThat(worker).isInstanceOf(CdcWorker.class);
            assertThat(worker.name()).isEqualTo("cdc:localhost/db");
        }
    }

    @Test
    void jdbcUrl_hasItsOwnQuery_andOursBehindTheHash() {
        try (MessageBroker worker = brokers.consumer(
                URI.create(
                        "cdc:jdbc:postgresql://localhost/db?currentSchema=s#tables=users&mode=log&slot=mine&on-slot-loss=snapshot"))) {
            assertThat(worker).isInstanceOf(CdcWorker.class);
        }
    }

    @Test
    void settings_makeAWorker() {
        try (MessageBroker worker = brokers.consumer(
                "cdc",
                Map.of("db-url", "sqlite:/tmp/x.db", "tables", "a, b", "overlap", "5s", "deleted-column", "gone"))) {
            assertThat(worker.name()).isEqualTo("cdc:/tmp/x.db");
        }
    }

    @Test
    void problems_areAllSaid_andNoSecret() {
        assertThatThrownBy(() -> brokers.consumer(
                        "cdc",
                        Map.of(
                                "db-url",
                                "postgresql://u:canary@x@h/db",
                                "mod",
                                "log",
                                "slot",
                                "No-Slot",
                                "password",
                                "canary2")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("mode")
                .hasMessageContaining("slot")
                .hasMessageContaining("tables")
                .hasMessageNotContaining("canary");
        assertThatThrownBy(
                        () -> brokers.consumer("cdc", Map.of("db-url", "mysql://h/db", "tables", "t", "mode", "log")))
                .hasMessageContaining("only PostgreSQL");
        assertThatThrownBy(() -> brokers.consumer(URI.create("cdc://host/db"))).isInstanceOf(ConfigException.class);
    }

    @Test
    void producer_isRefused_withTheAlternative() {
        assertThatThrownBy(() -> brokers.producer("cdc", Map.of()))
                .isInstanceOf(UnsupportedOperationException.class)
                .hasMessageContaining("cdc has no producer");
    }

    @Test
    void configuration_showsNoPassword() {
        CdcConfig config = CdcConfig.builder().password(Secret.of("canary")).build();
        assertThat(config.toString()).doesNotContain("canary");
        assertThatThrownBy(() -> CdcWorker.builder().tables("a\0b")).hasMessageNotContaining("a\0b");
    }

    @Test
    void configuration_showsNoSecretProperty() {
        CdcConfig config =
                CdcConfig.builder().properties(Map.of("sslpassword", "canary")).build();
        assertThat(config.toString())
                .doesNotContain("canary")
                .contains("sslpassword")
                .contains("pythia_cdc_state");
        CdcSettings settings = NoDatabase.settings("postgresql://h/db", null, config, Map.of("sslpassword", "canary"));
        assertThat(settings.toString()).doesNotContain("canary").contains("sslpassword");
    }

    /** Each of the builder's methods sets its component, and each value that can't be used is refused by its name. */
    @Test
    void builder_setsEveryComponent() throws ReflectiveOperationException {
        for (RecordComponent component : CdcConfig.class.getRecordComponents()) {
            CdcConfig.Builder builder = CdcConfig.builder();
            Object value = other(component, component.getAccessor().invoke(CdcConfig.defaults()));
            CdcConfig.Builder.class
                    .getMethod(component.getName(), component.getType())
                    .invoke(builder, value);
            assertThat(component
                            .getAccessor()
                            .invoke(builder.build().toBuilder().build()))
                    .as(component.getName())
                    .isEqualTo(value);
        }
    }

    private static Object other(RecordComponent component, Object value) {
        Class<?> type = component.getType();
        if (type.isEnum()) {
            return type.getEnumConstants()[1];
        }
        return switch (type.getSimpleName()) {
            case "String" -> "other";
            case "boolean" -> !(Boolean) value;
            case "int" -> 7;
            case "Duration" -> Duration.ofSeconds(77);
            case "Secret" -> Secret.of("x");
            case "TlsConfig" -> io.pythia.TlsConfig.defaults();
            case "Path" -> java.nio.file.Path.of("folder");
            case "Map" -> Map.of("a", "b");
            default -> throw new AssertionError(component);
        };
    }

    @Test
    void values_areChecked() {
        refused(() -> CdcConfig.builder().slot("A").build(), "slot");
        refused(() -> CdcConfig.builder().publication("a'b").build(), "publication");
        refused(() -> CdcConfig.builder().stateTable("a b").build(), "stateTable");
        refused(() -> CdcConfig.builder().stateKey(" ").build(), "stateKey");
        refused(() -> CdcConfig.builder().updatedColumn("").build(), "updatedColumn");
        refused(() -> CdcConfig.builder().overlap(Duration.ofSeconds(-1)).build(), "overlap");
        refused(() -> CdcConfig.builder().statusInterval(Duration.ZERO).build(), "statusInterval");
        refused(() -> CdcConfig.builder().statementTimeout(Duration.ZERO).build(), "statementTimeout");
        refused(() -> CdcConfig.builder().lockTimeout(Duration.ZERO).build(), "lockTimeout");
        refused(() -> CdcConfig.builder().maxConnections(1).build(), "maxConnections");
    }

    /** It would ask the database without pause. */
    @Test
    void pollIntervalOfZero_isRefused() {
        refused(() -> CdcWorker.builder().pollInterval(Duration.ZERO), "pollInterval must be more than zero");
        refused(() -> CdcWorker.builder().pollInterval(Duration.ofSeconds(-1)), "pollInterval must be more than zero");
        assertThatThrownBy(() ->
                        brokers.consumer(URI.create("cdc:postgresql://localhost/db?tables=users&poll-interval=0s")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("poll-interval")
                .hasMessageContaining("more than zero");
    }

    private static void refused(Runnable build, String setting) {
        assertThatThrownBy(build::run)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(setting);
    }

    @Test
    void whatTheBuilderRefuses_isReportedByItsKey_withAllTheRest() {
        assertThatThrownBy(() -> brokers.consumer(
                        "cdc",
                        Map.of("db-url", "oracle://u:canary@h/db", "tables", "t", "overlapp", "5s", "slot", "No")))
                .isInstanceOfSatisfying(
                        ConfigException.class,
                        e -> assertThat(e.problems())
                                .extracting(ConfigException.Problem::key)
                                .containsExactlyInAnyOrder("db-url", "overlapp", "slot"))
                .hasMessageContaining("db-url: db-url must begin with postgresql:")
                .hasMessageNotContaining("canary");
    }

    @Test
    void userOfTheUrl_goesBeforeThatOfTheEnvironment() {
        Map<String, String> environment = Map.of("PYTHIA_CDC_USER", "admin", "PYTHIA_CDC_PASSWORD", "p");
        assertThat(settings("postgresql://app:secret@h/db", environment).user()).isEqualTo("app");
        assertThat(settings("postgresql://app:secret@h/db", environment).password())
                .isEqualTo(Secret.of("secret"));
        assertThat(settings("postgresql://app@h/db", environment).password()).isEqualTo(Secret.of("p"));
        assertThat(settings("postgresql://h/db", environment).user()).isEqualTo("admin");
    }

    private static CdcSettings settings(String url, Map<String, String> environment) {
        Settings settings =
                Settings.of("cdc", Map.of("db-url", url, "tables", "t")).withEnvironment(environment);
        return (CdcSettings) assertThat(new CdcBrokerProvider().consumer(settings))
                .extracting("settings")
                .actual();
    }
}
