package io.pythia.rabbitmq;

import static io.pythia.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.GetResponse;
import io.pythia.BrokerException;
import io.pythia.DestinationNotFoundException;
import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.SendResult;
import io.pythia.UncertainSendException;
import io.pythia.retry.RetryConfig;
import io.pythia.testkit.TestSubscriber;
import io.pythia.testkit.server.RabbitTestServer;
import io.pythia.testkit.server.TestServers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** What only RabbitMQ has for who sends: confirms, returns, limits, persistence, declarations. */
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RabbitMQProducerIT {
    private RabbitTestServer server;

    @BeforeAll
    void start() {
        server = TestServers.newRabbit(Map.of("max_message_size", "1000000"));
    }

    @AfterAll
    void stop() {
        TestServers.close(server);
    }

    private RabbitMQProducer.Builder producer() {
        return RabbitMQProducer.builder().config(RabbitQueues.config(server.address()));
    }

    private GetResponse get(String queue) {
        return RabbitQueues.on(server.address(), channel -> channel.basicGet(queue, true));
    }

    @Test
    void unroutableMessages_fail_eachItself() {
        String exchange = RabbitQueues.name();
        String queue = RabbitQueues.create(server.address());
        RabbitQueues.on(server.address(), channel -> {
            channel.exchangeDeclare(exchange, "direct", true);
            return channel.queueBind(queue, exchange, "known");
        });
        try (RabbitMQProducer producer =
                producer().exchange(exchange).routingKey(Message::key).build()) {
            List<CompletableFuture<SendResult>> results = new ArrayList<>();
            for (int i = 0; i < 300; i++) {
                results.add(producer.send(Message.builder()
                        .key(i % 3 == 0 ? "unknown" : "known")
                        .body(Integer.toString(i % 10)) // bodies that can't be told apart
                        .build()));
            }
            for (int i = 0; i < 300; i++) {
                CompletableFuture<SendResult> result = results.get(i);
                if (i % 3 == 0) {
                    assertThatThrownBy(() -> TestSubscriber.get(result))
                            .isInstanceOf(MessageException.class)
                            .hasMessageContaining("unroutable")
                            .hasMessageContaining("'unknown'");
                } else {
                    TestSubscriber.get(result);
                }
            }
        }
        assertThat(RabbitQueues.ready(server.address(), queue)).isEqualTo(200);
        try (RabbitMQProducer producer = producer()
                .exchange(exchange)
                .routingKey("unknown")
                .mandatory(false)
                .build()) {
            TestSubscriber.get(producer.send(Message.of("lost, as was asked for")));
        }
    }

    @Test
    void fullQueueThatRejects_isTriedAgain_andEndsAsUncertain() {
        String queue = RabbitQueues.create(server.address(), Map.of("x-max-length", 1, "x-overflow", "reject-publish"));
        try (RabbitMQProducer producer = producer()
                .queue(queue)
                .retry(RetryConfig.defaults().withMaxRetries(2))
                .build()) {
            TestSubscriber.get(producer.send(Message.of("first")));
            assertThatThrownBy(() -> TestSubscriber.get(producer.send(Message.of("second"))))
                    .isInstanceOf(UncertainSendException.class)
                    .hasMessageContaining("nack");
        }
    }

    @Test
    void messageLargerThanTheBrokerTakes_failsAlone_andTheNextOnesGo() {
        String queue = RabbitQueues.create(server.address());
        try (RabbitMQProducer producer = producer().queue(queue).build()) {
            TestSubscriber.get(producer.send(Message.of("before")));
            CompletableFuture<SendResult> tooLarge = producer.send(Message.of(new byte[1_000_001]));
            CompletableFuture<SendResult> next = producer.send(Message.of("after"));
            assertThatThrownBy(() -> TestSubscriber.get(tooLarge))
                    .isInstanceOf(MessageException.class)
                    .hasMessageContaining("max_message_size");
            TestSubscriber.get(next);
        }
    }

    @Test
    void headersBeyondAFrame_areRefused_andTheNextMessageGoes() {
        String queue = RabbitQueues.create(server.address());
        try (RabbitMQProducer producer = producer().queue(queue).build()) {
            assertThatThrownBy(() -> TestSubscriber.get(producer.send(
                            Message.builder().header("h", new byte[200_000]).build())))
                    .isInstanceOf(MessageException.class)
                    .hasMessageContaining("frame");
            TestSubscriber.get(producer.send(
                    Message.builder().header("h", new byte[100_000]).build()));
        }
    }

    @Test
    void messageThatCameAsACopy_goesOn_andMakesNoMoreCopies() {
        String queue = RabbitQueues.create(server.address());
        String copies = RabbitQueues.create(server.address());
        String letters = RabbitQueues.create(server.address());
        BasicProperties copied = new BasicProperties.Builder()
                .headers(Map.of("CC", List.of(copies), "other", "1"))
                .build();
        RabbitQueues.on(server.address(), channel -> {
            channel.basicPublish("", queue, copied, new byte[] {1});
            return channel;
        });
        try (RabbitMQConsumer consumer = RabbitMQConsumer.builder()
                .queue(queue)
                .config(RabbitQueues.config(server.address()))
                .deadLetterQueue(letters)
                .build()) {
            consumer.consume().subscribe(TestSubscriber.handling(message -> message.reject("no")));
            eventually("the letter", () -> RabbitQueues.ready(server.address(), letters) == 1);
        }
        assertThat(get(letters).getProps().getHeaders()).containsKey("other").doesNotContainKey("CC");
        assertThat(RabbitQueues.ready(server.address(), copies)).isEqualTo(1);
    }

    @Test
    void persistence_isAsAskedFor() {
        String queue = RabbitQueues.create(server.address());
        try (RabbitMQProducer persistent = producer().queue(queue).build();
                RabbitMQProducer fast = producer()
                        .queue(queue)
                        .persistent(false)
                        .confirms(false)
                        .build()) {
            TestSubscriber.get(persistent.send(Message.of("1")));
            assertThat(get(queue).getProps().getDeliveryMode()).isEqualTo(2);
            TestSubscriber.get(fast.send(Message.of("2")));
            eventually("it", () -> RabbitQueues.ready(server.address(), queue) == 1);
            assertThat(get(queue).getProps().getDeliveryMode()).isEqualTo(1);
        }
    }

    @Test
    void producer_mayDeclareWhatItSendsTo() {
        String queue = RabbitQueues.name();
        try (RabbitMQProducer producer = producer()
                .queue(queue)
                .topology(TopologyPolicy.DECLARE)
                .queueArguments(Map.of("x-max-length", 10))
                .build()) {
            TestSubscriber.get(producer.send(Message.of("x")));
        }
        String exchange = RabbitQueues.name();
        try (RabbitMQProducer producer = producer()
                .exchange(exchange)
                .exchangeType(ExchangeType.FANOUT)
                .topology(TopologyPolicy.DECLARE)
                .build()) {
            TestSubscriber.get(producer.connect());
        }
        try (RabbitMQProducer unchecked = producer()
                .exchange(RabbitQueues.name())
                .topology(TopologyPolicy.NONE)
                .sendTimeout(Duration.ofSeconds(5))
                .build()) {
            TestSubscriber.get(unchecked.connect());
            assertThatThrownBy(() -> TestSubscriber.get(unchecked.send(Message.of("x"))))
                    .isInstanceOf(DestinationNotFoundException.class);
            List<CompletableFuture<SendResult>> many = IntStream.range(0, 500)
                    .mapToObj(i -> unchecked.send(Message.of("x")))
                    .toList();
            for (CompletableFuture<SendResult> each : many) {
                assertThatThrownBy(() -> TestSubscriber.get(each))
                        .isInstanceOf(BrokerException.class)
                        .hasStackTraceContaining("NOT_FOUND - no exchange");
            }
        }
    }
}
