package io.pythia.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.Message;
import io.pythia.Settled;
import io.pythia.Subscribers;
import io.pythia.testkit.server.TestServer;
import io.pythia.testkit.server.TestServers;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class KafkaSmokeIT {
    private final TestServer server = TestServers.kafka();
    private final String topic = KafkaTopics.create(server.address(), 3);

    @Test
    void message_sentAndConsumed_isTheSame() throws Exception {
        CountDownLatch done = new CountDownLatch(100);
        List<Message> received = new ArrayList<>();
        List<CompletableFuture<Settled>> acks = new ArrayList<>();
        try (KafkaProducer producer = KafkaProducer.builder()
                        .topic(topic)
                        .bootstrapServers(server.address())
                        .build();
                KafkaConsumer consumer = KafkaConsumer.builder()
                        .topic(topic)
                        .consumerGroup(UUID.randomUUID().toString())
                        .bootstrapServers(server.address())
                        .build()) {
            consumer.connect().get(30, TimeUnit.SECONDS);
            consumer.consume()
                    .subscribe(Subscribers.each(
                            message -> {
                                received.add(message);
                                acks.add(message.ack());
                                done.countDown();
                            },
                            error -> {}));
            for (int i = 0; i < 100; i++) {
                producer.send(Message.builder()
                        .id("id-" + i)
                        .key("k" + i % 5)
                        .header("n", "" + i)
                        .body("body " + i)
                        .build());
            }
            assertThat(done.await(60, TimeUnit.SECONDS)).isTrue();
            for (CompletableFuture<Settled> ack : acks) {
                assertThat(ack.get(30, TimeUnit.SECONDS)).isEqualTo(Settled.DONE);
            }
            assertThat(consumer.healthCheck().get(30, TimeUnit.SECONDS).isUp()).isTrue();
        }
        Message first =
                received.stream().filter(m -> m.id().equals("id-0")).findFirst().orElseThrow();
        assertThat(first.text()).isEqualTo("body 0");
        assertThat(first.key()).isEqualTo("k0");
        assertThat(first.headers().get("n")).isEqualTo("0");
        assertThat(first.unwrap(ConsumerRecord.class)).isPresent();
    }
}
