package io.pythia.redis;

import io.pythia.Secret;
import io.pythia.TlsConfig;
import io.pythia.spi.Setting;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How to reach Redis: one server, a cluster, or a master that sentinels know. Immutable. No client setting is left out on purpose but
 * those by which the client would repeat, keep or lose commands on its own: see the page of this connector.
 *
 * @param host the server; not used with {@code sentinels} or {@code nodes}
 * @param port its port; not used with {@code sentinels} or {@code nodes}
 * @param username the ACL user, null for the server's default user
 * @param password the password, null for none
 * @param db the database's number; 0 in a cluster
 * @param sentinels the sentinels, each {@code host:port}; empty for none
 * @param sentinelMaster the name by which the sentinels know the master
 * @param sentinelPassword the sentinels' own password, null for none
 * @param nodes some nodes of a cluster, each {@code host:port}; empty if it is not a cluster
 * @param tlsEnabled whether the connection is encrypted
 * @param tls certificates, null for those of the JDK; in settings and in the builder they encrypt the connection, unless
 *     {@code tlsEnabled} was set to false: they are not used then
 * @param clientName a name for {@code CLIENT LIST}, null for none
 * @param maxConnections how many connections a consumer or a producer may have at once, at least 2
 * @param retryOnTimeout whether a message whose send had no answer (a time-out, or a connection that was lost) is sent again, so that it
 *     may be there twice; otherwise its future fails as uncertain
 * @param socketKeepalive whether the system probes idle connections, after 30 s and then each 10 s
 * @param socketConnectTimeout how long one TCP connection may take
 * @param socketTimeout how long a blocking read may be silent beyond its block time before the connection counts as dead
 * @param responseTimeout how long a connection may owe an answer before it counts as dead
 * @param maxMessageBytes larger bodies are refused before they are sent; the server's own limit is {@code proto-max-bulk-len}
 */
public record RedisConfig(
        @Setting("The server; not used with sentinels or nodes")
        String host,

        @Setting("Its port; not used with sentinels or nodes")
        int port,

        @Setting("The ACL user; default: the server's default user") @Nullable
        String username,

        @Setting("The password") @Nullable Secret password,

        @Setting("The database's number; 0 in a cluster") int db,

        @Setting("The sentinels, host:port with commas between")
        List<String> sentinels,

        @Setting("The name by which the sentinels know the master")
        String sentinelMaster,

        @Setting("The sentinels' own password") @Nullable Secret sentinelPassword,

        @Setting("Some nodes of a cluster, host:port with commas between")
        List<String> nodes,

        @Setting("Whether the connection is encrypted") boolean tlsEnabled,

        @Setting("Certificates; default: those of the JDK; turns TLS on, unless tls-enabled is set to false") @Nullable
        TlsConfig tls,

        @Setting("A name for CLIENT LIST") @Nullable String clientName,

        @Setting("How many connections a consumer or a producer may have at once")
        int maxConnections,

        @Setting("Whether a message whose send had no answer is sent again, and may then be there twice")
        boolean retryOnTimeout,

        @Setting("Whether the system probes idle connections")
        boolean socketKeepalive,

        @Setting("How long one TCP connection may take") Duration socketConnectTimeout,

        @Setting("How long a blocking read may be silent beyond its block time")
        Duration socketTimeout,

        @Setting("How long a connection may owe an answer before it counts as dead")
        Duration responseTimeout,

        @Setting("Larger bodies are refused before they are sent")
        long maxMessageBytes) {

    /** The server's default limit for one value, {@code proto-max-bulk-len}. */
    static final long SERVER_LIMIT = 512L << 20;

    private static final int MAX_PORT = 65_535;

    /** Checks each value. */
    public RedisConfig {
        Objects.requireNonNull(host, "host");
        Objects.requireNonNull(sentinelMaster, "sentinelMaster");
        sentinels = List.copyOf(sentinels);
        nodes = List.copyOf(nodes);
        require(!host.isBlank(), "host", "must not be blank");
        require(port > 0 && port <= MAX_PORT, "port", "must be between 1 and " + MAX_PORT + ", but is " + port);
        require(db >= 0, "db", "must not be negative, but is " + db);
        require(sentinels.isEmpty() || nodes.isEmpty(), "sentinels", "and nodes exclude each other");
        require(nodes.isEmpty() || db == 0, "db", "must be 0 in a cluster, but is " + db);
        require(!sentinelMaster.isBlank(), "sentinelMaster", "must not be blank");
        require(username == null || password != null, "username", "needs a password");
        require(
                maxConnections >= 2,
                "maxConnections",
                "must be at least 2 (a consumer reads and settles), but is " + maxConnections);
        sentinels.forEach(each -> Address.parse("sentinels", each));
        nodes.forEach(each -> Address.parse("nodes", each));
        positive("socketConnectTimeout", socketConnectTimeout);
        positive("socketTimeout", socketTimeout);
        positive("responseTimeout", responseTimeout);
        require(
                maxMessageBytes > 0 && maxMessageBytes <= SERVER_LIMIT,
                "maxMessageBytes",
                "must be between 1 and " + SERVER_LIMIT + ", but is " + maxMessageBytes);
    }

    /** Returns the defaults, which stand here and nowhere else; the address is {@code localhost:6379}. */
    public static RedisConfig defaults() {
        return new RedisConfig(
                "localhost",
                6379,
                null,
                null,
                0,
                List.of(),
                "mymaster",
                null,
                List.of(),
                false,
                null,
                null,
                20,
                true,
                true,
                Duration.ofSeconds(5),
                Duration.ofSeconds(5),
                Duration.ofSeconds(5),
                SERVER_LIMIT);
    }

    /** Returns a builder that begins with the defaults. */
    public static Builder builder() {
        return new Builder(defaults());
    }

    /** Returns a builder that begins with these values. */
    public Builder toBuilder() {
        return new Builder(this);
    }

    boolean isCluster() {
        return !nodes.isEmpty();
    }

    boolean isSentinel() {
        return !sentinels.isEmpty();
    }

    private static void positive(String name, Duration value) {
        require(!value.isNegative() && !value.isZero(), name, "must be more than zero, but is " + value);
    }

    private static void require(boolean ok, String setting, String problem) {
        if (!ok) {
            throw new IllegalArgumentException(setting + " " + problem);
        }
    }

    /** One {@code host:port}; an IPv6 address stands in brackets. */
    record Address(String host, int port) {
        static Address parse(String setting, String text) {
            int colon = text.lastIndexOf(':');
            boolean hasPort = colon > text.lastIndexOf(']');
            String host = hasPort ? text.substring(0, colon) : text;
            String port = hasPort ? text.substring(colon + 1) : "";
            boolean numeric =
                    !port.isEmpty() && port.length() <= 5 && port.chars().allMatch(c -> c >= '0' && c <= '9');
            require(
                    !host.isEmpty()
                            && numeric
                            && Integer.parseInt(port) > 0
                            && Integer.parseInt(port) <= MAX_PORT
                            && host.chars().noneMatch(c -> c == '@' || c == '/' || Character.isWhitespace(c)),
                    setting,
                    "must have host:port for each");
            boolean bracketed = host.startsWith("[") && host.endsWith("]");
            return new Address(bracketed ? host.substring(1, host.length() - 1) : host, Integer.parseInt(port));
        }
    }

    /** Builds configurations. Not thread-safe. */
    public static final class Builder {
        private String host;
        private int port;
        private @Nullable String username;
        private @Nullable Secret password;
        private int db;
        private List<String> sentinels;
        private String sentinelMaster;
        private @Nullable Secret sentinelPassword;
        private List<String> nodes;
        private @Nullable Boolean tlsEnabled;
        private @Nullable TlsConfig tls;
        private @Nullable String clientName;
        private int maxConnections;
        private boolean retryOnTimeout;
        private boolean socketKeepalive;
        private Duration socketConnectTimeout;
        private Duration socketTimeout;
        private Duration responseTimeout;
        private long maxMessageBytes;

        private Builder(RedisConfig from) {
            host = from.host;
            port = from.port;
            username = from.username;
            password = from.password;
            db = from.db;
            sentinels = from.sentinels;
            sentinelMaster = from.sentinelMaster;
            sentinelPassword = from.sentinelPassword;
            nodes = from.nodes;
            // A configuration does not keep whether "false" was said in so many words, but with certificates it was.
            boolean said = from.tlsEnabled || from.tls != null;
            tlsEnabled = said ? from.tlsEnabled : null;
            tls = from.tls;
            clientName = from.clientName;
            maxConnections = from.maxConnections;
            retryOnTimeout = from.retryOnTimeout;
            socketKeepalive = from.socketKeepalive;
            socketConnectTimeout = from.socketConnectTimeout;
            socketTimeout = from.socketTimeout;
            responseTimeout = from.responseTimeout;
            maxMessageBytes = from.maxMessageBytes;
        }

        /** Sets: the server. Default: {@code localhost}. */
        public Builder host(String value) {
            host = value;
            return this;
        }

        /** Sets: its port. Default: 6379. */
        public Builder port(int value) {
            port = value;
            return this;
        }

        /** Sets: the ACL user. Default: the server's default user. */
        public Builder username(@Nullable String value) {
            username = value;
            return this;
        }

        /** Sets: the password. Default: none. */
        public Builder password(@Nullable Secret value) {
            password = value;
            return this;
        }

        /** Sets: the password. */
        public Builder password(String value) {
            return password(Secret.of(value));
        }

        /** Sets: the database's number. Default: 0. */
        public Builder db(int value) {
            db = value;
            return this;
        }

        /** Sets: the sentinels, each {@code host:port}. Default: none. */
        public Builder sentinels(List<String> value) {
            sentinels = value;
            return this;
        }

        /** Sets: the name by which the sentinels know the master. Default: {@code mymaster}. */
        public Builder sentinelMaster(String value) {
            sentinelMaster = value;
            return this;
        }

        /** Sets: the sentinels' own password. Default: none. */
        public Builder sentinelPassword(@Nullable Secret value) {
            sentinelPassword = value;
            return this;
        }

        /** Sets: some nodes of a cluster, each {@code host:port}. Default: none, it is not a cluster. */
        public Builder nodes(List<String> value) {
            nodes = value;
            return this;
        }

        /** Sets: whether the connection is encrypted. Default: whether there are certificates. */
        public Builder tlsEnabled(boolean value) {
            tlsEnabled = value;
            return this;
        }

        /** Sets: certificates, and TLS on, unless {@link #tlsEnabled} is set to false. Default: those of the JDK. */
        public Builder tls(@Nullable TlsConfig value) {
            tls = value;
            return this;
        }

        /** Sets: a name for {@code CLIENT LIST}. Default: none. */
        public Builder clientName(@Nullable String value) {
            clientName = value;
            return this;
        }

        /** Sets: how many connections a consumer or a producer may have at once. Default: 20. */
        public Builder maxConnections(int value) {
            maxConnections = value;
            return this;
        }

        /** Sets: whether a message whose send had no answer is sent again. Default: true. */
        public Builder retryOnTimeout(boolean value) {
            retryOnTimeout = value;
            return this;
        }

        /** Sets: whether the system probes idle connections. Default: true. */
        public Builder socketKeepalive(boolean value) {
            socketKeepalive = value;
            return this;
        }

        /** Sets: how long one TCP connection may take. Default: 5 s. */
        public Builder socketConnectTimeout(Duration value) {
            socketConnectTimeout = value;
            return this;
        }

        /** Sets: how long a blocking read may be silent beyond its block time. Default: 5 s. */
        public Builder socketTimeout(Duration value) {
            socketTimeout = value;
            return this;
        }

        /** Sets: how long a connection may owe an answer before it counts as dead. Default: 5 s. */
        public Builder responseTimeout(Duration value) {
            responseTimeout = value;
            return this;
        }

        /** Sets: larger bodies are refused before they are sent. Default: 512 MiB, the server's own limit. */
        public Builder maxMessageBytes(long value) {
            maxMessageBytes = value;
            return this;
        }

        /**
         * Returns the configuration.
         *
         * @throws IllegalArgumentException naming the setting that can't be
         */
        public RedisConfig build() {
            return new RedisConfig(
                    host,
                    port,
                    username,
                    password,
                    db,
                    sentinels,
                    sentinelMaster,
                    sentinelPassword,
                    nodes,
                    tlsEnabled != null ? tlsEnabled : tls != null,
                    tls,
                    clientName,
                    maxConnections,
                    retryOnTimeout,
                    socketKeepalive,
                    socketConnectTimeout,
                    socketTimeout,
                    responseTimeout,
                    maxMessageBytes);
        }
    }
}
