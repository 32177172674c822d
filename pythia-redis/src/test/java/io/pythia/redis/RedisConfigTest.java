package io.pythia.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisConnectionException;
import io.lettuce.core.RedisException;
import io.pythia.BrokerAuthenticationException;
import io.pythia.BrokerConnectionException;
import io.pythia.BrokerException;
import io.pythia.Brokers;
import io.pythia.ConfigException;
import io.pythia.MessageException;
import io.pythia.Secret;
import io.pythia.TlsConfig;
import io.pythia.UncertainSendException;
import io.pythia.spi.Settings;
import java.net.URI;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class RedisConfigTest {

    @Test
    void contradictions_areRefused() {
        assertThatThrownBy(() -> RedisConfig.builder().port(0).build()).hasMessageContaining("port");
        assertThatThrownBy(() -> RedisConfig.builder().db(-1).build()).hasMessageContaining("db");
        assertThatThrownBy(
                        () -> RedisConfig.builder().nodes(List.of("a:1")).db(1).build())
                .hasMessageContaining("db");
        assertThatThrownBy(() -> RedisConfig.builder()
                        .nodes(List.of("a:1"))
                        .sentinels(List.of("b:1"))
                        .build())
                .hasMessageContaining("sentinels");
        assertThatThrownBy(() -> RedisConfig.builder().username("u").build()).hasMessageContaining("password");
        assertThatThrownBy(() -> RedisConfig.builder().maxConnections(1).build())
                .hasMessageContaining("maxConnections");
        assertThatThrownBy(() -> RedisStreamsProducer.builder().stream("s")
                        .maxLength(1)
                        .minId("1-1")
                        .build())
                .hasMessageContaining("exclude");
        assertThatThrownBy(() -> RedisPubSubConsumer.builder()
                        .patterns("a*")
                        .sharded(true)
                        .build())
                .hasMessageContaining("sharded");
        assertThatThrownBy(() -> RedisStreamsConsumer.builder().stream("s").build())
                .hasMessageContaining("consumerGroup");
        RedisConfig config = RedisConfig.builder().password(Secret.of("canary")).build();
        assertThat(config.toString()).doesNotContain("canary");
        assertThat(config.toBuilder().build()).isEqualTo(config);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "host", "host:", "host:x", "host:0", "host:70000", ":1", "a b:1", "u@h:1", "h/x:1"})
    void addressesThatAreNone_areRefused(String address) {
        assertThatThrownBy(() -> RedisConfig.builder().nodes(List.of(address)).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("host:port");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "a\nb", "a\u0000"})
    void namesThatCantBeMeant_areRefused(String name) {
        assertThatThrownBy(() -> RedisStreamsProducer.builder().stream(name))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> RedisListProducer.builder().queue(name)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> RedisPubSubProducer.builder().channel(name))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "redis-streams://localhost:6379/orders?consumer-group=billing&consumer-name=w1",
                "redis://default:pass%23word@localhost/orders?consumer-group=g&db=3&claim-min-idle=5s",
                "redis-streams://h1:1,h2:2/orders?consumer-group=g&no-group=fail&no-ack=true",
                "redis-streams://h1:1,h2:2/orders?consumer-group=g&sentinel-master=main",
                "redis-streams://[::1]:6379/orders?consumer-group=g&tls.verify-hostname=true",
                "redis-pubsub://localhost:6379/orders,events",
                "redis-pubsub://localhost:6379/?patterns=user.*&overflow=drop-oldest",
                "redis-list://localhost:6379/task_queue?timeout=10s&guarantee=at-most-once",
                "redis-list://localhost:6379/urgent,normal?order=lifo&nack-target=tail"
            })
    void url_becomesAConsumer(String url) {
        assertThat(Brokers.load().consumer(URI.create(url)).name()).startsWith("redis-");
    }

    @Test
    void url_becomesAProducer() {
        for (String url : List.of(
                "redis-streams://localhost:6379/orders?consumer-group=billing&max-length=10000&approximate=false",
                "redis-pubsub://localhost:6379/orders?require-receivers=true",
                "redis-list://localhost:6379/task_queue?max-length=5&overflow=drop-oldest")) {
            assertThat(Brokers.load().producer(URI.create(url)).name()).startsWith("redis-");
        }
    }

    /** Regression 46, M17, M18: the password is never taken for the host, and never told. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "redis-streams://u:can#ary@h:1/s?consumer-group=g",
                "redis-streams://u:can@ary@h:1/s?consumer-group=g",
                "redis-streams://u:can:ary@h:1/s?consumer-group=g",
                "redis-streams://u:canary@h:99999/s?consumer-group=g",
                "redis-streams://u:canary@h:1/s?consumer-grup=g"
            })
    void urlThatIsOdd_isRefused_withoutItsPassword(String url) {
        assertThatThrownBy(() -> Brokers.load().consumer(URI.create(url)))
                .isInstanceOf(ConfigException.class)
                .satisfies(e -> {
                    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
                        assertThat(cause.toString()).doesNotContain("canary", "ary@", "#ary", ":ary");
                    }
                });
    }

    @Test
    void settings_allProblemsAtOnce() {
        assertThatThrownBy(() -> Brokers.load()
                        .consumer("redis-list", Map.of("queu", "q", "timeout", "soon", "port", "0", "order", "random")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("did you mean queue")
                .hasMessageContaining("timeout")
                .hasMessageContaining("order");
    }

    static Stream<RedisErrors.Row> rows() {
        return RedisErrors.TABLE.stream();
    }

    @ParameterizedTest
    @MethodSource("rows")
    void everyRowOfTheTable_isReached(RedisErrors.Row row) {
        Throwable error = Stream.of(
                        new RedisCommandExecutionException(row.what() + " said so"),
                        new CertificateException("said so"),
                        new SSLHandshakeException("said so"),
                        new io.lettuce.core.RedisCommandTimeoutException("said so"),
                        new TimeoutException("said so"),
                        new CancellationException("said so"),
                        new java.io.IOException("said so"),
                        new RedisException("said so"))
                .filter(e -> RedisErrors.TABLE.stream()
                                .filter(r -> r.matches().test(e))
                                .findFirst()
                                .orElse(null)
                        == row)
                .findFirst()
                .orElseThrow(() -> new AssertionError("nothing reaches the row " + row.what()));
        assertThat(RedisErrors.translate("doing something", error))
                .hasMessageContaining("doing something")
                .hasMessageContaining("said so")
                .hasMessageContaining(row.advice())
                .hasCause(error);
        assertThat(RedisErrors.endsSession(error)).isEqualTo(row.endsSession());
    }

    @Test
    void whatIsDeepInside_isFound() {
        Throwable refused = new RedisConnectionException(
                "Unable to connect", new RedisCommandExecutionException("WRONGPASS invalid username-password pair"));
        assertThat(RedisErrors.translate("connecting", refused)).isInstanceOf(BrokerAuthenticationException.class);
        Throwable away = new RedisConnectionException("Unable to connect", new java.net.ConnectException("refused"));
        assertThat(RedisErrors.translate("connecting", away))
                .isInstanceOf(BrokerConnectionException.class)
                .hasMessageContaining("refused");
    }

    /** A server before 7 says first in which script an error came, one from 7 on last. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "%s said so",
                "%s said so script: 82cdd3d7ab6b96f9a5947917c9f163ca06cc907a, on @user_script:1.",
                "ERR Error running script (call to f_82cdd3d7ab6b96f9a5947917c9f163ca06cc907a): @user_script:4: @user_script: 4: -%s said so",
                "ERR Error running script (call to f_82cdd3d7ab6b96f9a5947917c9f163ca06cc907a): @user_script:14: %s said so"
            })
    void errorsInScripts_areThoseOfTheirCommands(String answer) {
        Throwable gone = new RedisCommandExecutionException(String.format(answer, "NOGROUP"));
        assertThat(StreamGroup.isGone(RedisErrors.translate("claiming", gone))).isTrue();
        Throwable replica = new RedisCommandExecutionException(String.format(answer, "READONLY"));
        assertThat(RedisErrors.endsSession(replica)).isTrue();
        assertThat(RedisErrors.translate("claiming", replica)).isInstanceOf(BrokerConnectionException.class);
        Throwable full = new RedisCommandExecutionException(String.format(answer, "OOM"));
        assertThat(RedisErrors.translate("taking", full).isRetryable()).isTrue();
    }

    @Test
    void sends_areCertainOnlyWhereTheServerHasSpoken() {
        BrokerException full = RedisErrors.translateSend(
                "sending", new RedisCommandExecutionException("OOM command not allowed"), true);
        assertThat(full).isInstanceOf(MessageException.class).matches(e -> full.isRetryable());
        BrokerException wrong = RedisErrors.translateSend(
                "sending", new RedisCommandExecutionException("WRONGTYPE Operation against a key"), true);
        assertThat(wrong).isInstanceOf(MessageException.class).matches(e -> !wrong.isRetryable());
        BrokerException moved =
                RedisErrors.translateSend("sending", new RedisCommandExecutionException("MOVED 1 h:1"), true);
        assertThat(moved).isInstanceOf(MessageException.class).matches(e -> moved.isRetryable());
        for (boolean again : new boolean[] {true, false}) {
            BrokerException open = RedisErrors.translateSend("sending", new CancellationException(), again);
            assertThat(open).isInstanceOf(UncertainSendException.class);
            assertThat(open.isRetryable()).isEqualTo(again);
        }
    }

    private static RedisConfig config(Map<String, String> given, Map<String, String> environment) {
        Map<String, String> all = new HashMap<>(given);
        all.put("stream", "s");
        Settings settings = Settings.of("redis-streams", all).withEnvironment(environment);
        return (RedisConfig) assertThat(new RedisStreamsBrokerProvider().producer(settings))
                .extracting("config")
                .actual();
    }

    @Test
    void addressThatWasGiven_goesBeforeThatOfTheEnvironment() {
        for (String other : List.of("NODES", "SENTINELS")) {
            RedisConfig config = config(
                    Map.of("host", "staging", "port", "6379"), Map.of("PYTHIA_REDIS_STREAMS_" + other, "production:1"));
            assertThat(config.nodes()).isEmpty();
            assertThat(config.sentinels()).isEmpty();
            assertThat(config.host()).isEqualTo("staging");
        }
        RedisConfig cluster = config(
                Map.of("nodes", "staging:1"),
                Map.of("PYTHIA_REDIS_STREAMS_SENTINELS", "production:1", "PYTHIA_REDIS_STREAMS_HOST", "production"));
        assertThat(cluster.nodes()).containsExactly("staging:1");
        assertThat(cluster.sentinels()).isEmpty();
        assertThat(config(Map.of(), Map.of("PYTHIA_REDIS_STREAMS_NODES", "a:1")).nodes())
                .containsExactly("a:1");
        assertThatThrownBy(() -> config(Map.of("nodes", "a:1", "host", "b"), Map.of()))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("nodes, host: exclude each other");
        assertThatThrownBy(() -> config(Map.of("nodes", "a:1", "sentinels", "b:1"), Map.of()))
                .isInstanceOfSatisfying(
                        ConfigException.class, e -> assertThat(e.problems()).hasSize(1));
    }

    @Test
    void trimming_thatWasGiven_goesBeforeThatOfTheEnvironment() {
        assertThat(config(Map.of("max-length", "5"), Map.of("PYTHIA_REDIS_STREAMS_MIN_ID", "1-1")))
                .isNotNull();
    }

    @Test
    void certificates_encrypt_unlessItIsSaidThatNothingIsEncrypted() {
        TlsConfig files = TlsConfig.trusting(Path.of("ca.pem"));
        assertThat(RedisConfig.builder().tls(files).build().tlsEnabled()).isTrue();
        assertThat(config(Map.of("tls.ca-file", "ca.pem"), Map.of()).tlsEnabled())
                .isTrue();
        assertThat(config(Map.of("tls.ca-file", "ca.pem"), Map.of("PYTHIA_REDIS_STREAMS_TLS_ENABLED", "false"))
                        .tlsEnabled())
                .isTrue();
        for (RedisConfig config : List.of(
                RedisConfig.builder().tlsEnabled(false).tls(files).build(),
                RedisConfig.builder().tls(files).tlsEnabled(false).build(),
                config(Map.of("tls.ca-file", "ca.pem", "tls-enabled", "false"), Map.of()))) {
            assertThat(config.tlsEnabled()).isFalse();
            assertThat(config.tls()).isEqualTo(files);
            assertThat(config.toBuilder().build()).isEqualTo(config);
        }
    }
}
