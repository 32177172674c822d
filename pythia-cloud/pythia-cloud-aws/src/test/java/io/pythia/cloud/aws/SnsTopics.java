package io.pythia.cloud.aws;

import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sns.SnsClient;

/** Topics of a test server with queues that are subscribed to them. */
final class SnsTopics {
    static final String ARN = "arn:aws:sns:us-east-1:" + SqsQueues.ACCOUNT + ":";

    private SnsTopics() {}

    static <T> T on(String address, Function<SnsClient, T> work) {
        try (SnsClient client = SnsClient.builder()
                .endpointOverride(URI.create("http://" + address))
                .region(Region.US_EAST_1)
                .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("test", "test")))
                .httpClientBuilder(Apache5HttpClient.builder())
                .build()) {
            return work.apply(client);
        }
    }

    static AwsConfig config(String address) {
        return SqsQueues.config().endpoint("http://" + address).build();
    }

    /** Makes a topic and returns its name. */
    static String create(String address, boolean fifo) {
        String name = "t-" + UUID.randomUUID() + (fifo ? ".fifo" : "");
        Map<String, String> attributes = fifo ? Map.of("FifoTopic", "true") : Map.of();
        on(address, client -> client.createTopic(r -> r.name(name).attributes(attributes)));
        return name;
    }

    /** Makes a queue, subscribes it and returns its name. */
    static String subscribe(String address, String topic, boolean raw, String... filterPolicy) {
        String queue = SqsQueues.create(address, topic.endsWith(".fifo"));
        subscribe(address, topic, queue, raw, filterPolicy);
        return queue;
    }

    static void subscribe(String address, String topic, String queue, boolean raw, String... filterPolicy) {
        Map<String, String> attributes = new HashMap<>();
        attributes.put("RawMessageDelivery", Boolean.toString(raw));
        if (filterPolicy.length > 0) {
            attributes.put("FilterPolicy", filterPolicy[0]);
        }
        on(
                address,
                client -> client.subscribe(r -> r.topicArn(ARN + topic)
                        .protocol("sqs")
                        .endpoint("arn:aws:sqs:us-east-1:" + SqsQueues.ACCOUNT + ":" + queue)
                        .attributes(attributes)));
    }

    static SnsProducer.Builder producer(String address, String topic) {
        return SnsProducer.builder().topicArn(ARN + topic).config(config(address));
    }
}
