package io.pythia.benchmarks;

import io.pythia.Health;
import io.pythia.Message;
import io.pythia.Subscribers;
import io.pythia.cloud.aws.AwsConfig;
import io.pythia.cloud.aws.SqsConsumer;
import io.pythia.cloud.aws.SqsProducer;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.DeleteMessageBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeName;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchRequestEntry;

/** One run in a fresh JVM: {@code AwsRun <variant> <address> <queue> <messages>}. Prints one RESULT line. */
public final class AwsRun {
    private static final String BODY = "x".repeat(256);
    private static final int BATCH = 10;
    /** As many as Pythia has requests under way at most, when it sends and when it receives. */
    static final int PRODUCING_LOOPS = 8;

    static final int CONSUMING_LOOPS = 4;
    /** How many sends of Pythia may be unconfirmed. */
    private static final int WINDOW = 1_000;

    private final String address;
    private final String queue;
    private final int messages;

    private AwsRun(String address, String queue, int messages) {
        this.address = address;
        this.queue = queue;
        this.messages = messages;
    }

    /** Runs one variant. */
    public static void main(String[] args) throws Exception {
        AwsRun run = new AwsRun(args[1], args[2], Integer.parseInt(args[3]));
        switch (args[0]) {
            case "raw-produce" -> run.rawProduce(1);
            case "loops-produce" -> run.rawProduce(PRODUCING_LOOPS);
            case "pythia-produce" -> run.pythiaProduce();
            case "raw-consume" -> run.rawConsume(1);
            case "loops-consume" -> run.rawConsume(CONSUMING_LOOPS);
            case "pythia-consume" -> run.pythiaConsume();
            case "pythia-requests" -> run.pythiaRequests();
            default -> throw new IllegalArgumentException("unknown variant " + args[0]);
        }
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }

    static void create(String address, String queue) {
        try (SqsClient client = client(address)) {
            client.createQueue(r -> r.queueName(queue));
        }
    }

    static void delete(String address, String queue) {
        try (SqsClient client = client(address)) {
            client.deleteQueue(r -> r.queueUrl(url(address, queue)));
        }
    }

    private static SqsClient client(String address) {
        return SqsClient.builder()
                .endpointOverride(URI.create("http://" + address))
                .region(Region.US_EAST_1)
                .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("a", "b")))
                .httpClientBuilder(Apache5HttpClient.builder())
                .build();
    }

    private static String url(String address, String queue) {
        return "http://" + address + "/000000000000/" + queue;
    }

    private static AwsConfig config() {
        return AwsConfig.builder()
                .region("us-east-1")
                .accessKeyId("a")
                .secretAccessKey("b")
                .build();
    }

    private SqsProducer producer() {
        return SqsProducer.builder()
                .queueUrl(url(address, queue))
                .config(config())
                .build();
    }

    private SqsConsumer consumer() {
        return SqsConsumer.builder()
                .queueUrl(url(address, queue))
                .config(config())
                .build();
    }

    private int warmUp() {
        return messages / 4;
    }

    /** So many loops that send ten and wait for the answer. */
    private void rawProduce(int loops) throws InterruptedException {
        SqsClient client = client(address);
        inLoops(loops, () -> {
            List<SendMessageBatchRequestEntry> entries = new ArrayList<>();
            for (int i = 0; i < BATCH; i++) {
                entries.add(SendMessageBatchRequestEntry.builder()
                        .id(Integer.toString(i))
                        .messageBody(BODY)
                        .build());
            }
            client.sendMessageBatch(r -> r.queueUrl(url(address, queue)).entries(entries));
            return BATCH;
        });
    }

    /** Repeats a step, which returns of how many messages it was, in so many threads, and measures the rate after the warm-up. */
    private void inLoops(int loops, IntSupplier step) throws InterruptedException {
        AtomicInteger all = new AtomicInteger();
        AtomicReference<@Nullable Measurement> measurement = new AtomicReference<>();
        CountDownLatch done = new CountDownLatch(1);
        for (int i = 0; i < loops; i++) {
            Thread loop = new Thread(() -> {
                while (all.get() < messages + warmUp()) {
                    if (all.get() >= warmUp() && measurement.get() == null) {
                        measurement.compareAndSet(null, new Measurement());
                    }
                    all.addAndGet(step.getAsInt());
                }
                done.countDown();
                LockSupport.park(); // what it has allocated is measured while it lives
            });
            loop.setDaemon(true);
            loop.setUncaughtExceptionHandler((thread, error) -> fail(error));
            loop.start();
        }
        done.await();
        Objects.requireNonNull(measurement.get()).report(messages);
    }

    private void pythiaProduce() throws InterruptedException {
        byte[] body = BODY.getBytes(StandardCharsets.UTF_8);
        Window window = new Window(WINDOW);
        try (SqsProducer producer = producer()) {
            producer.connect().join();
            Measurement measurement = new Measurement();
            for (int i = 0; i < messages + warmUp(); i++) {
                if (i == warmUp()) {
                    measurement = new Measurement();
                }
                window.acquire();
                producer.send(Message.of(body)).whenComplete((result, error) -> {
                    if (error != null) {
                        fail(error);
                    }
                    window.release();
                });
            }
            window.awaitAll();
            measurement.report(messages);
        }
    }

    /** As everybody writes it, in so many loops: receive ten with their attributes, as Pythia does, handle them, delete ten. */
    private void rawConsume(int loops) throws InterruptedException {
        SqsClient client = client(address);
        inLoops(loops, () -> receiveAndDelete(client));
    }

    private int receiveAndDelete(SqsClient client) {
        List<software.amazon.awssdk.services.sqs.model.Message> batch = client.receiveMessage(
                        r -> r.queueUrl(url(address, queue))
                                .maxNumberOfMessages(BATCH)
                                .messageAttributeNames("All")
                                .messageSystemAttributeNames(MessageSystemAttributeName.ALL)
                                .waitTimeSeconds(20))
                .messages();
        List<DeleteMessageBatchRequestEntry> entries = new ArrayList<>();
        for (var message : batch) {
            entries.add(DeleteMessageBatchRequestEntry.builder()
                    .id(Integer.toString(entries.size()))
                    .receiptHandle(message.receiptHandle())
                    .build());
        }
        if (!entries.isEmpty()) {
            client.deleteMessageBatch(r -> r.queueUrl(url(address, queue)).entries(entries));
        }
        return batch.size();
    }

    private void pythiaConsume() throws InterruptedException {
        AtomicInteger received = new AtomicInteger();
        CountDownLatch done = new CountDownLatch(1);
        Measurement[] measurement = new Measurement[1];
        try (SqsConsumer consumer = consumer()) {
            consumer.connect().join();
            consumer.consume()
                    .subscribe(Subscribers.each(
                            message -> {
                                if (received.incrementAndGet() == warmUp()) {
                                    measurement[0] = new Measurement();
                                }
                                message.body();
                                boolean last = received.get() == messages + warmUp();
                                message.ack().whenComplete((ok, error) -> {
                                    if (last) {
                                        done.countDown();
                                    }
                                });
                            },
                            AwsRun::fail));
            done.await();
            measurement[0].report(messages);
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }
    }

    private void pythiaRequests() throws InterruptedException {
        Semaphore confirmed = new Semaphore(0);
        double perSend;
        try (SqsProducer producer = producer()) {
            for (int i = 0; i < messages; i++) {
                producer.send(Message.of(BODY)).whenComplete((ok, error) -> confirmed.release());
            }
            confirmed.acquire(messages);
            perSend = requests(producer.healthCheck().join());
        }
        Semaphore acknowledged = new Semaphore(0);
        try (SqsConsumer consumer = consumer()) {
            consumer.consume()
                    .subscribe(Subscribers.each(
                            message -> message.ack().whenComplete((ok, error) -> acknowledged.release()),
                            AwsRun::fail));
            acknowledged.acquire(messages);
            double perReceive = requests(consumer.healthCheck().join());
            System.out.printf("RESULT %f %f 0 0%n", perSend, perReceive);
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }
    }

    private double requests(Health health) {
        return Double.parseDouble(Objects.requireNonNull(health.facts().get("requests"))) / messages;
    }

    private static void fail(Throwable error) {
        error.printStackTrace();
        Runtime.getRuntime().halt(1);
    }
}
