package io.pythia.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.pythia.ConfigException;
import io.pythia.ConnectPolicy;
import io.pythia.Secret;
import io.pythia.TlsConfig;
import io.pythia.retry.RetryConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsTest {

    /** A record as a connector has. */
    public record Sample(
            String name,
            int count,
            long bytes,
            boolean flag,
            Duration pause,
            ConnectPolicy policy,
            @Nullable Secret password,
            RetryConfig retry,
            Map<String, String> properties) {
        public Sample {
            if (count < 0) {
                throw new IllegalArgumentException("count must not be negative, but is " + count);
            }
            if (name.contains("@")) {
                throw new IllegalArgumentException("name must be without a user");
            }
        }

        public static Sample defaults() {
            return new Sample(
                    "n",
                    1,
                    2,
                    true,
                    Duration.ofSeconds(3),
                    ConnectPolicy.WAIT,
                    null,
                    RetryConfig.defaults().withMaxRetries(9),
                    Map.of());
        }
    }

    private static Sample bind(Map<String, String> values) {
        SettingsReader read = Settings.of("sample", values).reader();
        Sample sample = read.bind(Sample.class);
        read.finish();
        return sample;
    }

    @Test
    void bind_takesEachType_andTheRestFromTheDefaults() {
        Sample sample = bind(Map.of(
                "name", "x",
                "count", "7",
                "bytes", "64KiB",
                "flag", "false",
                "pause", "250ms",
                "policy", "fail-fast",
                "password", "s3cret",
                "retry.initial-delay", "5s",
                "properties.max.poll.records", "5"));
        assertThat(sample.name()).isEqualTo("x");
        assertThat(sample.count()).isEqualTo(7);
        assertThat(sample.bytes()).isEqualTo(65_536);
        assertThat(sample.flag()).isFalse();
        assertThat(sample.pause()).isEqualTo(Duration.ofMillis(250));
        assertThat(sample.policy()).isEqualTo(ConnectPolicy.FAIL_FAST);
        assertThat(sample.password()).isEqualTo(Secret.of("s3cret"));
        assertThat(sample.retry().initialDelay()).isEqualTo(Duration.ofSeconds(5));
        assertThat(sample.retry().maxRetries()).isEqualTo(9);
        assertThat(sample.properties()).containsEntry("max.poll.records", "5");
        assertThat(bind(Map.of())).isEqualTo(Sample.defaults());
    }

    @Test
    void problems_areReportedAllAtOnce_withoutSecrets() {
        assertThatThrownBy(() -> bind(Map.of(
                        "count",
                        "many",
                        "pause",
                        "5",
                        "flag",
                        "yes",
                        "policy",
                        "perhaps",
                        "pasword",
                        "s3cret",
                        "password",
                        "s3cret")))
                .isInstanceOfSatisfying(ConfigException.class, e -> {
                    assertThat(e.problems()).hasSize(5);
                    assertThat(e.getMessage())
                            .contains("count = \"many\" (map): must be a whole number")
                            .contains("pause = \"5\" (map): must be a time")
                            .contains("must be true or false")
                            .contains("must be one of fail-fast, wait")
                            .contains("pasword: is not known; did you mean password?")
                            .doesNotContain("s3cret");
                });
    }

    @Test
    void recordThatRefusesAValue_isAProblem() {
        assertThatThrownBy(() -> bind(Map.of("count", "-1")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("count must not be negative");
        assertThatThrownBy(() -> bind(Map.of("retry.max-retries", "-1")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("retry.max-retries = \"-1\" (map): max-retries must not be negative, but is -1");
        assertThatThrownBy(() -> bind(Map.of("retry.initial-delay", "3s", "retry.max-delay", "2s")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(
                        "retry.initial-delay, retry.max-delay: max-delay must not be shorter than initial-delay");
    }

    @Test
    void recordThatRefusesAValue_isReportedWithTheOtherProblems() {
        assertThatThrownBy(() -> bind(Map.of("count", "-1", "pause", "5")))
                .isInstanceOfSatisfying(
                        ConfigException.class,
                        e -> assertThat(e.problems())
                                .extracting(ConfigException.Problem::key)
                                .containsExactlyInAnyOrder("count", "pause"))
                .hasMessageContaining("count = \"-1\" (map): count must not be negative");
    }

    @Test
    void textThatARecordRefuses_isNotRepeated() {
        assertThatThrownBy(() -> bind(Map.of("name", "user:s3cret@host")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("name: ")
                .hasMessageNotContaining("s3cret");
    }

    @Test
    void sources_goBeforeOneAnother(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("orders.properties");
        Files.writeString(file, "name=file\ncount=2\n");
        SettingsReader read = Settings.of("sample", Map.of("name", "map"))
                .withFile(file)
                .withEnvironment(Map.of(
                        "PYTHIA_SAMPLE_NAME", "env",
                        "PYTHIA_SAMPLE_COUNT", "3",
                        "PYTHIA_SAMPLE_RETRY_MAX_RETRIES", "4",
                        "PYTHIA_OTHER_FLAG", "nonsense"))
                .reader();
        Sample sample = read.bind(Sample.class);
        read.finish();
        assertThat(sample.name()).isEqualTo("map");
        assertThat(sample.count()).isEqualTo(2);
        assertThat(sample.retry().maxRetries()).isEqualTo(4);
    }

    @Test
    void spellings_areTheSameKey_andTwiceIsAProblem() {
        assertThat(bind(Map.of("retry.maxRetries", "1")).retry().maxRetries()).isEqualTo(1);
        assertThat(bind(Map.of("retry.max_retries", "1")).retry().maxRetries()).isEqualTo(1);
        assertThatThrownBy(() -> Settings.of("sample", Map.of("max-x", "1", "maxX", "2")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("twice");
    }

    @ParameterizedTest
    @CsvSource({"0ms,0", "1s,1000", "5m,300000", "2h,7200000", "1d,86400000", "PT30S,30000"})
    void durations_haveUnits(String text, long millis) {
        assertThat(bind(Map.of("pause", text)).pause().toMillis()).isEqualTo(millis);
    }

    @Test
    void bind_overOtherValues_takesThoseForWhatIsNotSet() {
        Sample base = new Sample(
                "other", 7, 8, false, Duration.ofSeconds(9), ConnectPolicy.WAIT, null, RetryConfig.none(), Map.of());
        SettingsReader read = Settings.of("sample", Map.of("count", "5", "retry.max-delay", "2m"))
                .reader();
        Sample sample = read.bind(base, "name");
        assertThat(sample.count()).isEqualTo(5);
        assertThat(sample.name()).isEqualTo("other");
        assertThat(sample.retry())
                .isEqualTo(new RetryConfig(0, Duration.ofSeconds(1), Duration.ofMinutes(2), true, true));
        read.finish();
    }

    @Test
    void group_givesWhatStandsBehindTheDot_andKnowsIt() {
        SettingsReader read = Settings.of("sample", Map.of("header.X-Tenant", "a,b", "headers", "x"))
                .reader();
        assertThat(read.group("header")).containsExactly(Map.entry("X-Tenant", "a,b"));
        assertThatThrownBy(read::finish)
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("headers")
                .hasMessageNotContaining("a,b");
    }

    /** As Redis has it: {@code tls-enabled} is no part of the group {@code tls}. */
    public record Encrypted(boolean tlsEnabled, @Nullable TlsConfig tls) {
        public static Encrypted defaults() {
            return new Encrypted(false, null);
        }
    }

    @Test
    void environment_ofASettingThatBeginsLikeAGroup_isNotOfTheGroup() {
        SettingsReader read = Settings.of("sample", Map.of())
                .withEnvironment(Map.of("PYTHIA_SAMPLE_TLS_ENABLED", "false"))
                .reader();
        assertThat(read.bind(Encrypted.class)).isEqualTo(Encrypted.defaults());
        SettingsReader withFile = Settings.of("sample", Map.of())
                .withEnvironment(Map.of("PYTHIA_SAMPLE_TLS_CA_FILE", "ca.pem"))
                .reader();
        assertThat(withFile.bind(Encrypted.class).tls()).isEqualTo(TlsConfig.trusting(Path.of("ca.pem")));
    }

    @Test
    void namesInAnOpenGroup_areLeftAsTheyAre() {
        SettingsReader reader = Settings.of(
                        "sample", Map.of("messageAttributes.orderType", "new", "message-attributes.trace_id", "7"))
                .reader();
        assertThat(reader.group("message-attributes"))
                .containsOnly(Map.entry("orderType", "new"), Map.entry("trace_id", "7"));
        reader.finish();
    }

    private static List<ConfigException.Problem> problems(Map<String, String> values) {
        SettingsReader read = Settings.of("sample", values).reader();
        read.bind(ConsumerOptions.class);
        return catchThrowableOfType(ConfigException.class, read::finish).problems();
    }

    @Test
    void severalValuesThatARecordRefuses_areReportedEachByItsKey() {
        assertThat(problems(
                        Map.of("batch-size", "0", "max-in-flight", "0", "close-timeout", "abc", "max-lease", "-1s")))
                .extracting(ConfigException.Problem::key)
                .containsExactlyInAnyOrder("batch-size", "max-in-flight", "close-timeout", "max-lease");
        assertThat(problems(Map.of("batch-size", "0", "max-in-flight", "0", "retry.max-retries", "-1")))
                .extracting(Object::toString)
                .containsExactlyInAnyOrder(
                        "batch-size = \"0\" (map): batch-size must be at least 1, but is 0",
                        "max-in-flight = \"0\" (map): max-in-flight must be at least 1, but is 0",
                        "retry.max-retries = \"-1\" (map): max-retries must not be negative, but is -1");
    }

    /** As in a login: none of them can be alone, and a bad number has nothing to do with it. */
    public record Login(@Nullable String user, @Nullable Secret password, boolean signs, int port) {
        public Login {
            if ((user == null) != (password == null)) {
                throw new IllegalArgumentException("user and password come together");
            }
            if (signs && user == null) {
                throw new IllegalArgumentException("signs needs a user");
            }
            if (port < 1) {
                throw new IllegalArgumentException("port must be at least 1, but is " + port);
            }
        }

        public static Login defaults() {
            return new Login(null, null, false, 1);
        }
    }

    private static List<String> login(Map<String, String> values) {
        SettingsReader read = Settings.of("sample", values).reader();
        read.bind(Login.class);
        ConfigException e = catchThrowableOfType(ConfigException.class, read::finish);
        return e == null
                ? List.of()
                : e.problems().stream().map(Object::toString).toList();
    }

    @Test
    void valuesThatNeedEachOther_areNoProblemOfTheirOwn() {
        assertThat(login(Map.of("user", "u", "password", "s3cret", "signs", "true")))
                .isEmpty();
        assertThat(login(Map.of("user", "u", "password", "s3cret", "signs", "true", "port", "0")))
                .containsExactly("port = \"0\" (map): port must be at least 1, but is 0");
        assertThat(login(Map.of("user", "u", "signs", "true", "port", "0")))
                .containsExactly(
                        "user: user and password come together",
                        "port = \"0\" (map): port must be at least 1, but is 0");
    }

    @Test
    void valuesThatDontFitTogether_areReportedWithTheirKeys() {
        assertThatThrownBy(() -> bind(Map.of("retry.initial-delay", "3s", "retry.max-delay", "2s", "count", "-1")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(
                        "retry.initial-delay, retry.max-delay: max-delay must not be shorter than initial-delay")
                .hasMessageContaining("count = \"-1\"");
    }

    @ParameterizedTest
    @CsvSource({
        "wait-time-seconds, wait-time",
        "visibility-timeout-seconds, visibility-timeout",
        "ack-deadline-seconds, ack-deadline",
        "session-timeout-ms, session-timeout",
        "heartbeat-interval-ms, heartbeat-interval",
        "max-poll-interval-millis, max-poll-interval",
        "linger-ms, linger",
        "linger_ms, linger"
    })
    void nameWithItsUnit_isTakenForTheOneWithout(String given, String meant) {
        SettingsReader read = Settings.of("sample", Map.of(given, "1")).reader();
        List.of("wait-time", "visibility-timeout", "ack-deadline", "session-timeout", "heartbeat-interval")
                .forEach(read::text);
        List.of("max-poll-interval", "linger", "retries", "timeout").forEach(read::text);
        assertThatThrownBy(read::finish)
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("did you mean " + meant + "?");
    }

    @Test
    void addressThatIsRefused_isNotShown() {
        SettingsReader read = Settings.of("sample", Map.of("queue-url", "https://user:s3cret@host/q"))
                .reader();
        read.problem("queue-url", "must be something else");
        assertThatThrownBy(read::finish)
                .hasMessageContaining("queue-url")
                .hasMessageContaining("something else")
                .hasMessageNotContaining("s3cret");
    }

    @Test
    void whatTheBuilderRefuses_isReportedWithTheRest_byItsKey() {
        SettingsReader read =
                Settings.of("sample", Map.of("db-url", "u:s3cret", "flga", "x")).reader();
        read.text("db-url");
        read.read("flag", Boolean.class, null);
        assertThatThrownBy(() -> read.finish(() -> {
                    throw new IllegalArgumentException("dbUrl must not have flag");
                }))
                .isInstanceOfSatisfying(
                        ConfigException.class,
                        e -> assertThat(e.problems())
                                .extracting(Object::toString)
                                .containsExactly(
                                        "db-url: db-url must not have flag", "flga: is not known; did you mean flag?"));
    }

    @Test
    void whatTheBuilderRefuses_becauseAValueWasRefusedBefore_isNotReported() {
        SettingsReader read = Settings.of("sample", Map.of()).reader();
        read.requiredText("db-url");
        assertThatThrownBy(() -> read.finish(() -> {
                    throw new IllegalArgumentException("dbUrl must be set");
                }))
                .isInstanceOf(ConfigException.class)
                .hasMessage("sample: db-url: is missing");
    }

    @Test
    void finish_returnsWhatWasBuilt() {
        assertThat(Settings.of("sample", Map.of()).reader().finish(() -> "built"))
                .isEqualTo("built");
    }

    private static SettingsReader given(Map<String, String> values, Map<String, String> variables) {
        return Settings.of("sample", values).withEnvironment(variables).reader();
    }

    private static void alternatives(SettingsReader read) {
        read.alternatives(List.of("nodes"), List.of("sentinels"), List.of("host", "port"));
    }

    @Test
    void alternative_ofASourceThatGoesFirst_leavesTheOthersOut() {
        SettingsReader read = given(
                Map.of("port", "1"),
                Map.of("PYTHIA_SAMPLE_HOST", "h", "PYTHIA_SAMPLE_NODES", "n", "PYTHIA_SAMPLE_SENTINELS", "s"));
        alternatives(read);
        assertThat(read.text("nodes")).isNull();
        assertThat(read.text("sentinels")).isNull();
        assertThat(read.text("host")).isEqualTo("h");
        assertThat(read.text("port")).isEqualTo("1");
        read.finish();
    }

    @Test
    void alternatives_ofOneSource_areAProblemThatNamesBoth() {
        SettingsReader map = given(Map.of("host", "h", "nodes", "n"), Map.of("PYTHIA_SAMPLE_SENTINELS", "s"));
        alternatives(map);
        List.of("nodes", "host", "port").forEach(map::text);
        assertThatThrownBy(map::finish)
                .hasMessage("sample: nodes, host: exclude each other: only one of them can be set");
        SettingsReader environment = given(Map.of(), Map.of("PYTHIA_SAMPLE_SENTINELS", "s", "PYTHIA_SAMPLE_PORT", "1"));
        alternatives(environment);
        assertThatThrownBy(environment::finish).hasMessageContaining("sentinels, port: exclude each other");
    }

    @Test
    void alternative_ofTheMap_goesBeforeThatOfAFile(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("orders.properties"), "nodes=n\n");
        SettingsReader read = Settings.of("sample", Map.of("host", "h"))
                .withFile(file)
                .withEnvironment(Map.of("PYTHIA_SAMPLE_PORT", "1"))
                .reader();
        alternatives(read);
        assertThat(read.text("nodes")).isNull();
        assertThat(read.text("host")).isEqualTo("h");
        read.text("port");
        read.finish();
    }

    @Test
    void certificates_goBeforeAWordAgainstThem_ofASourceBehind() {
        Map<String, String> off = Map.of("PYTHIA_SAMPLE_TLS_ENABLED", "False");
        SettingsReader read = given(Map.of("tls.ca-file", "ca.pem"), off);
        assertThat(read.hasCertificates("tls-enabled", "false")).isTrue();
        assertThat(read.text("tls-enabled")).isNull();
        SettingsReader same = given(Map.of("tls.ca-file", "ca.pem", "tls-enabled", "false"), Map.of());
        assertThat(same.hasCertificates("tls-enabled", "false")).isTrue();
        assertThat(same.text("tls-enabled")).isEqualTo("false");
        SettingsReader first = given(Map.of("tls-enabled", "false"), Map.of("PYTHIA_SAMPLE_TLS_CA_FILE", "ca.pem"));
        assertThat(first.hasCertificates("tls-enabled", "false")).isTrue();
        assertThat(first.text("tls-enabled")).isEqualTo("false");
        assertThat(given(Map.of(), off).hasCertificates("tls-enabled", "false")).isFalse();
    }
}
