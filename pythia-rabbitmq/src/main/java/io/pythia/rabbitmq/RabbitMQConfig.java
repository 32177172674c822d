package io.pythia.rabbitmq;

import com.rabbitmq.client.Address;
import io.pythia.Secret;
import io.pythia.TlsConfig;
import io.pythia.spi.Setting;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How to reach a RabbitMQ broker or cluster. Immutable.
 *
 * @param host the broker, a name or an address; IPv6 in brackets
 * @param port its port; 0 for 5672, with TLS 5671
 * @param addresses several brokers, {@code host} or {@code host:port}, tried in random order; if not empty, in place of {@code host} and {@code port}
 * @param username the user
 * @param password the password
 * @param virtualHost the virtual host
 * @param heartbeat how often both sides give a sign of life; a connection without any for twice that long is lost. From 1 s to 65,535 s
 * @param connectionAttempts how often all addresses are tried before an attempt to connect counts as failed
 * @param retryDelay the pause between these
 * @param sslEnabled whether the connection is encrypted; host names are always verified
 * @param tls certificates, null for those of the JDK; in settings and in the builder they encrypt the connection, unless
 *     {@code sslEnabled} was set to false: they are not used then
 * @param connectionName a name for the broker's log and management, null for that of the consumer or producer
 * @param rpcTimeout how long one request to the broker, for instance to declare a queue, may take
 * @param frameMax the largest frame in bytes, at least 4,096; larger bodies are sent in several; 0 for the broker's
 * @param maxMessageBytes the largest body in bytes: a larger one is not sent, and a received one is rejected as poison
 */
public record RabbitMQConfig(
        @Setting(value = "The broker", nativeName = "host") String host,

        @Setting(value = "Its port; 0: 5672, with TLS 5671", nativeName = "port")
        int port,

        @Setting(
                "Several brokers, host or host:port with commas between, tried in random order; in place of host and port")
        List<String> addresses,

        @Setting(value = "The user", nativeName = "username")
        String username,

        @Setting(value = "The password; default: guest", nativeName = "password")
        Secret password,

        @Setting(value = "The virtual host", nativeName = "virtualHost")
        String virtualHost,

        @Setting(value = "How often both sides give a sign of life", nativeName = "requestedHeartbeat")
        Duration heartbeat,

        @Setting("How often all addresses are tried before an attempt to connect counts as failed")
        int connectionAttempts,

        @Setting("The pause between these") Duration retryDelay,

        @Setting("Whether the connection is encrypted; host names are always verified")
        boolean sslEnabled,

        @Setting("Certificates; default: those of the JDK; turns TLS on, unless ssl-enabled is set to false") @Nullable
        TlsConfig tls,

        @Setting("A name for the broker's log; default: that of the consumer or producer") @Nullable
        String connectionName,

        @Setting(value = "How long one request to the broker may take", nativeName = "channelRpcTimeout")
        Duration rpcTimeout,

        @Setting(value = "The largest frame in bytes; 0: the broker's", nativeName = "requestedFrameMax")
        int frameMax,

        @Setting("The largest body: a larger one is not sent, and a received one is rejected as poison")
        long maxMessageBytes) {

    /** Above this the client itself ends the connection: the most that a broker takes by default. */
    static final int CLIENT_LIMIT = 128 << 20;

    /** The default of {@code maxMessageBytes}. */
    static final long MAX_MESSAGE_BYTES = 16 << 20;

    private static final int PORT = 5672;
    private static final int TLS_PORT = 5671;
    private static final int MAX_PORT = 65_535;
    private static final int SMALLEST_FRAME = 4_096;
    private static final Pattern HOST = Pattern.compile("\\[[0-9a-fA-F:.]{2,50}]|[A-Za-z0-9._-]{1,255}");

    /** Checks each value. */
    public RabbitMQConfig {
        Objects.requireNonNull(password, "password");
        addresses = List.copyOf(addresses);
        require(HOST.matcher(host).matches(), "host", "must be a name or an address, without a port");
        require(port >= 0 && port <= MAX_PORT, "port", "must be between 0 and 65535, but is " + port);
        int portOfTheProtocol = defaultPort(sslEnabled);
        addresses.forEach(each -> address(each, portOfTheProtocol));
        require(!username.isEmpty(), "username", "must not be empty");
        require(!virtualHost.isEmpty(), "virtualHost", "must not be empty; the default one is /");
        long seconds = heartbeat.toSeconds();
        require(seconds >= 1 && seconds <= 65_535, "heartbeat", "must be between 1 s and 65535 s, but is " + heartbeat);
        require(connectionAttempts >= 1, "connectionAttempts", "must be at least 1, but is " + connectionAttempts);
        require(!retryDelay.isNegative(), "retryDelay", "must not be negative, but is " + retryDelay);
        require(
                tls == null || tls.verifyHostname(),
                "tls.verifyHostname",
                "must be true: without it whoever has a certificate of a trusted authority can listen in;"
                        + " give the broker a certificate for the name by which it is reached");
        require(rpcTimeout.toMillis() >= 1, "rpcTimeout", "must be more than zero, but is " + rpcTimeout);
        require(
                frameMax == 0 || frameMax >= SMALLEST_FRAME,
                "frameMax",
                "must be 0 or at least 4096, but is " + frameMax);
        require(
                maxMessageBytes >= 1 && maxMessageBytes <= Integer.MAX_VALUE - 1024,
                "maxMessageBytes",
                "must be between 1 and 2147482623, but is " + maxMessageBytes);
    }

    /** Returns the defaults, which stand here and nowhere else: user and password are {@code guest}, at {@code localhost}. */
    public static RabbitMQConfig defaults() {
        return new RabbitMQConfig(
                "localhost",
                0,
                List.of(),
                "guest",
                Secret.of("guest"),
                "/",
                Duration.ofSeconds(30),
                1,
                Duration.ofSeconds(5),
                false,
                null,
                null,
                Duration.ofSeconds(10),
                0,
                MAX_MESSAGE_BYTES);
    }

    /** Returns a builder that begins with the defaults. */
    public static Builder builder() {
        return new Builder(defaults());
    }

    /** Returns a builder that begins with these values. */
    public Builder toBuilder() {
        return new Builder(this);
    }

    /** Returns the brokers to try. */
    List<Address> brokers() {
        int portOfTheProtocol = defaultPort(sslEnabled);
        return addresses.isEmpty()
                ? List.of(new Address(host, port == 0 ? portOfTheProtocol : port))
                : addresses.stream()
                        .map(each -> address(each, portOfTheProtocol))
                        .toList();
    }

    private static int defaultPort(boolean tls) {
        return tls ? TLS_PORT : PORT;
    }

    /** Returns the time that an attempt to connect may take, all tries of all addresses, and the pauses, included. */
    Duration connectTimeout(Duration ofOneTry) {
        return ofOneTry.multipliedBy(brokers().size())
                .multipliedBy(connectionAttempts)
                .plus(retryDelay.multipliedBy(connectionAttempts - 1L));
    }

    private static Address address(String text, int defaultPort) {
        int colon = text.lastIndexOf(':');
        boolean hasPort = colon > text.lastIndexOf(']');
        String host = hasPort ? text.substring(0, colon) : text;
        int port = hasPort ? 0 : defaultPort;
        if (hasPort) {
            try {
                port = Integer.parseInt(text.substring(colon + 1));
            } catch (NumberFormatException e) {
                // as if it were 0
            }
        }
        require(
                HOST.matcher(host).matches() && port >= 1 && port <= MAX_PORT,
                "addresses",
                "must be host or host:port with commas between; IPv6 in brackets");
        return new Address(host, port);
    }

    private static void require(boolean ok, String setting, String problem) {
        if (!ok) {
            throw new IllegalArgumentException(setting + " " + problem);
        }
    }

    /** Builds configurations. Not thread-safe. */
    public static final class Builder {
        private String host;
        private int port;
        private List<String> addresses;
        private String username;
        private Secret password;
        private String virtualHost;
        private Duration heartbeat;
        private int connectionAttempts;
        private Duration retryDelay;
        private @Nullable Boolean sslEnabled;
        private @Nullable TlsConfig tls;
        private @Nullable String connectionName;
        private Duration rpcTimeout;
        private int frameMax;
        private long maxMessageBytes;

        private Builder(RabbitMQConfig from) {
            host = from.host();
            port = from.port();
            addresses = from.addresses();
            username = from.username();
            password = from.password();
            virtualHost = from.virtualHost();
            heartbeat = from.heartbeat();
            connectionAttempts = from.connectionAttempts();
            retryDelay = from.retryDelay();
            // A configuration does not keep whether "false" was said in so many words, but with certificates it was.
            boolean said = from.sslEnabled() || from.tls() != null;
            sslEnabled = said ? from.sslEnabled() : null;
            tls = from.tls();
            connectionName = from.connectionName();
            rpcTimeout = from.rpcTimeout();
            frameMax = from.frameMax();
            maxMessageBytes = from.maxMessageBytes();
        }

        /** Sets the broker, a name or an address. Default: {@code localhost}. */
        public Builder host(String value) {
            host = value;
            return this;
        }

        /** Sets its port. Default: 0, which is 5672, with TLS 5671. */
        public Builder port(int value) {
            port = value;
            return this;
        }

        /** Sets several brokers, {@code host} or {@code host:port}, in place of host and port. Default: none. */
        public Builder addresses(List<String> value) {
            addresses = value;
            return this;
        }

        /** Sets the user. Default: {@code guest}. */
        public Builder username(String value) {
            username = value;
            return this;
        }

        /** Sets the password. Default: {@code guest}. */
        public Builder password(Secret value) {
            password = value;
            return this;
        }

        /** Sets the virtual host. Default: {@code /}. */
        public Builder virtualHost(String value) {
            virtualHost = value;
            return this;
        }

        /** Sets how often both sides give a sign of life. Default: 30 s. */
        public Builder heartbeat(Duration value) {
            heartbeat = value;
            return this;
        }

        /** Sets how often all addresses are tried before an attempt to connect counts as failed. Default: 1. */
        public Builder connectionAttempts(int value) {
            connectionAttempts = value;
            return this;
        }

        /** Sets the pause between these. Default: 5 s. */
        public Builder retryDelay(Duration value) {
            retryDelay = value;
            return this;
        }

        /** Sets whether the connection is encrypted. Default: whether there are certificates. */
        public Builder sslEnabled(boolean value) {
            sslEnabled = value;
            return this;
        }

        /** Sets certificates, which also encrypts the connection, unless {@link #sslEnabled} is set to false. Default: none. */
        public Builder tls(@Nullable TlsConfig value) {
            tls = value;
            return this;
        }

        /** Sets a name for the broker's log. Default: that of the consumer or producer. */
        public Builder connectionName(@Nullable String value) {
            connectionName = value;
            return this;
        }

        /** Sets how long one request to the broker may take. Default: 10 s. */
        public Builder rpcTimeout(Duration value) {
            rpcTimeout = value;
            return this;
        }

        /** Sets the largest frame in bytes. Default: 0, the broker's. */
        public Builder frameMax(int value) {
            frameMax = value;
            return this;
        }

        /** Sets the largest body in bytes. Default: 16 MiB. */
        public Builder maxMessageBytes(long value) {
            maxMessageBytes = value;
            return this;
        }

        /** Sets the password from text. */
        public Builder password(String value) {
            return password(Secret.of(value));
        }

        /** Returns the configuration. */
        public RabbitMQConfig build() {
            return new RabbitMQConfig(
                    host,
                    port,
                    addresses,
                    username,
                    password,
                    virtualHost,
                    heartbeat,
                    connectionAttempts,
                    retryDelay,
                    sslEnabled != null ? sslEnabled : tls != null,
                    tls,
                    connectionName,
                    rpcTimeout,
                    frameMax,
                    maxMessageBytes);
        }
    }
}
