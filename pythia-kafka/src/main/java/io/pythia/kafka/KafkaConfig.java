package io.pythia.kafka;

import io.pythia.Secret;
import io.pythia.TlsConfig;
import io.pythia.spi.NativeProperties;
import io.pythia.spi.Setting;
import io.pythia.spi.Settings;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How to reach a Kafka cluster, and how its client works. Immutable. Everything that is not here can be given in {@code properties} by the
 * client's own name.
 *
 * @param bootstrapServers the first brokers to ask, {@code host:port} with commas between; {@code bootstrap.servers}
 * @param clientId a name for the broker's log, null for none; {@code client.id}
 * @param securityProtocol how the connection is secured; {@code security.protocol}
 * @param saslMechanism PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512 (others by {@code properties}); {@code sasl.mechanism}
 * @param saslUsername the user, null for none; part of {@code sasl.jaas.config}
 * @param saslPassword the password, null for none; part of {@code sasl.jaas.config}
 * @param tls certificates, null for those of the JDK; in settings and in the builder they turn the default protocol into SSL; not
 *     used with a protocol that is set and does not encrypt
 * @param sessionTimeout how long the group waits for a sign of life of a consumer, null for the default of the client (classic protocol
 *     only); {@code session.timeout.ms}
 * @param heartbeatInterval how often a consumer gives a sign of life, null for the default of the client (classic protocol only);
 *     {@code heartbeat.interval.ms}
 * @param maxPollInterval how long this library's poll thread may be stuck; a slow handler does not count; {@code max.poll.interval.ms}
 * @param autoOffsetReset where a group begins without a position; done by this library, {@code auto.offset.reset} is always none
 * @param acks who must have a record before it counts as sent; {@code acks}
 * @param retries how often the client itself sends again within the send timeout; {@code retries}
 * @param idempotence whether the broker drops what the client sends twice; {@code enable.idempotence}
 * @param batchSize of a producer: bytes of a batch of records to one partition; {@code batch.size}
 * @param linger how long a record waits for others to fill a batch; {@code linger.ms}
 * @param bufferMemory bytes that the client keeps unsent; {@code buffer.memory}
 * @param compression none, gzip, snappy, lz4 or zstd; {@code compression.type}
 * @param requestTimeout how long one request may take; {@code request.timeout.ms}
 * @param properties the client's own settings, by their own names, for consumer and producer
 */
public record KafkaConfig(
        @Setting(value = "The first brokers to ask, host:port with commas between", nativeName = "bootstrap.servers")
        String bootstrapServers,

        @Setting(value = "A name for the broker's log", nativeName = "client.id") @Nullable
        String clientId,

        @Setting(value = "How the connection is secured", nativeName = "security.protocol")
        SecurityProtocol securityProtocol,

        @Setting(value = "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512", nativeName = "sasl.mechanism")
        String saslMechanism,

        @Setting(value = "The user", nativeName = "sasl.jaas.config") @Nullable
        String saslUsername,

        @Setting(value = "The password", nativeName = "sasl.jaas.config") @Nullable
        Secret saslPassword,

        @Setting(
                value = "Certificates; default: those of the JDK; makes ssl the default of security-protocol",
                nativeName = "ssl.*")
        @Nullable
        TlsConfig tls,

        @Setting(
                value = "How long the group waits for a sign of life (classic protocol)",
                nativeName = "session.timeout.ms")
        @Nullable
        Duration sessionTimeout,

        @Setting(
                value = "How often a consumer gives a sign of life (classic protocol)",
                nativeName = "heartbeat.interval.ms")
        @Nullable
        Duration heartbeatInterval,

        @Setting(
                value = "How long the poll thread may be stuck; a slow handler does not count",
                nativeName = "max.poll.interval.ms")
        Duration maxPollInterval,

        @Setting("Where a group begins without a position: earliest, latest or none")
        AutoOffsetReset autoOffsetReset,

        @Setting(
                value = "Who must have a record before it counts as sent: all, leader (or 1), none (or 0)",
                nativeName = "acks")
        Acks acks,

        @Setting(value = "How often the client sends again within the send timeout", nativeName = "retries")
        int retries,

        @Setting(value = "Whether the broker drops what the client sends twice", nativeName = "enable.idempotence")
        boolean idempotence,

        @Setting(value = "Of a producer: bytes of a batch of records to one partition", nativeName = "batch.size")
        int batchSize,

        @Setting(value = "How long a record waits for others to fill a batch", nativeName = "linger.ms")
        Duration linger,

        @Setting(value = "Bytes that the client keeps unsent", nativeName = "buffer.memory")
        long bufferMemory,

        @Setting(value = "none, gzip, snappy, lz4 or zstd", nativeName = "compression.type")
        String compression,

        @Setting(value = "How long one request may take", nativeName = "request.timeout.ms")
        Duration requestTimeout,

        @Setting("The client's own settings, by their own names: properties.max.poll.records=1000")
        Map<String, String> properties) {

    private static final Set<String> OWNED = Set.of(
            "bootstrap.servers",
            "group.id",
            "enable.auto.commit",
            "auto.offset.reset",
            "key.serializer",
            "value.serializer",
            "key.deserializer",
            "value.deserializer",
            "acks",
            "enable.idempotence",
            "retries",
            "delivery.timeout.ms",
            "max.block.ms",
            "group.protocol",
            "group.instance.id",
            "allow.auto.create.topics",
            "transactional.id");

    private static final List<String> COMPRESSIONS = List.of("none", "gzip", "snappy", "lz4", "zstd");

    /** Checks each value. */
    public KafkaConfig {
        Objects.requireNonNull(securityProtocol, "securityProtocol");
        Objects.requireNonNull(saslMechanism, "saslMechanism");
        Objects.requireNonNull(autoOffsetReset, "autoOffsetReset");
        Objects.requireNonNull(acks, "acks");
        Objects.requireNonNull(compression, "compression");
        properties = NativeProperties.copyOf(properties);
        require(!bootstrapServers.isBlank(), "bootstrapServers", "must name at least one host:port");
        require(
                Arrays.stream(bootstrapServers.split(",")).allMatch(KafkaConfig::hasPort),
                "bootstrapServers",
                "must be host:port, with commas between; a port is between 1 and 65535");
        require((saslUsername == null) == (saslPassword == null), "saslUsername", "and saslPassword come together");
        require(
                saslUsername == null || isSasl(securityProtocol),
                "saslUsername",
                "needs SASL_SSL or SASL_PLAINTEXT as securityProtocol, but it is " + securityProtocol);
        require(
                !isSasl(securityProtocol)
                        || saslUsername != null
                        || properties.keySet().stream().anyMatch(name -> name.startsWith("sasl.")),
                "securityProtocol",
                "needs saslUsername and saslPassword with " + securityProtocol
                        + ", or properties that begin with sasl.");
        require(COMPRESSIONS.contains(compression), "compression", "must be one of " + COMPRESSIONS);
        positive("sessionTimeout", sessionTimeout);
        positive("heartbeatInterval", heartbeatInterval);
        positive("maxPollInterval", maxPollInterval);
        positive("requestTimeout", requestTimeout);
        require(!linger.isNegative(), "linger", "must not be negative, but is " + linger);
        require(retries >= 0, "retries", "must not be negative, but is " + retries);
        require(batchSize >= 0, "batchSize", "must not be negative, but is " + batchSize);
        require(bufferMemory > 0, "bufferMemory", "must be more than zero, but is " + bufferMemory);
        // The client turns idempotence off in silence if these contradict it.
        require(
                !idempotence || acks == Acks.ALL,
                "idempotence",
                "needs acks=all, but it is " + acks
                        + "; set idempotence to false if duplicates and losses are acceptable");
        require(!idempotence || retries > 0, "idempotence", "needs retries of at least 1");
        for (String name : properties.keySet()) {
            require(
                    !OWNED.contains(name),
                    "properties",
                    "must not have " + name
                            + ": this library sets it; there is a setting for it where it can be changed");
        }
    }

    /** Returns the defaults, which stand here and nowhere else; {@code bootstrapServers} is {@code localhost:9092}. */
    public static KafkaConfig defaults() {
        return new KafkaConfig(
                "localhost:9092",
                null,
                SecurityProtocol.PLAINTEXT,
                "PLAIN",
                null,
                null,
                null,
                null,
                null,
                Duration.ofMinutes(5),
                AutoOffsetReset.EARLIEST,
                Acks.ALL,
                Integer.MAX_VALUE,
                true,
                16_384,
                Duration.ofMillis(10),
                32L << 20,
                "none",
                Duration.ofSeconds(10),
                Map.of());
    }

    /** Returns a builder that begins with the defaults. */
    public static Builder builder() {
        return new Builder(defaults());
    }

    /** Returns a builder that begins with these values. */
    public Builder toBuilder() {
        return new Builder(this);
    }

    private static boolean hasPort(String server) {
        String port = server.substring(server.lastIndexOf(':') + 1).strip();
        return server.strip().indexOf(':') > 0
                && port.matches("[0-9]{1,5}")
                && Integer.parseInt(port) >= 1
                && Integer.parseInt(port) <= 65_535;
    }

    private static boolean isSasl(SecurityProtocol protocol) {
        return protocol == SecurityProtocol.SASL_PLAINTEXT || protocol == SecurityProtocol.SASL_SSL;
    }

    boolean isTls() {
        return securityProtocol == SecurityProtocol.SSL || securityProtocol == SecurityProtocol.SASL_SSL;
    }

    private static void positive(String name, @Nullable Duration value) {
        require(
                value == null || (!value.isNegative() && !value.isZero()),
                name,
                "must be more than zero, but is " + value);
    }

    private static void require(boolean ok, String setting, String problem) {
        if (!ok) {
            throw new IllegalArgumentException(setting + " " + problem);
        }
    }

    /** Builds configurations. Not thread-safe. */
    public static final class Builder {
        private String bootstrapServers;
        private @Nullable String clientId;
        private @Nullable SecurityProtocol securityProtocol;
        private String saslMechanism;
        private @Nullable String saslUsername;
        private @Nullable Secret saslPassword;
        private @Nullable TlsConfig tls;
        private @Nullable Duration sessionTimeout;
        private @Nullable Duration heartbeatInterval;
        private Duration maxPollInterval;
        private AutoOffsetReset autoOffsetReset;
        private Acks acks;
        private int retries;
        private boolean idempotence;
        private int batchSize;
        private Duration linger;
        private long bufferMemory;
        private String compression;
        private Duration requestTimeout;
        private Map<String, String> properties;

        private Builder(KafkaConfig from) {
            bootstrapServers = from.bootstrapServers;
            clientId = from.clientId;
            // A configuration does not keep whether PLAINTEXT was said in so many words, but with certificates it was.
            boolean said = from.securityProtocol != SecurityProtocol.PLAINTEXT || from.tls != null;
            securityProtocol = said ? from.securityProtocol : null;
            saslMechanism = from.saslMechanism;
            saslUsername = from.saslUsername;
            saslPassword = from.saslPassword;
            tls = from.tls;
            sessionTimeout = from.sessionTimeout;
            heartbeatInterval = from.heartbeatInterval;
            maxPollInterval = from.maxPollInterval;
            autoOffsetReset = from.autoOffsetReset;
            acks = from.acks;
            retries = from.retries;
            idempotence = from.idempotence;
            batchSize = from.batchSize;
            linger = from.linger;
            bufferMemory = from.bufferMemory;
            compression = from.compression;
            requestTimeout = from.requestTimeout;
            properties = from.properties;
        }

        /** Sets: the first brokers to ask, {@code host:port} with commas between. Default: {@code localhost:9092}. */
        public Builder bootstrapServers(String value) {
            bootstrapServers = value;
            return this;
        }

        /** Sets: a name for the broker's log. Default: none. */
        public Builder clientId(@Nullable String value) {
            clientId = value;
            return this;
        }

        /** Sets: how the connection is secured. Default: PLAINTEXT, with certificates SSL. */
        public Builder securityProtocol(SecurityProtocol value) {
            securityProtocol = value;
            return this;
        }

        /** Sets it by its name: {@code PLAINTEXT}, {@code SSL}, {@code SASL_PLAINTEXT} or {@code SASL_SSL}. */
        public Builder securityProtocol(String value) {
            return securityProtocol(Settings.constant("securityProtocol", SecurityProtocol.class, value));
        }

        /** Sets: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512. Default: PLAIN. */
        public Builder saslMechanism(String value) {
            saslMechanism = value;
            return this;
        }

        /** Sets: the user. Default: none. */
        public Builder saslUsername(@Nullable String value) {
            saslUsername = value;
            return this;
        }

        /** Sets: the password. Default: none. */
        public Builder saslPassword(@Nullable Secret value) {
            saslPassword = value;
            return this;
        }

        /** Sets: certificates, and the protocol SSL if none is set; not used with one that does not encrypt. Default: those of the JDK. */
        public Builder tls(@Nullable TlsConfig value) {
            tls = value;
            return this;
        }

        /** Sets: how long the group waits for a sign of life. Default: the client's, 45 s. */
        public Builder sessionTimeout(@Nullable Duration value) {
            sessionTimeout = value;
            return this;
        }

        /** Sets: how often a consumer gives a sign of life. Default: the client's, 3 s. */
        public Builder heartbeatInterval(@Nullable Duration value) {
            heartbeatInterval = value;
            return this;
        }

        /** Sets: how long the poll thread may be stuck. Default: 5 min. */
        public Builder maxPollInterval(Duration value) {
            maxPollInterval = value;
            return this;
        }

        /** Sets: where a group begins without a position. Default: earliest. */
        public Builder autoOffsetReset(AutoOffsetReset value) {
            autoOffsetReset = value;
            return this;
        }

        /** Sets it by its name: {@code earliest}, {@code latest} or {@code none}. */
        public Builder autoOffsetReset(String value) {
            return autoOffsetReset(Settings.constant("autoOffsetReset", AutoOffsetReset.class, value));
        }

        /** Sets: who must have a record before it counts as sent. Default: all. */
        public Builder acks(Acks value) {
            acks = value;
            return this;
        }

        /** Sets it by its name: {@code all}, {@code leader} or {@code none}, or as Kafka has it, {@code 1} and {@code 0} for the last two. */
        public Builder acks(String value) {
            return acks(Settings.constant("acks", Acks.class, value));
        }

        /** Sets: how often the client sends again within the send timeout. Default: no limit but that. */
        public Builder retries(int value) {
            retries = value;
            return this;
        }

        /** Sets: whether the broker drops what the client sends twice. Default: true. */
        public Builder idempotence(boolean value) {
            idempotence = value;
            return this;
        }

        /** Sets: bytes of a batch of records to one partition. Default: 16,384. */
        public Builder batchSize(int value) {
            batchSize = value;
            return this;
        }

        /** Sets: how long a record waits for others to fill a batch. Default: 10 ms. */
        public Builder linger(Duration value) {
            linger = value;
            return this;
        }

        /** Sets: bytes that the client keeps unsent. Default: 32 MiB. */
        public Builder bufferMemory(long value) {
            bufferMemory = value;
            return this;
        }

        /** Sets: none, gzip, snappy, lz4 or zstd. Default: none. */
        public Builder compression(String value) {
            compression = value;
            return this;
        }

        /** Sets: how long one request may take. Default: 10 s. */
        public Builder requestTimeout(Duration value) {
            requestTimeout = value;
            return this;
        }

        /** Sets: the client's own settings, by their own names. Default: none. */
        public Builder properties(Map<String, String> value) {
            properties = value;
            return this;
        }

        /** Sets the password from text. */
        public Builder saslPassword(String value) {
            return saslPassword(Secret.of(value));
        }

        /** Returns the configuration. */
        public KafkaConfig build() {
            SecurityProtocol byCertificates = tls == null ? SecurityProtocol.PLAINTEXT : SecurityProtocol.SSL;
            return new KafkaConfig(
                    bootstrapServers,
                    clientId,
                    securityProtocol != null ? securityProtocol : byCertificates,
                    saslMechanism,
                    saslUsername,
                    saslPassword,
                    tls,
                    sessionTimeout,
                    heartbeatInterval,
                    maxPollInterval,
                    autoOffsetReset,
                    acks,
                    retries,
                    idempotence,
                    batchSize,
                    linger,
                    bufferMemory,
                    compression,
                    requestTimeout,
                    properties);
        }
    }
}
