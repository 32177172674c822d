package io.pythia.cloud.aws;

import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;

/** Queues of a test server, and the SDK's own client of it. */
final class SqsQueues {
    static final String ACCOUNT = "000000000000";

    private SqsQueues() {}

    /** The service is asked each second and given three for an answer, so that silence is noticed soon. */
    static AwsConfig.Builder config() {
        return AwsConfig.builder()
                .region("us-east-1")
                .accessKeyId("test")
                .secretAccessKey("test-secret")
                .timeout(Duration.ofSeconds(9))
                .heartbeat(Duration.ofSeconds(1));
    }

    static String url(String address, String queue) {
        return "http://" + address + "/" + ACCOUNT + "/" + queue;
    }

    /** Runs something with a client that goes straight to the server. */
    static <T> T on(String address, Function<SqsClient, T> work) {
        try (SqsClient client = client(address)) {
            return work.apply(client);
        }
    }

    static SqsClient client(String address) {
        return SqsClient.builder()
                .endpointOverride(URI.create("http://" + address))
                .region(Region.US_EAST_1)
                .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("test", "test")))
                .httpClientBuilder(Apache5HttpClient.builder())
                .build();
    }

    /** Makes a queue of its own and returns its name. */
    static String create(String address, boolean fifo) {
        return create(address, "q-" + UUID.randomUUID() + (fifo ? ".fifo" : ""), Map.of());
    }

    static String create(String address, String name, Map<QueueAttributeName, String> attributes) {
        Map<QueueAttributeName, String> all = new HashMap<>(attributes);
        if (name.endsWith(".fifo")) {
            all.put(QueueAttributeName.FIFO_QUEUE, "true");
        }
        on(address, client -> client.createQueue(r -> r.queueName(name).attributes(all)));
        return name;
    }

    /** Returns a consumer that polls for a second at a time, so that it closes quickly. */
    static SqsConsumer.Builder consumer(String address, String queue) {
        return SqsConsumer.builder()
                .queueUrl(url(address, queue))
                .config(config().build())
                .waitTime(Duration.ofSeconds(1));
    }

    static SqsProducer.Builder producer(String address, String queue) {
        return SqsProducer.builder().queueUrl(url(address, queue)).config(config().build());
    }
}
