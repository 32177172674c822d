package io.pythia.cloud.azure;

import com.azure.core.http.HttpClient;
import com.azure.storage.common.policy.RequestRetryOptions;
import com.azure.storage.common.policy.RetryPolicyType;
import com.azure.storage.queue.QueueAsyncClient;
import com.azure.storage.queue.QueueClientBuilder;
import com.azure.storage.queue.QueueMessageEncoding;
import io.pythia.Secret;
import java.time.Duration;
import java.util.Objects;

/** Makes clients of one queue; they share the connections of one HTTP client. Thread-safe. */
final class StorageQueueClients {
    /** How many requests of one consumer or producer are under way at a time, each on a connection of its own. */
    static final int MOST_UNDER_WAY = 64;

    private static final String DOMAIN = ".queue.core.windows.net";
    private static final Duration LONGEST_CONNECT = Duration.ofSeconds(10);
    private static final Duration FIRST_DELAY = Duration.ofMillis(200);
    private static final Duration LONGEST_DELAY = Duration.ofSeconds(2);

    private final AzureConfig config;
    private final HttpClient http;

    /** Creates them for a consumer or producer of that name. */
    StorageQueueClients(String owner, AzureConfig config) {
        this.config = config;
        this.http = new QueueHttpClient(
                Pools.busy(owner, "http"),
                config.timeout().compareTo(LONGEST_CONNECT) < 0 ? config.timeout() : LONGEST_CONNECT);
    }

    /** Checks that there is a way to the service. */
    static void check(AzureConfig config) {
        config.requireReachable();
        if (config.webSockets()) {
            throw new IllegalArgumentException("webSockets is for Service Bus only");
        }
        Secret secret = config.connectionString();
        if (secret != null) {
            ConnectionString.parse(secret).requireStorage();
        }
    }

    /** Checks a name's characters and length; what else the service wants of it, it says itself. */
    static String checkName(String setting, String name) {
        if (!name.matches("[A-Za-z0-9-]{1,63}")) {
            throw new IllegalArgumentException(
                    setting + " must have 1 to 63 letters, digits and hyphens (Azure: lower case, at least 3)");
        }
        return name;
    }

    QueueAsyncClient client(String queue) {
        return client(queue, config.maxRetries());
    }

    /** Returns a client that makes each request once: of one that it repeats it does not say what the earlier tries have done. */
    QueueAsyncClient clientWithoutRetries(String queue) {
        return client(queue, 0);
    }

    private QueueAsyncClient client(String queue, int retries) {
        QueueClientBuilder builder = new QueueClientBuilder()
                .queueName(queue)
                .httpClient(http)
                // Bodies are encoded and decoded here, so that a wrong encoding is a poison message and no error of a
                // receive.
                .messageEncoding(QueueMessageEncoding.NONE)
                .retryOptions(new RequestRetryOptions(
                        RetryPolicyType.EXPONENTIAL, retries + 1, config.timeout(), FIRST_DELAY, LONGEST_DELAY, null));
        Secret connectionString = config.connectionString();
        if (connectionString != null) {
            builder.connectionString(connectionString.reveal());
        } else {
            String account = Objects.requireNonNull(config.namespace());
            builder.endpoint("https://" + (account.indexOf('.') >= 0 ? account : account + DOMAIN))
                    .credential(AzureCredentials.of(config));
        }
        return builder.buildAsyncClient();
    }
}
