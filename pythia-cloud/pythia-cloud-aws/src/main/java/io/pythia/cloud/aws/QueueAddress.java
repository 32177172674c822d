package io.pythia.cloud.aws;

import io.pythia.BrokerException;
import io.pythia.DestinationNotFoundException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.CreateQueueRequest;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;

/**
 * Where a queue is.
 *
 * @param url its URL, null if it is to be found by name and account
 * @param name its name
 * @param owner the account that it belongs to, null for the caller's own
 */
record QueueAddress(
        @Nullable String url, String name, @Nullable String owner) {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-]{1,80}|[A-Za-z0-9_-]{1,75}\\.fifo");
    private static final Pattern ACCOUNT = Pattern.compile("[0-9]{12}");
    private static final Pattern STANDARD_HOST = Pattern.compile("sqs\\.([a-z0-9-]+)\\.amazonaws\\.com(\\.cn)?");
    private static final Pattern AWS_HOST = Pattern.compile(
            "(?:[a-z0-9-]+\\.)?sqs(?:-fips)?\\.([a-z0-9-]+)\\.(?:vpce\\.)?(?:amazonaws\\.com(?:\\.cn)?|api\\.aws)");
    private static final int MAX_URL = 2_000;

    /** Takes a URL apart. */
    static QueueAddress ofUrl(String url) {
        URI uri = uri(url);
        String path = uri == null || uri.getPath() == null ? "" : uri.getPath();
        String name = path.substring(path.lastIndexOf('/') + 1);
        if (uri == null || !NAME.matcher(name).matches()) {
            throw new IllegalArgumentException(
                    "queueUrl must be the URL of a queue, like https://sqs.us-east-1.amazonaws.com/123456789012/orders");
        }
        return new QueueAddress(url, name, null);
    }

    private static @Nullable URI uri(String url) {
        try {
            URI uri = url.length() <= MAX_URL ? new URI(url) : null;
            boolean isHttp = uri != null && ("https".equals(uri.getScheme()) || "http".equals(uri.getScheme()));
            boolean isPlain = uri != null
                    && uri.getHost() != null
                    && uri.getRawUserInfo() == null
                    && uri.getRawQuery() == null
                    && uri.getRawFragment() == null;
            return isHttp && isPlain ? uri : null;
        } catch (URISyntaxException e) {
            return null;
        }
    }

    /** Checks a name and an account. */
    static QueueAddress ofName(String name, @Nullable String owner) {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException(
                    "queueName must have up to 80 letters, digits, hyphens and underscores; .fifo at its end for a FIFO queue");
        }
        if (owner != null && !ACCOUNT.matcher(owner).matches()) {
            throw new IllegalArgumentException("queueOwner must be an account: 12 digits");
        }
        return new QueueAddress(null, name, owner);
    }

    boolean isFifo() {
        return name.endsWith(".fifo");
    }

    /** Returns the region that the URL names, null if it names none. */
    @Nullable
    String region() {
        Matcher host = AWS_HOST.matcher(host());
        return host.matches() ? host.group(1) : null;
    }

    /** Returns the endpoint that the URL names, null for that of the region. */
    @Nullable
    String endpoint() {
        if (url == null || STANDARD_HOST.matcher(host()).matches()) {
            return null;
        }
        URI uri = URI.create(url);
        return uri.getScheme() + "://" + uri.getRawAuthority();
    }

    private String host() {
        return url == null
                ? ""
                : Objects.requireNonNull(URI.create(url).getHost()).toLowerCase(Locale.ROOT);
    }

    /** Returns a client for the queue. */
    SqsClient client(AwsClients clients) {
        return clients.sqs(region(), endpoint());
    }

    /**
     * Finds the queue, or makes it if that is wanted, and returns its URL.
     *
     * @throws BrokerException if it is not there
     */
    String open(String broker, SqsClient client, MissingQueue missing) {
        try {
            return find(client);
        } catch (RuntimeException e) {
            BrokerException error = AwsErrors.translate(broker + ": looking for the queue " + name, e);
            if (!(error instanceof DestinationNotFoundException)) {
                throw error;
            }
            return switch (missing) {
                case FAIL -> throw error;
                case WAIT -> throw retryable(error);
                case CREATE -> create(broker, client);
            };
        }
    }

    private String find(SqsClient client) {
        String found = url != null
                ? url
                : client.getQueueUrl(r -> r.queueName(name).queueOwnerAWSAccountId(owner))
                        .queueUrl();
        try {
            look(client, found);
        } catch (RuntimeException e) {
            if (!AwsErrors.isDenied(e)) {
                throw e;
            }
            // It may be allowed to send or receive all the same: the first of these will tell.
        }
        return found;
    }

    private String create(String broker, SqsClient client) {
        CreateQueueRequest.Builder request = CreateQueueRequest.builder().queueName(name);
        if (isFifo()) {
            request.attributes(Map.of(QueueAttributeName.FIFO_QUEUE, "true"));
        }
        try {
            return client.createQueue(request.build()).queueUrl();
        } catch (RuntimeException e) {
            throw AwsErrors.translate(broker + ": making the queue " + name, e);
        }
    }

    /** The same, but worth trying again: somebody may make the queue. */
    static BrokerException retryable(BrokerException missing) {
        return new BrokerException(String.valueOf(missing.getMessage()), missing.getCause(), true);
    }

    /** Asks for the cheapest of its attributes. */
    static Map<QueueAttributeName, String> look(SqsClient client, String url) {
        return client.getQueueAttributes(r -> r.queueUrl(url).attributeNames(QueueAttributeName.QUEUE_ARN))
                .attributes();
    }
}
