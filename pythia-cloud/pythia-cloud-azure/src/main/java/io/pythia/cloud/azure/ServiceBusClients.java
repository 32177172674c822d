package io.pythia.cloud.azure;

import com.azure.core.amqp.AmqpRetryMode;
import com.azure.core.amqp.AmqpRetryOptions;
import com.azure.core.amqp.AmqpTransportType;
import com.azure.core.amqp.exception.AmqpException;
import com.azure.messaging.servicebus.ServiceBusClientBuilder;
import com.azure.messaging.servicebus.ServiceBusReceiverAsyncClient;
import com.azure.messaging.servicebus.ServiceBusSenderAsyncClient;
import com.azure.messaging.servicebus.ServiceBusSessionReceiverAsyncClient;
import com.azure.messaging.servicebus.models.SubQueue;
import io.pythia.Secret;
import java.time.Duration;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.util.retry.Retry;

/** Makes the clients of one session; all of a session share one connection, and no two sessions do. */
final class ServiceBusClients {
    private static final String DOMAIN = ".servicebus.windows.net";
    private static final Duration FIRST_DELAY = Duration.ofMillis(100);
    /** The client adds 4 s to the first delay when it makes a link anew, and fails where that is more than the longest. */
    private static final Duration LONGEST_DELAY = Duration.ofSeconds(5);

    private final ServiceBusClientBuilder builder;

    /**
     * Creates them. They repeat nothing by themselves: of what the client repeats it does not say what the earlier tries have done.
     */
    ServiceBusClients(AzureConfig config) {
        AmqpRetryOptions retry = new AmqpRetryOptions()
                .setMode(AmqpRetryMode.EXPONENTIAL)
                .setMaxRetries(0)
                .setDelay(FIRST_DELAY)
                .setMaxDelay(LONGEST_DELAY)
                .setTryTimeout(config.timeout());
        builder = new ServiceBusClientBuilder()
                .retryOptions(retry)
                .transportType(config.webSockets() ? AmqpTransportType.AMQP_WEB_SOCKETS : AmqpTransportType.AMQP);
        Secret connectionString = config.connectionString();
        if (connectionString != null) {
            builder.connectionString(connectionString.reveal());
        } else {
            builder.credential(host(Objects.requireNonNull(config.namespace())), AzureCredentials.of(config));
        }
    }

    /** Returns an answer that opens a connection, asked for again where the next try may succeed. */
    static <T> Mono<T> opening(Mono<T> answer, AzureConfig config) {
        return answer.retryWhen(Retry.backoff(config.maxRetries(), FIRST_DELAY)
                .maxBackoff(LONGEST_DELAY)
                .filter(error -> {
                    AmqpException amqp = AzureErrors.find(error, AmqpException.class);
                    return amqp != null && amqp.isTransient();
                })
                .onRetryExhaustedThrow((retries, last) -> last.failure()));
    }

    /** Returns the host of a namespace. */
    static String host(String namespace) {
        return namespace.indexOf('.') >= 0 ? namespace : namespace.toLowerCase(Locale.ROOT) + DOMAIN;
    }

    ServiceBusReceiverAsyncClient receiver(ServiceBusEntity from) {
        ServiceBusClientBuilder.ServiceBusReceiverClientBuilder receiver = builder.receiver()
                .disableAutoComplete()
                .maxAutoLockRenewDuration(Duration.ZERO)
                .prefetchCount(0);
        if (from.subscription() == null) {
            receiver.queueName(from.name());
        } else {
            receiver.topicName(from.name()).subscriptionName(from.subscription());
        }
        SubQueue subQueue = nativeOf(from.subQueue());
        if (subQueue != null) {
            receiver.subQueue(subQueue);
        }
        return receiver.buildAsyncClient();
    }

    ServiceBusSessionReceiverAsyncClient sessions(ServiceBusEntity from) {
        ServiceBusClientBuilder.ServiceBusSessionReceiverClientBuilder receiver = builder.sessionReceiver()
                .disableAutoComplete()
                .maxAutoLockRenewDuration(Duration.ZERO)
                .prefetchCount(0);
        if (from.subscription() == null) {
            receiver.queueName(from.name());
        } else {
            receiver.topicName(from.name()).subscriptionName(from.subscription());
        }
        return receiver.buildAsyncClient();
    }

    ServiceBusSenderAsyncClient sender(String destination) {
        // To the client a topic is a queue by another name.
        return builder.sender().queueName(destination).buildAsyncClient();
    }

    private static @Nullable SubQueue nativeOf(io.pythia.cloud.azure.SubQueue subQueue) {
        return switch (subQueue) {
            case NONE -> null;
            case DEAD_LETTER -> SubQueue.DEAD_LETTER_QUEUE;
            case TRANSFER_DEAD_LETTER -> SubQueue.TRANSFER_DEAD_LETTER_QUEUE;
        };
    }
}
