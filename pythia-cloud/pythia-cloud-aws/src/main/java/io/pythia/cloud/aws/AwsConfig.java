package io.pythia.cloud.aws;

import io.pythia.Secret;
import io.pythia.spi.Setting;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How to reach AWS. Immutable.
 *
 * @param region the region, null for that of the queue's URL or the topic's ARN, then that of the environment or the profile
 * @param accessKeyId the id of the access key, null for the chain of {@code profile} and the environment; needs {@code secretAccessKey}
 * @param secretAccessKey the secret access key; needs {@code accessKeyId}
 * @param sessionToken the token of temporary credentials, null for none
 * @param profile the profile of the shared configuration files that has region and credentials, null for the default chain of the SDK: system properties, environment, web identity, the default profile, container, instance
 * @param endpoint where requests go, {@code http(s)://host:port}, null for the endpoint of the region
 * @param timeout how long one request may take with its retries; one try may take a third of that, and connecting no more than that; a long poll comes on top
 * @param maxRetries how often the SDK tries one request again, with growing pauses; a send only if it certainly did not arrive: what is uncertain is sent again as the producer's {@code retry} says, with the same id
 * @param maxConnections how many requests a consumer or a producer may have under way at once, at least 5
 * @param heartbeat how old the last answer of the service may be when nothing flows; then it is asked for a sign of life, which costs a request
 */
public record AwsConfig(
        @Setting(
                value = "The region; default: that of the queue's URL or the topic's ARN, then the environment's",
                nativeName = "region")
        @Nullable
        String region,

        @Setting(value = "The id of the access key; with secret-access-key", nativeName = "accessKeyId") @Nullable
        Secret accessKeyId,

        @Setting(value = "The secret access key", nativeName = "secretAccessKey") @Nullable
        Secret secretAccessKey,

        @Setting(value = "The token of temporary credentials", nativeName = "sessionToken") @Nullable
        Secret sessionToken,

        @Setting(
                value =
                        "The profile of the shared files that has region and credentials; default: the default chain of the SDK",
                nativeName = "profileName")
        @Nullable
        String profile,

        @Setting(
                value = "Where requests go, for another service that speaks the protocol; default: that of the region",
                nativeName = "endpointOverride")
        @Nullable
        String endpoint,

        @Setting(
                value =
                        "How long one request may take with its retries; one try may take a third of that. A long poll comes on top",
                nativeName = "apiCallTimeout")
        Duration timeout,

        @Setting(value = "How often the SDK tries one request again", nativeName = "retryStrategy")
        int maxRetries,

        @Setting(value = "How many requests may be under way at once", nativeName = "maxConnections")
        int maxConnections,

        @Setting("How old the last answer may be when nothing flows; then the service is asked, which costs a request")
        Duration heartbeat) {

    private static final Pattern REGION = Pattern.compile("[a-z0-9-]{1,63}");
    private static final int LEAST_CONNECTIONS = 5;

    /** Checks each value. */
    public AwsConfig {
        require(
                region == null || REGION.matcher(region).matches(),
                "region",
                "must be the name of a region, like us-east-1");
        require(
                (accessKeyId == null) == (secretAccessKey == null),
                "accessKeyId",
                "and secretAccessKey need each other");
        require(sessionToken == null || accessKeyId != null, "sessionToken", "needs accessKeyId and secretAccessKey");
        require(profile == null || accessKeyId == null, "profile", "and accessKeyId exclude each other");
        require(profile == null || !profile.isBlank(), "profile", "must not be blank");
        require(endpoint == null || isEndpoint(endpoint), "endpoint", "must be http://host:port or https://host:port");
        require(timeout.toMillis() >= 3, "timeout", "must be at least 3 ms, but is " + timeout);
        require(maxRetries >= 0, "maxRetries", "must not be negative, but is " + maxRetries);
        require(
                maxConnections >= LEAST_CONNECTIONS,
                "maxConnections",
                "must be at least " + LEAST_CONNECTIONS + ", but is " + maxConnections);
        require(
                !heartbeat.isNegative() && !heartbeat.isZero(),
                "heartbeat",
                "must be more than zero, but is " + heartbeat);
    }

    /** Returns the defaults, which stand here and nowhere else: region and credentials of the environment. */
    public static AwsConfig defaults() {
        return new AwsConfig(null, null, null, null, null, null, Duration.ofSeconds(30), 3, 16, Duration.ofSeconds(10));
    }

    /** Returns a builder that begins with the defaults. */
    public static Builder builder() {
        return new Builder(defaults());
    }

    /** Returns a builder that begins with these values. */
    public Builder toBuilder() {
        return new Builder(this);
    }

    /** Returns how long one try of a request may take. */
    Duration timeoutOfOneTry() {
        return timeout.dividedBy(3);
    }

    private static boolean isEndpoint(String text) {
        try {
            URI uri = new URI(text);
            return ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))
                    && uri.getHost() != null
                    && uri.getRawUserInfo() == null
                    && uri.getRawQuery() == null
                    && uri.getRawFragment() == null;
        } catch (URISyntaxException e) {
            return false;
        }
    }

    private static void require(boolean ok, String setting, String problem) {
        if (!ok) {
            throw new IllegalArgumentException(setting + " " + problem);
        }
    }

    /** Builds configurations. Not thread-safe. */
    public static final class Builder {
        private @Nullable String region;
        private @Nullable Secret accessKeyId;
        private @Nullable Secret secretAccessKey;
        private @Nullable Secret sessionToken;
        private @Nullable String profile;
        private @Nullable String endpoint;
        private Duration timeout;
        private int maxRetries;
        private int maxConnections;
        private Duration heartbeat;

        private Builder(AwsConfig from) {
            region = from.region;
            accessKeyId = from.accessKeyId;
            secretAccessKey = from.secretAccessKey;
            sessionToken = from.sessionToken;
            profile = from.profile;
            endpoint = from.endpoint;
            timeout = from.timeout;
            maxRetries = from.maxRetries;
            maxConnections = from.maxConnections;
            heartbeat = from.heartbeat;
        }

        /** Sets: the region. Default: that of the queue's URL or the topic's ARN, then the environment's. */
        public Builder region(@Nullable String value) {
            region = value;
            return this;
        }

        /** Sets: the id of the access key. Default: the credentials of the profile, else those of the environment. */
        public Builder accessKeyId(@Nullable Secret value) {
            accessKeyId = value;
            return this;
        }

        /** Sets: the id of the access key. */
        public Builder accessKeyId(String value) {
            return accessKeyId(Secret.of(value));
        }

        /** Sets: the secret access key. Default: none. */
        public Builder secretAccessKey(@Nullable Secret value) {
            secretAccessKey = value;
            return this;
        }

        /** Sets: the secret access key. */
        public Builder secretAccessKey(String value) {
            return secretAccessKey(Secret.of(value));
        }

        /** Sets: the token of temporary credentials. Default: none. */
        public Builder sessionToken(@Nullable Secret value) {
            sessionToken = value;
            return this;
        }

        /** Sets: the token of temporary credentials. */
        public Builder sessionToken(String value) {
            return sessionToken(Secret.of(value));
        }

        /** Sets: the profile of the shared configuration files. Default: none, the default chain of the SDK. */
        public Builder profile(@Nullable String value) {
            profile = value;
            return this;
        }

        /** Sets: where requests go. Default: the endpoint of the region. */
        public Builder endpoint(@Nullable String value) {
            endpoint = value;
            return this;
        }

        /** Sets: how long one request may take with its retries. Default: 30 s. */
        public Builder timeout(Duration value) {
            timeout = value;
            return this;
        }

        /** Sets: how often the SDK tries one request again. Default: 3. */
        public Builder maxRetries(int value) {
            maxRetries = value;
            return this;
        }

        /** Sets: how many requests may be under way at once. Default: 16. */
        public Builder maxConnections(int value) {
            maxConnections = value;
            return this;
        }

        /** Sets: how old the last answer may be when nothing flows before the service is asked for a sign of life. Default: 10 s. */
        public Builder heartbeat(Duration value) {
            heartbeat = value;
            return this;
        }

        /**
         * Returns the configuration.
         *
         * @throws IllegalArgumentException naming the setting that can't be
         */
        public AwsConfig build() {
            return new AwsConfig(
                    region,
                    accessKeyId,
                    secretAccessKey,
                    sessionToken,
                    profile,
                    endpoint,
                    timeout,
                    maxRetries,
                    maxConnections,
                    heartbeat);
        }
    }
}
