package io.pythia.cloud.aws;

import io.pythia.Secret;
import java.net.URI;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.ProfileCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.core.SdkClient;
import software.amazon.awssdk.core.client.config.ClientOverrideConfiguration;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.profiles.ProfileFile;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.regions.providers.DefaultAwsRegionProviderChain;
import software.amazon.awssdk.retries.StandardRetryStrategy;
import software.amazon.awssdk.retries.api.RetryStrategy;
import software.amazon.awssdk.services.sns.SnsClient;
import software.amazon.awssdk.services.sqs.SqsClient;

/**
 * Makes the SDK's clients from a configuration. Each has an HTTP client and credentials of its own, so that one that is closed takes all
 * of it along.
 */
final class AwsClients implements AutoCloseable {
    /** A long poll is silent for 20 s; what one try may take is limited by the SDK, not by the socket. */
    private static final Duration SOCKET_TIMEOUT = Duration.ofMinutes(2);

    private final AwsConfig config;
    private final SdkHttpClient http;
    private final AwsCredentialsProvider credentials;
    private final RetryStrategy retries;

    AwsClients(AwsConfig config) {
        this(
                config,
                Apache5HttpClient.builder()
                        .maxConnections(config.maxConnections())
                        .connectionTimeout(config.timeoutOfOneTry())
                        .connectionAcquisitionTimeout(config.timeout())
                        .socketTimeout(SOCKET_TIMEOUT)
                        .tcpKeepAlive(true)
                        .build(),
                credentials(config),
                StandardRetryStrategy.builder()
                        .maxAttempts(config.maxRetries() + 1)
                        .build());
    }

    private AwsClients(
            AwsConfig config, SdkHttpClient http, AwsCredentialsProvider credentials, RetryStrategy retries) {
        this.config = config;
        this.http = http;
        this.credentials = credentials;
        this.retries = retries;
    }

    /**
     * Returns the same for sends: the SDK tries again only what certainly did not arrive. If it tried all, its last failure would hide
     * that an earlier try may have arrived. The engine sends the rest again, and knows.
     */
    AwsClients forSending() {
        return new AwsClients(
                config,
                http,
                credentials,
                StandardRetryStrategy.builder()
                        .useClientDefaults(false)
                        .maxAttempts(config.maxRetries() + 1)
                        .retryOnException(AwsErrors::isCertainlyNotSent)
                        .treatAsThrottling(AwsErrors::isThrottled)
                        .build());
    }

    /**
     * Returns a client of SQS.
     *
     * @param region null for that of the configuration, the profile or the environment
     * @param endpoint null for that of the region
     */
    SqsClient sqs(@Nullable String region, @Nullable String endpoint) {
        return configure(SqsClient.builder(), region, endpoint).httpClient(http).build();
    }

    /** Returns a client of SNS; see {@link #sqs}. */
    SnsClient sns(@Nullable String region) {
        return configure(SnsClient.builder(), region, null).httpClient(http).build();
    }

    private <B extends AwsClientBuilder<B, ?>> B configure(
            B builder, @Nullable String regionOfName, @Nullable String endpointOfName) {
        String region = config.region() != null ? config.region() : regionOfName;
        String endpoint = config.endpoint() != null ? config.endpoint() : endpointOfName;
        if (endpoint != null) {
            builder.endpointOverride(URI.create(endpoint));
        }
        return builder.region(region != null ? Region.of(region) : regionOfTheEnvironment(endpoint))
                .credentialsProvider(credentials)
                .overrideConfiguration(ClientOverrideConfiguration.builder()
                        .apiCallTimeout(config.timeout())
                        .apiCallAttemptTimeout(config.timeoutOfOneTry())
                        .retryStrategy(retries)
                        .build());
    }

    /** Another service that speaks the protocol has no regions, but a signature has one. */
    private Region regionOfTheEnvironment(@Nullable String endpoint) {
        DefaultAwsRegionProviderChain.Builder chain = DefaultAwsRegionProviderChain.builder();
        if (config.profile() != null) {
            chain.profileName(config.profile());
        }
        try {
            return chain.build().getRegion();
        } catch (software.amazon.awssdk.core.exception.SdkClientException e) {
            if (endpoint == null) {
                throw e;
            }
            return Region.US_EAST_1;
        }
    }

    private static AwsCredentialsProvider credentials(AwsConfig config) {
        Secret id = config.accessKeyId();
        if (id != null) {
            String secret = Objects.requireNonNull(config.secretAccessKey()).reveal();
            Secret token = config.sessionToken();
            return StaticCredentialsProvider.create(
                    token == null
                            ? AwsBasicCredentials.create(id.reveal(), secret)
                            : AwsSessionCredentials.create(id.reveal(), secret, token.reveal()));
        }
        String profile = config.profile();
        if (profile != null) {
            return ProfileCredentialsProvider.builder()
                    .profileFile(ProfileFile.defaultProfileFile())
                    .profileName(profile)
                    .build();
        }
        return DefaultCredentialsProvider.builder().build();
    }

    /** Closes a client and what it is made of, as far as they were opened. */
    static void close(@Nullable SdkClient client, @Nullable AwsClients clients) {
        if (client != null) {
            client.close();
        }
        if (clients != null) {
            clients.close();
        }
    }

    /** Closes what the clients share; requests that are under way fail. */
    @Override
    public void close() {
        http.close();
        if (credentials instanceof AutoCloseable closeable) {
            try {
                closeable.close();
            } catch (Exception e) {
                throw new IllegalStateException("can't close the credentials", e);
            }
        }
    }
}
