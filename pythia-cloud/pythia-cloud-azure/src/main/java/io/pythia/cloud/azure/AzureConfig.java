package io.pythia.cloud.azure;

import io.pythia.Secret;
import io.pythia.spi.Setting;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How to reach Azure Service Bus or Azure Storage Queue. Immutable. Either a connection string, or a namespace with Entra ID (which needs
 * {@code com.azure:azure-identity} on the class path).
 *
 * @param connectionString what the portal shows as connection string, null if Entra ID is used; {@code connectionString}
 * @param namespace the Service Bus namespace or the storage account, alone ({@code contoso}) or as a host
 *     ({@code contoso.servicebus.windows.net}); null if a connection string is used; {@code fullyQualifiedNamespace}, {@code endpoint}
 * @param tenantId the tenant of the application that signs in, null for the default credentials of this machine;
 *     {@code ClientSecretCredential}
 * @param clientId the application that signs in, null for the default credentials of this machine
 * @param clientSecret its secret, null for the default credentials of this machine
 * @param timeout how long one operation may take; {@code tryTimeout}
 * @param maxRetries how often the opening of a connection to Service Bus, or a request to Storage Queue that is no send, is repeated;
 *     what fails else is the business of {@code retry}; {@code maxRetries}
 * @param webSockets whether Service Bus is spoken inside web sockets, by port 443; {@code transportType}
 */
public record AzureConfig(
        @Setting(value = "What the portal shows as connection string", nativeName = "connectionString") @Nullable
        Secret connectionString,

        @Setting(
                value = "The Service Bus namespace or the storage account, in place of a connection string",
                nativeName = "fullyQualifiedNamespace")
        @Nullable
        String namespace,

        @Setting(
                value = "The tenant of the application that signs in; default: the credentials of this machine",
                nativeName = "tenantId")
        @Nullable
        String tenantId,

        @Setting(value = "The application that signs in", nativeName = "clientId") @Nullable
        String clientId,

        @Setting(value = "Its secret", nativeName = "clientSecret") @Nullable
        Secret clientSecret,

        @Setting(value = "How long one operation may take", nativeName = "tryTimeout")
        Duration timeout,

        @Setting(
                value =
                        "How often the opening of a connection, or a request to Storage Queue that is no send, is repeated",
                nativeName = "maxRetries")
        int maxRetries,

        @Setting(value = "Whether Service Bus is spoken inside web sockets, by port 443", nativeName = "transportType")
        boolean webSockets) {

    private static final int MOST_RETRIES = 100;

    /** Checks each value; {@link #requireReachable} checks that there is a way to the service. */
    public AzureConfig {
        Objects.requireNonNull(timeout, "timeout");
        if (timeout.isNegative() || timeout.isZero()) {
            throw new IllegalArgumentException("timeout must be more than zero, but is " + timeout);
        }
        if (maxRetries < 0 || maxRetries > MOST_RETRIES) {
            throw new IllegalArgumentException(
                    "maxRetries must be between 0 and " + MOST_RETRIES + ", but is " + maxRetries);
        }
        if (connectionString != null) {
            if (namespace != null) {
                throw new IllegalArgumentException("namespace and connectionString exclude each other");
            }
            if (clientId != null) {
                throw new IllegalArgumentException("clientId needs a namespace in place of the connectionString");
            }
            ConnectionString.parse(connectionString);
        }
        if (namespace != null && !namespace.matches("[A-Za-z0-9][A-Za-z0-9.-]{0,254}")) {
            throw new IllegalArgumentException(
                    "namespace must be a name or a host of letters, digits, dots and hyphens");
        }
        boolean any = tenantId != null || clientId != null || clientSecret != null;
        if (any && (tenantId == null || clientId == null || clientSecret == null)) {
            throw new IllegalArgumentException("tenantId, clientId and clientSecret come together");
        }
    }

    /** Returns the defaults, which stand here and nowhere else: no address yet. */
    public static AzureConfig defaults() {
        return new AzureConfig(null, null, null, null, null, Duration.ofSeconds(30), 3, false);
    }

    /** Returns a configuration with a connection string and the defaults. */
    public static AzureConfig of(String connectionString) {
        return builder().connectionString(connectionString).build();
    }

    /** Returns a builder that begins with the defaults. */
    public static Builder builder() {
        return new Builder(defaults());
    }

    /** Returns a builder that begins with these values. */
    public Builder toBuilder() {
        return new Builder(this);
    }

    /** Checks that there is an address. */
    void requireReachable() {
        if (connectionString == null && namespace == null) {
            throw new IllegalArgumentException("one of connectionString and namespace must be set");
        }
    }

    /** Builds configurations. Not thread-safe. */
    public static final class Builder {
        private @Nullable Secret connectionString;
        private @Nullable String namespace;
        private @Nullable String tenantId;
        private @Nullable String clientId;
        private @Nullable Secret clientSecret;
        private Duration timeout;
        private int maxRetries;
        private boolean webSockets;

        private Builder(AzureConfig from) {
            connectionString = from.connectionString;
            namespace = from.namespace;
            tenantId = from.tenantId;
            clientId = from.clientId;
            clientSecret = from.clientSecret;
            timeout = from.timeout;
            maxRetries = from.maxRetries;
            webSockets = from.webSockets;
        }

        /** Sets: what the portal shows as connection string. Default: none. */
        public Builder connectionString(@Nullable Secret value) {
            connectionString = value;
            return this;
        }

        /** Sets the connection string from text. */
        public Builder connectionString(String value) {
            return connectionString(Secret.of(value));
        }

        /** Sets: the Service Bus namespace or the storage account, to be signed in to by Entra ID. Default: none. */
        public Builder namespace(@Nullable String value) {
            namespace = value;
            return this;
        }

        /** Sets: the tenant of the application that signs in. Default: the credentials of this machine. */
        public Builder tenantId(@Nullable String value) {
            tenantId = value;
            return this;
        }

        /** Sets: the application that signs in. Default: the credentials of this machine. */
        public Builder clientId(@Nullable String value) {
            clientId = value;
            return this;
        }

        /** Sets: the secret of the application that signs in. Default: the credentials of this machine. */
        public Builder clientSecret(@Nullable Secret value) {
            clientSecret = value;
            return this;
        }

        /** Sets: how long one operation may take. Default: 30 s. */
        public Builder timeout(Duration value) {
            timeout = value;
            return this;
        }

        /** Sets: how often the opening of a connection, or a request to Storage Queue that is no send, is repeated. Default: 3. */
        public Builder maxRetries(int value) {
            maxRetries = value;
            return this;
        }

        /** Sets: whether Service Bus is spoken inside web sockets, by port 443. Default: false. */
        public Builder webSockets(boolean value) {
            webSockets = value;
            return this;
        }

        /** Returns the configuration. */
        public AzureConfig build() {
            return new AzureConfig(
                    connectionString, namespace, tenantId, clientId, clientSecret, timeout, maxRetries, webSockets);
        }
    }
}
