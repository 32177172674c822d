package io.pythia.cloud.azure;

import static io.pythia.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.pythia.BrokerException;
import io.pythia.retry.RetryConfig;
import io.pythia.testkit.TestSubscriber;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The settings that show only in the requests, on a service in this process whose queues are always empty. */
class StorageQueueRequestsTest {
    private static final RetryConfig NEVER =
            new RetryConfig(0, Duration.ofMillis(10), Duration.ofMillis(10), false, false);

    private final List<Long> requests = new CopyOnWriteArrayList<>();
    private final List<Long> looks = new CopyOnWriteArrayList<>();
    private volatile int status = 200;
    private HttpServer server;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            requests.add(System.nanoTime());
            if (exchange.getRequestURI().getPath().endsWith("/messages")) {
                looks.add(System.nanoTime());
            }
            byte[] body =
                    "<?xml version=\"1.0\" encoding=\"utf-8\"?><QueueMessagesList/>".getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().add("Content-Type", "application/xml");
            exchange.getResponseHeaders().add("x-ms-approximate-messages-count", "0"); // for a look at the queue itself
            exchange.sendResponseHeaders(status, body.length);
            exchange.getResponseBody().write(body);
        }
    }

    private StorageQueueConsumer.Builder consumer(int maxRetries) {
        String connectionString = "AccountName=a;AccountKey=YQ==;QueueEndpoint=http://127.0.0.1:"
                + server.getAddress().getPort() + "/a";
        return StorageQueueConsumer.builder()
                .queueName("orders")
                .config(AzureConfig.builder()
                        .connectionString(connectionString)
                        .maxRetries(maxRetries)
                        .build())
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
}
