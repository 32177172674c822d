package io.pythia.benchmarks;

import com.azure.messaging.servicebus.ServiceBusClientBuilder;
import com.azure.messaging.servicebus.ServiceBusMessage;
import com.azure.messaging.servicebus.ServiceBusMessageBatch;
import com.azure.messaging.servicebus.ServiceBusReceiverAsyncClient;
import com.azure.messaging.servicebus.ServiceBusSenderAsyncClient;
import io.pythia.Message;
import io.pythia.Subscribers;
import io.pythia.cloud.azure.AzureConfig;
import io.pythia.cloud.azure.ServiceBusConsumer;
import io.pythia.cloud.azure.ServiceBusProducer;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Semaphore;

/** One variant in a JVM of its own: {@code ServiceBusRun <variant> <connection string> <queue> <messages>}. Prints a RESULT line. */
public final class ServiceBusRun {
    private static final int BODY_BYTES = 256;
    private static final int WINDOW = 5_000;
    /** Batches under way. */
    private static final int BATCHES = 8;

    /**
     * Messages asked for, the same on both sides. For more than 256 the raw client has no room while it gives some to its subscriber: it
     * drops them, and the link with them (azure-sdk-for-java issue 31527).
     */
    private static final int CREDIT = 256;

    private final String connectionString;
    private final String queue;
    private final int messages;

    private ServiceBusRun(String connectionString, String queue, int messages) {
        this.connectionString = connectionString;
        this.queue = queue;
        this.messages = messages;
    }

    /** Runs one variant. */
    public static void main(String[] args) throws Exception {
        ServiceBusRun run = new ServiceBusRun(args[1], args[2], Integer.parseInt(args[3]));
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

    /** Full batches, some of them under way at a time. */
    private void rawProduce() throws Exception {
        byte[] body = new byte[BODY_BYTES];
        Semaphore window = new Semaphore(BATCHES);
        ServiceBusSenderAsyncClient sender = new ServiceBusClientBuilder()
                .connectionString(connectionString)
                .sender()
                .queueName(queue)
                .buildAsyncClient();
        ServiceBusMessageBatch batch =
                Objects.requireNonNull(sender.createMessageBatch().block());
        Measurement measurement = new Measurement();
        for (int i = 0; i < messages + warmUp(); i++) {
            if (i == warmUp()) {
                measurement = new Measurement();
            }
            ServiceBusMessage message = new ServiceBusMessage(body.clone());
            message.setMessageId(Integer.toString(i));
            if (!batch.tryAddMessage(message)) {
                send(sender, batch, window);
                batch = Objects.requireNonNull(sender.createMessageBatch().block());
                batch.tryAddMessage(message);
            }
        }
        send(sender, batch, window);
        window.acquire(BATCHES);
        measurement.report(messages);
    }

    private static void send(ServiceBusSenderAsyncClient sender, ServiceBusMessageBatch batch, Semaphore window)
            throws InterruptedException {
        window.acquire();
        sender.sendMessages(batch).subscribe(done -> {}, ServiceBusRun::fail, window::release);
    }

    private void pythiaProduce() throws Exception {
        byte[] body = new byte[BODY_BYTES];
        Window window = new Window(WINDOW);
        try (ServiceBusProducer producer = ServiceBusProducer.builder()
                .queueName(queue)
                .config(AzureConfig.of(connectionString))
                .build()) {
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

    /** As the client's own documentation has it: each message is completed when it was handled. */
    private void rawConsume() throws Exception {
        AzureProgress progress = new AzureProgress(messages, warmUp());
        ServiceBusReceiverAsyncClient receiver = new ServiceBusClientBuilder()
                .connectionString(connectionString)
                .receiver()
                .queueName(queue)
                .disableAutoComplete()
                .maxAutoLockRenewDuration(Duration.ZERO)
                .prefetchCount(CREDIT / 2) // beside what flatMap requests
                .buildAsyncClient();
        receiver.receiveMessages()
                .flatMap(
                        message -> {
                            progress.seen(message.getBody().toBytes());
                            return receiver.complete(message);
                        },
                        CREDIT / 2)
                .subscribe(done -> {}, ServiceBusRun::fail);
        progress.await();
    }

    private void pythiaConsume() throws Exception {
        AzureProgress progress = new AzureProgress(messages, warmUp());
        ServiceBusConsumer consumer = ServiceBusConsumer.builder()
                .queueName(queue)
                .config(AzureConfig.of(connectionString))
                .maxMessages(CREDIT)
                .prefetchCount(CREDIT)
                .build();
        consumer.connect().join();
        consumer.consume()
                .subscribe(Subscribers.each(
                        message -> {
                            message.ack();
                            progress.seen(message.body());
                        },
                        ServiceBusRun::fail));
        progress.await();
    }

    private static void fail(Throwable error) {
        error.printStackTrace();
        Runtime.getRuntime().halt(1);
    }
}
