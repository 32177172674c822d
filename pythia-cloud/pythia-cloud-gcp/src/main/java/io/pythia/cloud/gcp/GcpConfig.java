package io.pythia.cloud.gcp;

import io.pythia.spi.Setting;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How to reach Google Cloud. Immutable.
 *
 * @param projectId the project of topics and subscriptions that are named without one, null for none
 * @param credentialsPath the key file of a service account, null for the application default credentials: the file of any kind that
 *     {@code GOOGLE_APPLICATION_CREDENTIALS} names, those of {@code gcloud}, or those of the machine
 * @param timeout how long one call may take, with what is repeated of it
 * @param maxRetries how often a call that failed for a passing reason is repeated by the client before the engine deals with it; sends
 *     are repeated by the producer's {@link io.pythia.retry.RetryConfig} instead
 * @param emulatorHost {@code host:port} of an emulator, reached without TLS and credentials; null for none
 * @param endpoint {@code host:port} of a regional or private endpoint, null for {@code pubsub.googleapis.com:443}
 */
public record GcpConfig(
        @Setting("The project of topics and subscriptions that are named without one") @Nullable
        String projectId,

        @Setting("The key file of a service account; default: the application default credentials") @Nullable
        Path credentialsPath,

        @Setting(value = "How long one call may take, with what is repeated of it", nativeName = "totalTimeout")
        Duration timeout,

        @Setting(
                value = "How often the client repeats a call that failed for a passing reason",
                nativeName = "maxAttempts - 1")
        int maxRetries,

        @Setting("host:port of an emulator, without TLS and credentials; default: PUBSUB_EMULATOR_HOST") @Nullable
        String emulatorHost,

        @Setting(value = "host:port of a regional or private endpoint", nativeName = "endpoint") @Nullable
        String endpoint) {

    private static final String EMULATOR_VARIABLE = "PUBSUB_EMULATOR_HOST";
    private static final Pattern ADDRESS =
            Pattern.compile("(\\[[0-9a-fA-F:.]{2,50}]|[A-Za-z0-9._-]{1,255}):[0-9]{1,5}");

    /** Checks each value. */
    public GcpConfig {
        Objects.requireNonNull(timeout, "timeout");
        if (projectId != null) {
            ResourceNames.checkProject(projectId);
        }
        require(timeout.toMillis() >= 1, "timeout must be more than zero, but is " + timeout);
        require(maxRetries >= 0, "maxRetries must not be negative, but is " + maxRetries);
        require(isAddress(emulatorHost), "emulatorHost must be host:port");
        require(isAddress(endpoint), "endpoint must be host:port");
        require(
                emulatorHost == null || credentialsPath == null,
                "credentialsPath can't be used with emulatorHost: nothing is encrypted there");
        require(emulatorHost == null || endpoint == null, "endpoint and emulatorHost exclude each other");
    }

    /**
     * Returns the defaults, which stand here and nowhere else: 30 s, 3 retries, the application default credentials, and the emulator that
     * the environment variable {@code PUBSUB_EMULATOR_HOST} names, if it does.
     */
    public static GcpConfig defaults() {
        return defaults(System.getenv());
    }

    static GcpConfig defaults(Map<String, String> environment) {
        String emulator = environment.get(EMULATOR_VARIABLE);
        return new GcpConfig(
                null, null, Duration.ofSeconds(30), 3, emulator == null || emulator.isBlank() ? null : emulator, null);
    }

    private static boolean isAddress(@Nullable String address) {
        return address == null || ADDRESS.matcher(address).matches();
    }

    private static void require(boolean condition, String problem) {
        if (!condition) {
            throw new IllegalArgumentException(problem);
        }
    }

    /** Returns a builder that begins with the defaults. */
    public static Builder builder() {
        return defaults().toBuilder();
    }

    /** Returns a builder that begins with these values. */
    public Builder toBuilder() {
        return new Builder(this);
    }

    /** Builds configurations. Not thread-safe. */
    public static final class Builder {
        private @Nullable String projectId;
        private @Nullable Path credentialsPath;
        private Duration timeout;
        private int maxRetries;
        private @Nullable String emulatorHost;
        private @Nullable String endpoint;

        private Builder(GcpConfig from) {
            this.projectId = from.projectId;
            this.credentialsPath = from.credentialsPath;
            this.timeout = from.timeout;
            this.maxRetries = from.maxRetries;
            this.emulatorHost = from.emulatorHost;
            this.endpoint = from.endpoint;
        }

        /** Sets the project of topics and subscriptions that are named without one. Default: none. */
        public Builder projectId(String id) {
            this.projectId = Objects.requireNonNull(id, "id");
            return this;
        }

        /** Sets the key file of a service account, in place of an emulator from the environment. Default: the application default credentials. */
        public Builder credentialsPath(Path path) {
            this.credentialsPath = Objects.requireNonNull(path, "path");
            this.emulatorHost = null;
            return this;
        }

        /** Sets the key file of a service account. Default: the application default credentials. */
        public Builder credentialsPath(String path) {
            return credentialsPath(Path.of(path));
        }

        /** Sets how long one call may take, with what is repeated of it. Default: 30 s. */
        public Builder timeout(Duration timeout) {
            this.timeout = Objects.requireNonNull(timeout, "timeout");
            return this;
        }

        /** Sets how often a call that failed for a passing reason is repeated by the client. Default: 3. */
        public Builder maxRetries(int retries) {
            this.maxRetries = retries;
            return this;
        }

        /** Sets {@code host:port} of an emulator. Default: the environment variable {@code PUBSUB_EMULATOR_HOST}. */
        public Builder emulatorHost(String address) {
            this.emulatorHost = Objects.requireNonNull(address, "address");
            return this;
        }

        /** Sets {@code host:port} of an endpoint, in place of an emulator from the environment. Default: Google's global one. */
        public Builder endpoint(String address) {
            this.endpoint = Objects.requireNonNull(address, "address");
            this.emulatorHost = null;
            return this;
        }

        /**
         * Returns the configuration.
         *
         * @throws IllegalArgumentException if a value is not allowed
         */
        public GcpConfig build() {
            return new GcpConfig(projectId, credentialsPath, timeout, maxRetries, emulatorHost, endpoint);
        }
    }
}
