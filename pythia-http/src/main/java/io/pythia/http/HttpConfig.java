package io.pythia.http;

import io.pythia.TlsConfig;
import io.pythia.retry.CircuitBreakerConfig;
import io.pythia.retry.RetryConfig;
import io.pythia.spi.Setting;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How the HTTP client works. Immutable. The client follows no redirect, keeps no cookie, sends no request again by itself, and knows no
 * proxy but the one that stands here: neither the environment nor system properties.
 *
 * @param timeout how long one request may take, from the look-up of the host to the last byte of the answer
 * @param maxRetries how often a failed request is made again: by the poller before it waits for its interval, by the webhook sender per URL
 *     and message, if no other schedule is set
 * @param retryDelay the pause before the first of these, then twice as long each time, drawn evenly from zero to its length
 * @param maxConnections how many requests of a webhook sender may be under way at once, in even shares for its URLs; a poller makes one
 *     at a time
 * @param maxKeepaliveConnections how many idle connections are kept
 * @param keepaliveExpiry how long an idle connection is kept
 * @param enableCircuitBreaker whether requests stop for a while after failures in a row; each URL has a breaker of its own
 * @param circuitBreakerThreshold after how many failures in a row
 * @param circuitBreakerTimeout for how long
 * @param maxResponseBytes how much of an answer is read, counted after gunzip; of the headers the client itself reads 256 KiB
 * @param allowPlainHttp whether {@code http:} URLs are allowed, not only {@code https:}
 * @param allowNetworks networks that may be connected to although they are not public: CIDR such as {@code 10.1.0.0/16}, or
 *     {@code loopback}, {@code private}; link-local addresses and those of cloud metadata are never allowed
 * @param proxy an HTTP proxy, {@code host:port}, null for none; it then decides to which address it connects
 * @param tls certificates, null for those of the JDK
 */
public record HttpConfig(
        @Setting("How long one request may take, from the look-up of the host to the last byte")
        Duration timeout,

        @Setting("How often a failed request is made again") int maxRetries,

        @Setting("The pause before the first of these, then twice as long each time, with jitter")
        Duration retryDelay,

        @Setting("How many requests of a webhook sender may be under way at once; each URL has an even share")
        int maxConnections,

        @Setting(value = "How many idle connections are kept", nativeName = "ConnectionPool")
        int maxKeepaliveConnections,

        @Setting(value = "How long an idle connection is kept", nativeName = "ConnectionPool")
        Duration keepaliveExpiry,

        @Setting("Whether requests to a URL stop for a while after failures in a row")
        boolean enableCircuitBreaker,

        @Setting("After how many failures in a row") int circuitBreakerThreshold,

        @Setting("For how long") Duration circuitBreakerTimeout,

        @Setting("How much of an answer is read, counted after gunzip")
        int maxResponseBytes,

        @Setting("Whether http: URLs are allowed, not only https:")
        boolean allowPlainHttp,

        @Setting(
                "Networks that may be connected to although not public: CIDR, loopback or private, with commas between")
        List<String> allowNetworks,

        @Setting(value = "An HTTP proxy, host:port", nativeName = "proxy") @Nullable
        String proxy,

        @Setting(value = "Certificates; default: those of the JDK", nativeName = "sslSocketFactory") @Nullable
        TlsConfig tls) {

    private static final Duration SHORTEST = Duration.ofMillis(1);
    /** The client counts in milliseconds, as an int. */
    private static final Duration LONGEST = Duration.ofDays(24);

    /** Checks each value. */
    public HttpConfig {
        positive("timeout", timeout);
        require(
                timeout.compareTo(SHORTEST) >= 0 && timeout.compareTo(LONGEST) <= 0,
                "timeout",
                "must be between 1 ms and 24 days, but is " + timeout);
        require(maxRetries >= 0, "maxRetries", "must not be negative, but is " + maxRetries);
        require(!retryDelay.isNegative(), "retryDelay", "must not be negative, but is " + retryDelay);
        require(maxConnections > 0, "maxConnections", "must be at least 1, but is " + maxConnections);
        require(
                maxKeepaliveConnections >= 0,
                "maxKeepaliveConnections",
                "must not be negative, but is " + maxKeepaliveConnections);
        positive("keepaliveExpiry", keepaliveExpiry);
        require(keepaliveExpiry.compareTo(LONGEST) <= 0, "keepaliveExpiry", "must be at most 24 days");
        require(
                circuitBreakerThreshold > 0,
                "circuitBreakerThreshold",
                "must be at least 1, but is " + circuitBreakerThreshold);
        positive("circuitBreakerTimeout", circuitBreakerTimeout);
        require(maxResponseBytes > 0, "maxResponseBytes", "must be at least 1, but is " + maxResponseBytes);
        allowNetworks = List.copyOf(allowNetworks);
        allowNetworks.forEach(Networks::of);
        if (proxy != null) {
            ProxyAddress.parse(proxy);
        }
    }

    /** Returns the poller's defaults: 30 s, an answer of up to 1 MiB, the seed's values for the rest. */
    public static HttpConfig defaults() {
        return new HttpConfig(
                Duration.ofSeconds(30),
                3,
                Duration.ofSeconds(1),
                100,
                20,
                Duration.ofSeconds(5),
                true,
                5,
                Duration.ofSeconds(60),
                1 << 20,
                false,
                List.of(),
                null,
                null);
    }

    /** Returns the webhook sender's defaults: 15 s, an answer of up to 64 KiB, the rest as {@link #defaults()}. */
    public static HttpConfig webhookDefaults() {
        return builder()
                .timeout(Duration.ofSeconds(15))
                .maxResponseBytes(64 << 10)
                .build();
    }

    /** Returns a builder that begins with {@link #defaults()}. */
    public static Builder builder() {
        return new Builder(defaults());
    }

    /** Returns a builder that begins with these values. */
    public Builder toBuilder() {
        return new Builder(this);
    }

    RetryConfig retry() {
        Duration longest = Duration.ofSeconds(60);
        return new RetryConfig(
                maxRetries, retryDelay, retryDelay.compareTo(longest) > 0 ? retryDelay : longest, true, true);
    }

    CircuitBreakerConfig circuitBreaker() {
        return new CircuitBreakerConfig(enableCircuitBreaker, circuitBreakerThreshold, circuitBreakerTimeout);
    }

    private static void positive(String name, Duration value) {
        Objects.requireNonNull(value, name);
        require(!value.isNegative() && !value.isZero(), name, "must be more than zero, but is " + value);
    }

    private static void require(boolean ok, String setting, String problem) {
        if (!ok) {
            throw new IllegalArgumentException(setting + " " + problem);
        }
    }

    /** Builds configurations. Not thread-safe. */
    public static final class Builder {
        private Duration timeout;
        private int maxRetries;
        private Duration retryDelay;
        private int maxConnections;
        private int maxKeepaliveConnections;
        private Duration keepaliveExpiry;
        private boolean enableCircuitBreaker;
        private int circuitBreakerThreshold;
        private Duration circuitBreakerTimeout;
        private int maxResponseBytes;
        private boolean allowPlainHttp;
        private List<String> allowNetworks;
        private @Nullable String proxy;
        private @Nullable TlsConfig tls;

        private Builder(HttpConfig from) {
            timeout = from.timeout;
            maxRetries = from.maxRetries;
            retryDelay = from.retryDelay;
            maxConnections = from.maxConnections;
            maxKeepaliveConnections = from.maxKeepaliveConnections;
            keepaliveExpiry = from.keepaliveExpiry;
            enableCircuitBreaker = from.enableCircuitBreaker;
            circuitBreakerThreshold = from.circuitBreakerThreshold;
            circuitBreakerTimeout = from.circuitBreakerTimeout;
            maxResponseBytes = from.maxResponseBytes;
            allowPlainHttp = from.allowPlainHttp;
            allowNetworks = from.allowNetworks;
            proxy = from.proxy;
            tls = from.tls;
        }

        /** Sets how long one request may take in all. Default: 30 s. */
        public Builder timeout(Duration value) {
            timeout = value;
            return this;
        }

        /** Sets how often a failed request is made again. Default: 3. */
        public Builder maxRetries(int value) {
            maxRetries = value;
            return this;
        }

        /** Sets the pause before the first retry. Default: 1 s. */
        public Builder retryDelay(Duration value) {
            retryDelay = value;
            return this;
        }

        /** Sets how many requests of a webhook sender may be under way at once, in even shares for its URLs. Default: 100. */
        public Builder maxConnections(int value) {
            maxConnections = value;
            return this;
        }

        /** Sets how many idle connections are kept. Default: 20. */
        public Builder maxKeepaliveConnections(int value) {
            maxKeepaliveConnections = value;
            return this;
        }

        /** Sets how long an idle connection is kept. Default: 5 s. */
        public Builder keepaliveExpiry(Duration value) {
            keepaliveExpiry = value;
            return this;
        }

        /** Sets whether there is a circuit breaker. Default: true. */
        public Builder enableCircuitBreaker(boolean value) {
            enableCircuitBreaker = value;
            return this;
        }

        /** Sets after how many failures in a row the breaker opens. Default: 5. */
        public Builder circuitBreakerThreshold(int value) {
            circuitBreakerThreshold = value;
            return this;
        }

        /** Sets how long the breaker stays open. Default: 60 s. */
        public Builder circuitBreakerTimeout(Duration value) {
            circuitBreakerTimeout = value;
            return this;
        }

        /** Sets how many bytes of an answer are read. Default: 1 MiB, for webhooks 64 KiB. */
        public Builder maxResponseBytes(int value) {
            maxResponseBytes = value;
            return this;
        }

        /** Sets whether {@code http:} URLs are allowed. Default: false. */
        public Builder allowPlainHttp(boolean value) {
            allowPlainHttp = value;
            return this;
        }

        /** Sets which networks may be connected to although they are not public. Default: none. */
        public Builder allowNetworks(List<String> value) {
            allowNetworks = value;
            return this;
        }

        /** Sets which networks may be connected to although they are not public. Default: none. */
        public Builder allowNetworks(String... value) {
            return allowNetworks(List.of(value));
        }

        /** Sets an HTTP proxy, {@code host:port}. Default: none. */
        public Builder proxy(@Nullable String value) {
            proxy = value;
            return this;
        }

        /** Sets certificates. Default: those of the JDK. */
        public Builder tls(@Nullable TlsConfig value) {
            tls = value;
            return this;
        }

        /** Returns the configuration. */
        public HttpConfig build() {
            return new HttpConfig(
                    timeout,
                    maxRetries,
                    retryDelay,
                    maxConnections,
                    maxKeepaliveConnections,
                    keepaliveExpiry,
                    enableCircuitBreaker,
                    circuitBreakerThreshold,
                    circuitBreakerTimeout,
                    maxResponseBytes,
                    allowPlainHttp,
                    allowNetworks,
                    proxy,
                    tls);
        }
    }
}
