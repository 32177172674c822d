package io.pythia.rabbitmq;

import static io.pythia.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Delivery;
import com.rabbitmq.client.Envelope;
import com.rabbitmq.client.GetResponse;
import io.pythia.BrokerAuthenticationException;
import io.pythia.BrokerConnectionException;
import io.pythia.BrokerException;
import io.pythia.DestinationNotFoundException;
import io.pythia.Health;
import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.SendResult;
import io.pythia.Settled;
import io.pythia.testkit.Outages;
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

/** What only RabbitMQ has for who consumes: exchanges, kinds of queues, dead-letter exchanges, names of connections. */
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RabbitMQFeaturesIT {
    private RabbitTestServer server;

    @BeforeAll
    void start() {
        server = TestServers.newRabbit(Map.of());
    }

    @AfterAll
    void stop() {
        TestServers.close(server);
    }

    private RabbitMQConsumer.Builder consumer(String queue) {
        return RabbitMQConsumer.builder().queue(queue).config(RabbitQueues.config(server.address()));
    }

    private RabbitMQProducer.Builder producer() {
        return RabbitMQProducer.builder().config(RabbitQueues.config(server.address()));
    }

    private void sendHundred(String queue) {
        send(queue, 100);
    }

    private void send(String queue, int count) {
        try (RabbitMQProducer producer = producer().queue(queue).build()) {
            List<Message> messages = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                messages.add(Message.of(Integer.toString(i)));
            }
            TestSubscriber.get(producer.sendBatch(messages));
        }
    }

    private GetResponse get(String queue) {
        return RabbitQueues.on(server.address(), channel -> channel.basicGet(queue, true));
    }

    @Test
    void topicExchange_routesByTheMessagesKey() {
        String exchange = RabbitQueues.name();
        try (RabbitMQConsumer eu = consumer(RabbitQueues.name())
                        .exchange(exchange)
                        .exchangeType("topic")
                        .routingKeys(List.of("eu.*", "world"))
                        .build();
                RabbitMQConsumer all = consumer(RabbitQueues.name())
                        .exchange(exchange)
                        .exchangeType(ExchangeType.TOPIC)
                        .build();
                RabbitMQProducer producer =
                        producer().exchange(exchange).routingKey(Message::key).build()) {
            TestSubscriber.get(eu.connect());
            TestSubscriber.get(all.connect());
            TestSubscriber europe = TestSubscriber.acknowledging();
            eu.consume().subscribe(europe);
            TestSubscriber everywhere = TestSubscriber.acknowledging();
            all.consume().subscribe(everywhere);
            for (String key : List.of("eu.orders", "us.orders", "world")) {
                SendResult result = TestSubscriber.get(
                        producer.send(Message.builder().key(key).body(key).build()));
                assertThat(result.destination()).isEqualTo(exchange);
                assertThat(result.details()).containsEntry("routing-key", key);
            }
            everywhere.await(3);
            europe.await(2);
            assertThat(europe.texts()).containsExactly("eu.orders", "world");
            Message message = europe.messages().get(0);
            assertThat(message.unwrap(Delivery.class)
                            .orElseThrow()
                            .getEnvelope()
                            .getRoutingKey())
                    .isEqualTo("eu.orders");
            assertThat(message.unwrap(Envelope.class)).isPresent();
            assertThat(message.unwrap(BasicProperties.class)).isPresent();
        }
    }

    @Test
    void headersExchange_routesByHeaders() {
        String exchange = RabbitQueues.name();
        try (RabbitMQConsumer consumer = consumer(RabbitQueues.name())
                        .exchange(exchange)
                        .exchangeType("headers")
                        .bindingArguments(Map.of("x-match", "all", "type", "order"))
                        .build();
                RabbitMQProducer producer = producer().exchange(exchange).build()) {
            TestSubscriber.get(consumer.connect());
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            assertThatThrownBy(() -> TestSubscriber.get(producer.send(Message.builder()
                            .header("type", "invoice")
                            .body("1")
                            .build())))
                    .isInstanceOf(MessageException.class);
            TestSubscriber.get(producer.send(
                    Message.builder().header("type", "order").body("2").build()));
            assertThat(subscriber.await(1).get(0).text()).isEqualTo("2");
        }
    }

    @Test
    void declaration_becomesWhatWasAskedFor_andAMismatchSaysWhatDiffers() {
        String queue = RabbitQueues.name();
        try (RabbitMQConsumer first = consumer(queue)
                .maxPriority(5)
                .queueArguments(Map.of("x-max-length", 100))
                .build()) {
            TestSubscriber.get(first.connect());
        }
        assertThat(server.control("list_queues", "name", "durable", "arguments"))
                .contains(queue + "\ttrue")
                .contains("{\"x-max-priority\",5}", "{\"x-max-length\",100}");
        try (RabbitMQConsumer second = consumer(queue)
                .maxPriority(7)
                .queueArguments(Map.of("x-max-length", 100))
                .build()) {
            assertThatThrownBy(() -> TestSubscriber.get(second.connect()))
                    .hasMessageContaining("queue '" + queue + "' has another x-max-priority")
                    .hasMessageContaining("'7'")
                    .hasMessageContaining("'5'")
                    .hasMessageContaining("topology=passive")
                    .matches(e -> !((BrokerException) e).isRetryable());
        }
        try (RabbitMQConsumer notDurable =
                consumer(queue).durable(false).maxPriority(5).build()) {
            assertThatThrownBy(() -> TestSubscriber.get(notDurable.connect()))
                    .hasMessageContaining("durable")
                    .hasMessageContaining("'false'")
                    .hasMessageContaining("'true'");
        }
        try (RabbitMQConsumer passive =
                consumer(queue).topology(TopologyPolicy.PASSIVE).build()) {
            TestSubscriber.get(passive.connect());
        }
    }

    @Test
    void priorities_ofMessages_areKept() {
        String queue = RabbitQueues.create(server.address(), Map.of("x-max-priority", 9));
        try (RabbitMQProducer producer = producer()
                        .queue(queue)
                        .priority(message -> Integer.valueOf(message.text()))
                        .build();
                RabbitMQConsumer consumer =
                        consumer(queue).topology(TopologyPolicy.PASSIVE).build()) {
            TestSubscriber.get(producer.sendBatch(List.of(Message.of("1"), Message.of("5"), Message.of("3"))));
            assertThatThrownBy(() -> TestSubscriber.get(producer.send(Message.of("256"))))
                    .isInstanceOf(MessageException.class);
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            subscriber.await(3);
            assertThat(subscriber.texts()).containsExactly("5", "3", "1");
        }
    }

    @Test
    void quorumQueue_countsNacks_andPutsAsideWhatComesTooOften() {
        String queue = RabbitQueues.name();
        String letters = RabbitQueues.create(server.address());
        try (RabbitMQConsumer consumer = consumer(queue)
                        .queueType(QueueType.QUORUM)
                        .deliveryLimit(2)
                        .deadLetterExchange("")
                        .deadLetterRoutingKey(letters)
                        .build();
                RabbitMQProducer producer = producer().queue(queue).build();
                RabbitMQConsumer reading = consumer(letters).build()) {
            TestSubscriber.get(consumer.connect());
            TestSubscriber.get(producer.send(Message.of("poison")));
            TestSubscriber subscriber = TestSubscriber.handling(Message::nack);
            consumer.consume().subscribe(subscriber);
            assertThat(subscriber.await(3)).extracting(Message::attempt).containsExactly(1, 2, 3);
            TestSubscriber dead = TestSubscriber.acknowledging();
            reading.consume().subscribe(dead);
            Message letter = dead.await(1).get(0);
            assertThat(letter.text()).isEqualTo("poison");
            assertThat(letter.headers().get("x-first-death-reason")).isEqualTo("delivery_limit");
            assertThat(subscriber.count()).isEqualTo(3);
        }
    }

    @Test
    void reject_goesToTheDeadLetterExchange() {
        String queue = RabbitQueues.name();
        String letters = RabbitQueues.create(server.address());
        try (RabbitMQConsumer consumer = consumer(queue)
                        .deadLetterExchange("")
                        .deadLetterRoutingKey(letters)
                        .build();
                RabbitMQProducer producer = producer().queue(queue).build()) {
            TestSubscriber.get(consumer.connect());
            TestSubscriber.get(producer.send(Message.of("bad")));
            TestSubscriber subscriber = TestSubscriber.requesting(1);
            consumer.consume().subscribe(subscriber);
            assertThat(TestSubscriber.get(subscriber.await(1).get(0).reject("not wanted")))
                    .isEqualTo(Settled.DONE);
            eventually("the letter", () -> RabbitQueues.ready(server.address(), letters) == 1);
        }
        assertThat(get(letters).getBody()).asString().isEqualTo("bad");
    }

    @Test
    void autoAck_acknowledgesWhatIsGivenOut_andTheRestStaysInTheBroker() {
        String queue = RabbitQueues.create(server.address());
        try (RabbitMQProducer producer = producer().queue(queue).build()) {
            TestSubscriber.get(producer.sendBatch(
                    IntStream.range(0, 300).mapToObj(i -> Message.of("x")).toList()));
        }
        try (RabbitMQConsumer consumer =
                consumer(queue).autoAck(true).prefetchCount(10).build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(5);
            consumer.consume().subscribe(subscriber);
            assertThat(TestSubscriber.get(subscriber.await(5).get(0).ack())).isEqualTo(Settled.DONE);
            eventually("the prefetched ones", () -> RabbitQueues.ready(server.address(), queue) == 285);
        }
        eventually("the others", () -> RabbitQueues.ready(server.address(), queue) == 295);
        try (RabbitMQConsumer consumer =
                consumer(queue).autoAck(true).prefetchCount(10).build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(10_000);
            consumer.consume().subscribe(subscriber);
            subscriber.await(295);
        }
        assertThat(RabbitQueues.ready(server.address(), queue)).isZero();
    }

    @Test
    void exclusiveQueue_isRefusedToOthers() {
        String queue = RabbitQueues.name();
        try (RabbitMQConsumer owner = consumer(queue).exclusive(true).build();
                RabbitMQConsumer other = consumer(queue).exclusive(true).build()) {
            TestSubscriber.get(owner.connect());
            assertThatThrownBy(() -> TestSubscriber.get(other.connect()))
                    .hasMessageContaining("exclusively")
                    .matches(e -> ((BrokerException) e).isRetryable());
        }
    }

    @Test
    void singleActiveConsumer_handsOverWhenItLeaves() {
        String queue = RabbitQueues.name();
        RabbitMQConsumer first = consumer(queue).singleActiveConsumer(true).build();
        try (RabbitMQConsumer second =
                        consumer(queue).singleActiveConsumer(true).build();
                RabbitMQProducer producer = producer().queue(queue).build()) {
            TestSubscriber active = TestSubscriber.acknowledging();
            TestSubscriber.get(first.connect()); // which declares the queue
            first.consume().subscribe(active);
            eventually("the first", () -> consumers(queue) == 1);
            TestSubscriber waiting = TestSubscriber.acknowledging();
            second.consume().subscribe(waiting);
            eventually("the second", () -> consumers(queue) == 2);
            TestSubscriber.get(producer.sendBatch(List.of(Message.of("1"), Message.of("2"))));
            active.await(2);
            assertThat(waiting.count()).isZero();
            first.close();
            TestSubscriber.get(producer.send(Message.of("3")));
            waiting.await(1);
        } finally {
            first.close();
        }
    }

    private long consumers(String queue) {
        return RabbitQueues.on(server.address(), channel -> channel.consumerCount(queue));
    }

    @Test
    void consumerOfHigherPriority_isServedFirst() {
        String queue = RabbitQueues.create(server.address());
        try (RabbitMQConsumer low = consumer(queue).build();
                RabbitMQConsumer high = consumer(queue).consumerPriority(10).build();
                RabbitMQProducer producer = producer().queue(queue).build()) {
            TestSubscriber ofLow = TestSubscriber.acknowledging();
            low.consume().subscribe(ofLow);
            TestSubscriber ofHigh = TestSubscriber.acknowledging();
            high.consume().subscribe(ofHigh);
            eventually("both", () -> consumers(queue) == 2);
            TestSubscriber.get(producer.send(Message.of("x")));
            ofHigh.await(1);
            assertThat(ofLow.count()).isZero();
        }
    }

    @Test
    void connectionName_isWhatTheBrokerShows() {
        RabbitMQConfig named = RabbitQueues.config(server.address()).toBuilder()
                .connectionName("billing-7")
                .build();
        try (RabbitMQConsumer consumer =
                consumer(RabbitQueues.name()).config(named).build()) {
            TestSubscriber.get(consumer.connect());
            assertThat(server.control("list_connections", "client_properties")).contains("billing-7");
        }
    }

    @Test
    void autoDelete_removesTheQueueWithItsLastConsumer() {
        String queue = RabbitQueues.name();
        try (RabbitMQConsumer consumer = consumer(queue).autoDelete(true).build()) {
            TestSubscriber.get(consumer.connect());
            consumer.consume().subscribe(TestSubscriber.acknowledging());
            sendHundred(queue);
        }
        eventually(
                "the queue deleted",
                () -> !server.control("list_queues", "name").contains(queue));
        try (RabbitMQConsumer gone =
                consumer(queue).topology(TopologyPolicy.PASSIVE).build()) {
            assertThatThrownBy(() -> TestSubscriber.get(gone.connect()))
                    .isInstanceOf(DestinationNotFoundException.class);
        }
    }

    @Test
    void badCredentialsAndHosts_failTyped_withoutTheSecret() {
        String queue = RabbitQueues.name();
        RabbitMQConfig good = RabbitQueues.config(server.address());
        assertConnectFails(
                good.toBuilder().password("wr0ng").build(), queue, BrokerAuthenticationException.class, "password");
        assertConnectFails(
                good.toBuilder().virtualHost("nope").build(), queue, DestinationNotFoundException.class, "nope");
        assertConnectFails(
                good.toBuilder().host("host.invalid").build(), queue, BrokerConnectionException.class, "host.invalid");
    }

    private void assertConnectFails(
            RabbitMQConfig config, String queue, Class<? extends BrokerException> type, String text) {
        try (RabbitMQConsumer consumer =
                RabbitMQConsumer.builder().queue(queue).config(config).build()) {
            assertThatThrownBy(() -> TestSubscriber.get(consumer.connect()))
                    .isInstanceOf(type)
                    .hasMessageContaining(text)
                    .message()
                    .doesNotContain("wr0ng");
        }
    }

    @Test
    void addressList_isTriedUntilOneAnswers_asOftenAsIsSet() {
        String queue = RabbitQueues.create(server.address());
        RabbitMQConfig several = RabbitMQConfig.builder()
                .addresses(List.of("127.0.0.1:1", server.address(), "127.0.0.1:2"))
                .build();
        try (RabbitMQConsumer consumer =
                RabbitMQConsumer.builder().queue(queue).config(several).build()) {
            TestSubscriber.get(consumer.connect());
        }
        long before = System.nanoTime();
        RabbitMQConfig none = RabbitMQConfig.builder()
                .addresses(List.of("127.0.0.1:1"))
                .connectionAttempts(3)
                .retryDelay(Duration.ofMillis(300))
                .build();
        assertConnectFails(none, queue, BrokerConnectionException.class, "127.0.0.1:1");
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isGreaterThanOrEqualTo(Duration.ofMillis(600));
    }

    @Test
    void disconnect_givesPrefetchedMessagesBackAtOnce_andLetsWhatIsInFlightFinish() {
        String queue = RabbitQueues.create(server.address());
        sendHundred(queue);
        try (RabbitMQConsumer consumer =
                consumer(queue).closeTimeout(Duration.ofSeconds(60)).build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(1);
            consumer.consume().subscribe(subscriber);
            Message inFlight = subscriber.await(1).get(0);
            eventually("all of them to be prefetched", () -> RabbitQueues.ready(server.address(), queue) == 0);
            CompletableFuture<Void> disconnected = consumer.disconnect();
            eventually("the others to be back", () -> RabbitQueues.ready(server.address(), queue) == 99);
            assertThat(disconnected).isNotDone();
            assertThat(TestSubscriber.get(inFlight.ack())).isEqualTo(Settled.DONE);
            TestSubscriber.get(disconnected);
        }
        assertThat(RabbitQueues.ready(server.address(), queue)).isEqualTo(99);
    }

    @Test
    void prefetchBeyondTheClientsQueue_isPushedWhole_andTheBrokerIsHeardBehindIt() {
        String queue = RabbitQueues.create(server.address());
        send(queue, 2_500);
        try (RabbitMQConsumer consumer =
                consumer(queue).prefetchCount(2_000).maxInFlight(2_000).build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(1);
            consumer.consume().subscribe(subscriber);
            subscriber.await(1);
            eventually("as many as were asked for", () -> RabbitQueues.ready(server.address(), queue) == 500);
            // The answer comes by the thread that reads the deliveries.
            assertThat(TestSubscriber.get(consumer.healthCheck()).status()).isEqualTo(Health.Status.UP);
        }
    }

    @Test
    void consumerThatTheBrokerCancels_isNoticed_alsoWhileNobodyWantsMessages() {
        String queue = RabbitQueues.create(server.address());
        sendHundred(queue);
        Outages outages = new Outages();
        try (RabbitMQConsumer consumer = consumer(queue).listener(outages).build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(1);
            consumer.consume().subscribe(subscriber);
            subscriber.await(1);
            RabbitQueues.on(server.address(), channel -> channel.queueDelete(queue));
            eventually("the loss", () -> outages.lost() > 0);
        }
    }

    @Test
    void outOfOrderAcks_leaveOnlyWhatIsUnsettled() {
        String queue = RabbitQueues.create(server.address());
        sendHundred(queue);
        try (RabbitMQConsumer consumer =
                consumer(queue).closeTimeout(Duration.ofMillis(100)).build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(100);
            consumer.consume().subscribe(subscriber);
            List<Message> received = subscriber.await(100);
            for (int i = 99; i >= 0; i--) {
                if (i != 7) {
                    assertThat(TestSubscriber.get(received.get(i).ack())).isEqualTo(Settled.DONE);
                }
            }
        }
        eventually("the one that was not settled", () -> RabbitQueues.ready(server.address(), queue) == 1);
        assertThat(get(queue).getBody()).asString().isEqualTo("7");
    }

    @Test
    void ownDeadLetters_goOnWithTheNextConnection() {
        String queue = RabbitQueues.create(server.address());
        String letters = RabbitQueues.create(server.address());
        send(queue, 1);
        try (RabbitMQConsumer consumer =
                consumer(queue).deadLetterQueue(letters).build()) {
            TestSubscriber.get(consumer.connect());
            TestSubscriber.get(consumer.disconnect());
            TestSubscriber.get(consumer.connect());
            consumer.consume().subscribe(TestSubscriber.handling(message -> message.reject("no")));
            eventually("the letter", () -> RabbitQueues.ready(server.address(), letters) == 1);
        }
    }
}
