package io.pythia.cloud.azure;

import com.azure.core.credential.TokenCredential;
import com.azure.core.exception.ClientAuthenticationException;
import com.azure.identity.ClientSecretCredentialBuilder;
import com.azure.identity.DefaultAzureCredentialBuilder;
import com.microsoft.aad.msal4j.MsalServiceException;
import io.pythia.Secret;
import java.util.Objects;

/** Credentials of Entra ID. The only class that needs {@code azure-identity}. */
final class AzureCredentials {
    private static final int BAD_REQUEST = 400;
    private static final int FORBIDDEN = 403;

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
                    "namespace needs the library com.azure:azure-identity, without its azure-core-http-netty, to sign in by Entra ID;"
                            + " add it, or set connectionString");
        }
    }

    /** Loaded only when it is used. */
    static final class Factory {
        private static TokenCredential create(AzureConfig config) {
            TokenCredential credential = credential(config);
            return request -> credential.getToken(request).onErrorMap(MsalServiceException.class, Factory::translated);
        }

        static TokenCredential credential(AzureConfig config) {
            Secret secret = config.clientSecret();
            return secret == null
                    ? new DefaultAzureCredentialBuilder().build()
                    : application(config, secret).build();
        }

        /** What the clients make of it does not say whether it is of any use to try again. */
        private static Throwable translated(MsalServiceException error) {
            Integer status = error.statusCode();
            boolean refused = status != null && status >= BAD_REQUEST && status <= FORBIDDEN;
            return refused ? new ClientAuthenticationException(error.getMessage(), null, error) : error;
        }

        static ClientSecretCredentialBuilder application(AzureConfig config, Secret secret) {
            return new ClientSecretCredentialBuilder()
                    .tenantId(Objects.requireNonNull(config.tenantId()))
                    .clientId(Objects.requireNonNull(config.clientId()))
                    .clientSecret(secret.reveal());
        }
    }
}
