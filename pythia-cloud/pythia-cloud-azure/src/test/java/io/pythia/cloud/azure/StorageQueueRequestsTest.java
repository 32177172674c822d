package io.pythia.cloud.azure;

import static io.pythia.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.pythia.BrokerConnectionException;
import io.pythia.BrokerException;
import io.pythia.Message;
import io.pythia.SendResult;
import io.pythia.Settled;
import io.pythia.Subscribers;
import io.pythia.retry.RetryConfig;
import io.pythia.spi.Outgoing;
import io.pythia.spi.ReceiveDriver;
import io.pythia.testkit.Outages;
import io.pythia.testkit.TestSubscriber;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The settings that show only in the requests, on a service in this process whose queues are always empty. */
class StorageQueueRequestsTest {
    private static final RetryConfig NEVER =
            new RetryConfig(0, Duration.ofMillis(10), Duration.ofMillis(10), false, false);

    private static final String NOTHING = "<QueueMessagesList/>";
    private static final String BUSY = "<Error><Code>ServerBusy</Code></Error>";
    private static final String ONE =
            "<QueueMessagesList><QueueMessage><MessageId>1</MessageId><PopReceipt>p</PopReceipt>"
                    + "<DequeueCount>1</DequeueCount><MessageText>eA==</MessageText></QueueMessage></QueueMessagesList>";

    private final List<Long> requests = new CopyOnWriteArrayList<>();
    private final List<Long> looks = new CopyOnWriteArrayList<>();
    private volatile int status = 200;
    private volatile CountDownLatch held = new CountDownLatch(0);
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private HttpServer server;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", this::answer);
        server.start();
    }

    @AfterEach
    void stop() {
        held.countDown(); // else it would wait for its answer
        server.stop(0);
        threads.shutdownNow();
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            requests.add(System.nanoTime());
            if (exchange.getRequestURI().getPath().endsWith("/messages")) {
                looks.add(System.nanoTime());
            }
            awaitQuietly(held);
            write(exchange, status, status == 200 ? NOTHING : BUSY);
        }
    }

    private static void write(HttpExchange exchange, int status, String content) throws IOException {
        byte[] body = ("<?xml version=\"1.0\" encoding=\"utf-8\"?>" + content).getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().add("Content-Type", "application/xml");
        exchange.getResponseHeaders().add("x-ms-approximate-messages-count", "0"); // for a look at the queue itself
        if (status == 503) {
            exchange.getResponseHeaders().add("x-ms-error-code", "ServerBusy");
        }
        exchange.sendResponseHeaders(status, status == 204 ? -1 : body.length);
        if (status != 204) {
            exchange.getResponseBody().write(body);
        }
    }

    /** Lets each request of a path have the next of these answers, and from then on the last; returns the requests. */
    private List<String> script(String path, Scripted... answers) {
        List<String> methods = new CopyOnWriteArrayList<>();
        server.createContext(path, exchange -> {
            try (exchange) {
                Scripted next = answers[Math.min(methods.size(), answers.length - 1)];
                methods.add(exchange.getRequestMethod());
                write(exchange, next.status, next.content);
            }
        });
        return methods;
    }

    private record Scripted(int status, String content) {}

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private AzureConfig config(int maxRetries) {
        String connectionString = "AccountName=a;AccountKey=YQ==;QueueEndpoint=http://127.0.0.1:"
                + server.getAddress().getPort() + "/a";
        return AzureConfig.builder()
                .connectionString(connectionString)
                .maxRetries(maxRetries)
                .build();
    }

    private StorageQueueConsumer.Builder consumer(int maxRetries) {
        return StorageQueueConsumer.builder()
                .queueName("orders")
                .config(config(maxRetries))
                .retry(NEVER);
    }

    @Test
    void minPollInterval_isTheFirstPauseOfAnIdleQueue() {
        Duration pause = Duration.ofMillis(700);
        try (StorageQueueConsumer consumer =
                consumer(0).minPollInterval(pause).maxPollInterval(pause).build()) {
            consumer.consume().subscribe(TestSubscriber.acknowledging());
            eventually("four looks", () -> looks.size() >= 4);
        }
        for (int i = 1; i < 4; i++) {
            assertThat(looks.get(i) - looks.get(i - 1)).isGreaterThan(pause.toNanos() * 9 / 10);
        }
    }

    @Test
    void maxPollInterval_isTheLongestPauseOfAnIdleQueue() {
        try (StorageQueueConsumer consumer = consumer(0)
                .minPollInterval(Duration.ofMillis(5))
                .maxPollInterval(Duration.ofMillis(10))
                .build()) {
            consumer.consume().subscribe(TestSubscriber.acknowledging());
            // With the default of 5 s that would take longer than the test waits.
            eventually("a hundred looks", () -> looks.size() >= 100);
        }
    }

    @Test
    void maxRetries_isHowOftenTheClientRepeatsARequest() {
        status = 503;
        try (StorageQueueConsumer consumer =
                consumer(2).connectTimeout(Duration.ofMinutes(1)).build()) {
            assertThatThrownBy(() -> TestSubscriber.get(consumer.connect())).isInstanceOf(BrokerException.class);
        }
        assertThat(requests).hasSize(3);
    }

    @Test
    void busyService_isAskedAgainAfterAPause_inTheSameSession() {
        Outages outages = new Outages();
        try (StorageQueueConsumer consumer = consumer(0)
                .maxPollInterval(Duration.ofMillis(100))
                .listener(outages)
                .build()) {
            TestSubscriber.get(consumer.connect());
            status = 503;
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            eventually(
                    "looks that were refused",
                    () -> looks.size() >= 5 || !outages.causes().isEmpty());
            assertThat(outages.causes()).isEmpty();
            status = 200;
            int before = looks.size();
            eventually("others", () -> looks.size() >= before + 5);
            assertThat(outages.causes()).isEmpty();
        }
    }

    @Test
    void send_isOneRequest_whateverBecomesOfIt() {
        try (StorageQueueProducer producer = StorageQueueProducer.builder()
                .queueName("orders")
                .config(config(2))
                .retry(NEVER)
                .build()) {
            TestSubscriber.get(producer.connect());
            status = 503;
            assertThatThrownBy(() -> TestSubscriber.get(producer.send(Message.of("x"))))
                    .isInstanceOf(BrokerException.class);
            assertThat(looks).hasSize(1);
        }
    }

    /** They must not, but a program that does it goes on: the client's threads, which bring the answers, are few. */
    @Test
    void callbacksThatWaitForAnotherSend_getItsAnswer() {
        script("/a/orders/messages", new Scripted(201, ONE));
        try (StorageQueueProducer producer = StorageQueueProducer.builder()
                .queueName("orders")
                .config(config(0))
                .sendTimeout(Duration.ofMinutes(5))
                .build()) {
            TestSubscriber.get(producer.connect());
            List<CompletableFuture<SendResult>> chains = Stream.generate(() -> producer.send(Message.of("x"))
                            .thenApply(sent -> producer.send(Message.of("y")).join()))
                    .limit(100)
                    .toList();
            chains.forEach(TestSubscriber::get);
        }
    }

    @Test
    void reject_whoseDeletionFailsAtFirst_copiesOnce() {
        script("/a/orders/messages", new Scripted(200, ONE), new Scripted(200, NOTHING));
        List<String> copies = script("/a/orders-poison/messages", new Scripted(201, ONE));
        Scripted busy = new Scripted(503, BUSY);
        List<String> deletions = script("/a/orders/messages/1", busy, busy, new Scripted(204, ""));
        try (StorageQueueConsumer consumer = consumer(0).build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(1);
            consumer.consume().subscribe(subscriber);
            Message message = subscriber.await(1).get(0);
            assertThat(TestSubscriber.get(message.reject("no"))).isEqualTo(Settled.DONE);
        }
        assertThat(deletions).containsExactly("DELETE", "DELETE", "DELETE");
        assertThat(copies).containsExactly("POST");
    }

    /** The client opens a connection for each request: a burst of acknowledgements must not be a burst of connections. */
    @Test
    void acknowledgementsOfManyMessages_areSixtyFourRequestsAtATime() {
        int batches = 10;
        Scripted[] messages = Stream.concat(
                        IntStream.range(0, batches).mapToObj(StorageQueueRequestsTest::thirtyTwo),
                        Stream.of(new Scripted(200, NOTHING)))
                .toArray(Scripted[]::new);
        script("/a/orders/messages", messages);
        AtomicInteger underWay = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        CountDownLatch deletions = new CountDownLatch(1);
        server.createContext("/a/orders/messages/", exchange -> {
            try (exchange) {
                most.accumulateAndGet(underWay.incrementAndGet(), Math::max);
                awaitQuietly(deletions);
                underWay.decrementAndGet(); // before the client can know of it
                write(exchange, 204, "");
            }
        });
        try (StorageQueueConsumer consumer = consumer(0).build()) {
            List<CompletableFuture<Settled>> acks = new CopyOnWriteArrayList<>();
            consumer.consume().subscribe(Subscribers.each(message -> acks.add(message.ack()), error -> {}));
            eventually("all messages", () -> acks.size() == batches * 32);
            eventually("all places taken", () -> underWay.get() >= 64);
            deletions.countDown();
            acks.forEach(ack -> assertThat(TestSubscriber.get(ack)).isEqualTo(Settled.DONE));
        }
        assertThat(most).hasValue(64);
    }

    private static Scripted thirtyTwo(int batch) {
        return new Scripted(
                200,
                IntStream.range(0, 32)
                        .mapToObj(
                                i -> "<QueueMessage><MessageId>" + batch + "-" + i + "</MessageId><PopReceipt>p"
                                        + "</PopReceipt><DequeueCount>1</DequeueCount><MessageText>eA==</MessageText></QueueMessage>")
                        .collect(Collectors.joining("", "<QueueMessagesList>", "</QueueMessagesList>")));
    }

    private record Sent(CompletableFuture<SendResult> result) implements Outgoing {
        @Override
        public Message message() {
            return Message.of("x");
        }

        @Override
        public void succeed(SendResult given) {
            result.complete(given);
        }

        @Override
        public void fail(BrokerException error) {
            result.completeExceptionally(error);
        }
    }

    private StorageQueueSender openSender() throws InterruptedException {
        StorageQueueSender sender = new StorageQueueSender(new StorageQueueProducerSettings(
                "storage-queue:orders",
                "orders",
                config(0),
                new StorageQueueClients("storage-queue:orders", config(0)),
                QueueEncoding.BASE64,
                false,
                false,
                null,
                Duration.ZERO));
        sender.open();
        return sender;
    }

    @Test
    void busyService_isASignOfLife_andABrokenOneIsNot() throws InterruptedException {
        try (StorageQueueSender sender = openSender();
                StorageQueueConsumer consumer = consumer(0).build();
                ReceiveDriver<StorageQueueRecord> receiver = consumer.newDriver()) {
            receiver.open();
            status = 503;
            sender.ping();
            receiver.ping();
            status = 500;
            assertThatThrownBy(sender::ping).isInstanceOf(BrokerException.class);
            assertThatThrownBy(receiver::ping).isInstanceOf(BrokerException.class);
        }
    }

    @Test
    void close_whileASendWaitsForItsPlace_lendsItNone() throws InterruptedException {
        StorageQueueSender sender = openSender();
        held = new CountDownLatch(1);
        List<Sent> batch = Stream.generate(() -> new Sent(new CompletableFuture<>()))
                .limit(65)
                .toList();
        CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> {
            try {
                sender.send(batch);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        eventually("all places taken", () -> "64".equals(sender.facts().get("under-way")));
        sender.close();
        assertThatThrownBy(() -> TestSubscriber.get(sending)).isInstanceOf(BrokerConnectionException.class);
        assertThat(sender.facts()).containsEntry("under-way", "0");
    }
}
