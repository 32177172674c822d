package io.pythia.benchmarks;

import com.azure.storage.queue.QueueAsyncClient;
import com.azure.storage.queue.QueueClientBuilder;
import com.azure.storage.queue.models.QueueMessageItem;
import io.pythia.Message;
import io.pythia.Subscribers;
import io.pythia.cloud.azure.AzureConfig;
import io.pythia.cloud.azure.QueueEncoding;
import io.pythia.cloud.azure.StorageQueueConsumer;
import io.pythia.cloud.azure.StorageQueueProducer;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import reactor.core.publisher.Flux;

/** One variant in a JVM of its own: {@code StorageQueueRun <variant> <connection string> <queue> <messages>}. Prints a RESULT line. */
public final class StorageQueueRun {
    private static final int WINDOW = 5_000;
    private static final int REQUESTS = 64;
    private static final int MOST_MESSAGES = 32;
    private static final String BODY = "x".repeat(256);

    private final String connectionString;
    private final String queue;
    private final int messages;

    private StorageQueueRun(String connectionString, String queue, int messages) {
        this.connectionString = connectionString;
        this.queue = queue;
        this.messages = messages;
    }

    /** Runs one variant. */
    public static void main(String[] args) throws Exception {
        StorageQueueRun run = new StorageQueueRun(args[1], args[2], Integer.parseInt(args[3]));
        switch (args[0]) {
            case "raw-produce" -> run.rawProduce();
            case "pythia-produce" -> run.pythiaProduce();
            case "raw-consume" -> run.rawConsume();
            case "pythia-consume" -> run.pythiaConsume();
            default -> throw new IllegalArgumentException("unknown variant " + args[0]);
        }
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }

    private int warmUp() {
        return messages / 4;
    }

    private QueueAsyncClient client() {
        return new QueueClientBuilder()
                .connectionString(connectionString)
                .queueName(queue)
                .buildAsyncClient();
    }

    /** One request each, some of them under way at a time. */
    private void rawProduce() {
        QueueAsyncClient client = client();
        send(client, warmUp());
        Measurement measurement = new Measurement();
        send(client, messages);
        measurement.report(messages);
    }

    private static void send(QueueAsyncClient client, int count) {
        Flux.range(0, count).flatMap(i -> client.sendMessage(BODY), REQUESTS).blockLast();
    }

    private void pythiaProduce() throws Exception {
        Window window = new Window(WINDOW);
        try (StorageQueueProducer producer = StorageQueueProducer.builder()
                .queueName(queue)
                .config(AzureConfig.of(connectionString))
                .encoding(QueueEncoding.TEXT)
                .build()) {
            producer.connect().join();
            Measurement measurement = new Measurement();
            for (int i = 0; i < messages + warmUp(); i++) {
                if (i == warmUp()) {
                    window.awaitAll(); // as the raw side does, so that both count the same
                    measurement = new Measurement();
                }
                window.acquire();
                producer.send(Message.of(BODY)).whenComplete((result, error) -> {
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

    /** As everybody writes it: a batch, its deletes side by side, the next batch. */
    private void rawConsume() throws Exception {
        AzureProgress progress = new AzureProgress(messages, warmUp());
        QueueAsyncClient client = client();
        for (int seen = 0; seen < messages; ) {
            List<QueueMessageItem> batch =
                    Objects.requireNonNull(client.receiveMessages(MOST_MESSAGES, Duration.ofSeconds(30))
                            .collectList()
                            .block());
            batch.forEach(item -> progress.seen(item.getBody().toBytes()));
            seen += batch.size();
            Flux.fromIterable(batch)
                    .flatMap(item -> client.deleteMessage(item.getMessageId(), item.getPopReceipt()), REQUESTS)
                    .blockLast();
        }
        progress.await();
    }

    private void pythiaConsume() throws Exception {
        AzureProgress progress = new AzureProgress(messages, warmUp());
        StorageQueueConsumer consumer = StorageQueueConsumer.builder()
                .queueName(queue)
                .config(AzureConfig.of(connectionString))
                .encoding(QueueEncoding.TEXT)
                .build();
        consumer.connect().join();
        consumer.consume()
                .subscribe(Subscribers.each(
                        message -> {
                            message.ack();
                            progress.seen(message.body());
                        },
                        StorageQueueRun::fail));
        progress.await();
    }

    private static void fail(Throwable error) {
        error.printStackTrace();
        Runtime.getRuntime().halt(1);
    }
}
