package io.pythia.cloud.azure;

import com.azure.core.credential.TokenCredential;
import com.azure.identity.ClientSecretCredentialBuilder;
import com.azure.identity.DefaultAzureCredentialBuilder;
import io.pythia.Secret;
import java.util.Objects;

/** Credentials of Entra ID. The only class that needs {@code azure-identity}. */
final class AzureCredentials {
    private AzureCredentials() {}

    /**
     * Returns the credentials of an application if the configuration names one, else what this machine has: environment, workload or
     * managed identity, developer tools.
     *
     * @throws IllegalArgumentException if azure-identity is not there
     */
    static TokenCredential of(AzureConfig config) {
        try {
            return Factory.create(config);
        } catch (NoClassDefFoundError e) {
            throw new IllegalArgumentException(
                    "namespace needs the library com.azure:azure-identity to sign in by Entra ID; add it, or set connectionString");
        }
    }

    /** Loaded only when it is used. */
    private static final class Factory {
        static TokenCredential create(AzureConfig config) {
            Secret secret = config.clientSecret();
            if (secret == null) {
                return new DefaultAzureCredentialBuilder().build();
            }
            return new ClientSecretCredentialBuilder()
                    .tenantId(Objects.requireNonNull(config.tenantId()))
                    .clientId(Objects.requireNonNull(config.clientId()))
                    .clientSecret(secret.reveal())
                    .build();
        }
    }
}
