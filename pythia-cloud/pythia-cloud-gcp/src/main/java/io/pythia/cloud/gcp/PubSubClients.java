package io.pythia.cloud.gcp;

import com.google.api.gax.batching.BatchingSettings;
import com.google.api.gax.core.BackgroundResource;
import com.google.api.gax.core.FixedExecutorProvider;
import com.google.api.gax.core.NoCredentialsProvider;
import com.google.api.gax.grpc.GrpcCallContext;
import com.google.api.gax.grpc.InstantiatingGrpcChannelProvider;
import com.google.api.gax.retrying.RetrySettings;
import com.google.api.gax.rpc.StubSettings;
import com.google.api.gax.rpc.UnaryCallSettings;
import com.google.auth.Credentials;
import com.google.auth.oauth2.ServiceAccountCredentials;
import com.google.cloud.pubsub.v1.stub.GrpcPublisherStub;
import com.google.cloud.pubsub.v1.stub.GrpcSubscriberStub;
import com.google.cloud.pubsub.v1.stub.PublisherStub;
import com.google.cloud.pubsub.v1.stub.PublisherStubSettings;
import com.google.cloud.pubsub.v1.stub.SubscriberStub;
import com.google.cloud.pubsub.v1.stub.SubscriberStubSettings;
import io.pythia.internal.Threads;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Makes the client's stubs, and says how their calls are made. */
final class PubSubClients {
    /** How long a sign of life may take. */
    static final Duration PING_LIMIT = Duration.ofSeconds(4);

    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(3);
    private static final String SCOPE = "https://www.googleapis.com/auth/pubsub";
    private static final Duration KEEP_ALIVE = Duration.ofSeconds(30);
    private static final Duration KEEP_ALIVE_LIMIT = Duration.ofSeconds(10);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

    private PubSubClients() {}

    static SubscriberStub subscriber(GcpConfig config, ScheduledExecutorService threads) throws IOException {
        SubscriberStubSettings.Builder settings = SubscriberStubSettings.newBuilder();
        configure(settings, config, SubscriberStubSettings.defaultGrpcTransportProviderBuilder(), threads);
        settings.unaryMethodSettingsBuilders().forEach(call -> repeat(call, config));
        return GrpcSubscriberStub.create(settings.build());
    }

    static PublisherStub publisher(GcpConfig config, ScheduledExecutorService threads) throws IOException {
        PublisherStubSettings.Builder settings = PublisherStubSettings.newBuilder();
        configure(settings, config, PublisherStubSettings.defaultGrpcTransportProviderBuilder(), threads);
        settings.unaryMethodSettingsBuilders().forEach(call -> repeat(call, config));
        // The client's own batches would mix ordering keys, and wait.
        settings.publishSettings()
                .setBatchingSettings(
                        BatchingSettings.newBuilder().setIsEnabled(false).build());
        return GrpcPublisherStub.create(settings.build());
    }

    private static void configure(
            StubSettings.Builder<?, ?> settings,
            GcpConfig config,
            InstantiatingGrpcChannelProvider.Builder channel,
            ScheduledExecutorService threads)
            throws IOException {
        // A connection that is dead without a word is noticed, since a call may be open for hours.
        channel.setKeepAliveTimeDuration(KEEP_ALIVE).setKeepAliveTimeoutDuration(KEEP_ALIVE_LIMIT);
        settings.setBackgroundExecutorProvider(FixedExecutorProvider.create(threads));
        Path file = config.credentialsPath();
        if (config.emulatorHost() != null) {
            channel.setChannelConfigurator(builder -> builder.usePlaintext());
            settings.setEndpoint(config.emulatorHost()).setCredentialsProvider(NoCredentialsProvider.create());
        } else {
            if (config.endpoint() != null) {
                settings.setEndpoint(config.endpoint());
            }
            if (file != null) {
                Credentials credentials = read(file);
                settings.setCredentialsProvider(() -> credentials);
            }
        }
        settings.setTransportChannelProvider(channel.build());
    }

    private static Credentials read(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return ServiceAccountCredentials.fromStream(in).createScoped(SCOPE);
        }
    }

    /** Sets how a call is repeated by the client: as often as configured, within the time that one call has. */
    private static void repeat(UnaryCallSettings.Builder<?, ?> call, GcpConfig config) {
        call.setRetryableCodes(PubSubErrors.PASSING)
                .setRetrySettings(RetrySettings.newBuilder()
                        .setMaxAttempts(config.maxRetries() + 1)
                        .setTotalTimeoutDuration(config.timeout())
                        .setInitialRpcTimeoutDuration(config.timeout())
                        .setMaxRpcTimeoutDuration(config.timeout())
                        .setRpcTimeoutMultiplier(1)
                        .setInitialRetryDelayDuration(FIRST_PAUSE)
                        .setRetryDelayMultiplier(2)
                        .setMaxRetryDelayDuration(LONGEST_PAUSE)
                        .build());
    }

    /** Returns how a call is made that is not repeated. */
    static GrpcCallContext once(Duration limit) {
        return GrpcCallContext.createDefault().withTimeoutDuration(limit).withRetryableCodes(Set.of());
    }

    /** Returns the threads of one session. */
    static ScheduledExecutorService threads(String name) {
        AtomicInteger count = new AtomicInteger();
        return new ScheduledThreadPoolExecutor(
                2, work -> Threads.create(name, "client-" + count.incrementAndGet(), work));
    }

    /**
     * Ends a session's channel, if it was opened, then its threads, and waits until they are gone: for some seconds at most, and not beyond an
     * interrupt, by which the engine ends what takes longer than the close timeout.
     */
    static void close(@Nullable BackgroundResource stub, ExecutorService threads) {
        try {
            if (stub != null) {
                stub.shutdownNow();
                stub.awaitTermination(CLOSE_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
            }
            threads.shutdownNow();
            threads.awaitTermination(CLOSE_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            threads.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }
}
