package io.pythia.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.BrokerMetrics;
import io.pythia.Message;
import io.pythia.RejectPolicy;
import io.pythia.Settled;
import io.pythia.internal.ScriptedSource.Collector;
import io.pythia.internal.ScriptedSource.Consumer;
import io.pythia.memory.MemoryBroker;
import io.pythia.memory.MemoryConsumer;
import io.pythia.memory.MemoryProducer;
import io.pythia.spi.Outcome;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is counted: what the application sees and decides, whoever does it then. */
@Timeout(120)
class ReceiveMetricsTest extends ReceiveEngineFixture {
    private final Counts counts = new Counts();

    @Test
    void nackByTheEngine_isCounted_asIsTheSecondDelivery() {
        source.add(0, 2);
        try (Consumer consumer = builder().metrics(counts).build()) {
            consumer.consume().subscribe(new Collector(Long.MAX_VALUE, message -> {
                if (message.attempt() == 1 && message.id().equals("1")) {
                    message.nack();
                } else {
                    message.ack();
                }
            }));
            eventually().until(() -> source.acknowledged().size() == 2);
        }
        assertThat(counts.of)
                .containsExactlyInAnyOrderEntriesOf(Map.of("delivered", 3, "again", 1, "ACK", 2, "NACK", 1));
    }

    @Test
    void nackByTheBroker_secondDeliveryIsCounted() {
        MemoryBroker broker = new MemoryBroker();
        try (MemoryProducer producer =
                        MemoryProducer.builder().broker(broker).topic("t").build();
                MemoryConsumer consumer = MemoryConsumer.builder()
                        .broker(broker)
                        .topic("t")
                        .metrics(counts)
                        .build()) {
            producer.send(Message.of("x")).join();
            consumer.consume().subscribe(new Collector(Long.MAX_VALUE, message -> {
                if (message.attempt() == 1) {
                    message.nack();
                } else {
                    message.ack();
                }
            }));
            eventually().until(() -> counts.of.containsKey("ACK"));
        }
        assertThat(counts.of)
                .containsExactlyInAnyOrderEntriesOf(Map.of("delivered", 2, "again", 1, "ACK", 1, "NACK", 1));
    }

    @Test
    void rejectedMessage_isCountedAsThat_thoughTheBrokerIsToldAnAck() {
        source.add(0, 1);
        try (Consumer consumer =
                builder().metrics(counts).onReject(RejectPolicy.DROP).build()) {
            consumer.consume().subscribe(new Collector(Long.MAX_VALUE, message -> message.reject("bad")));
            eventually().until(() -> source.acknowledged().size() == 1);
        }
        assertThat(counts.of).containsExactlyInAnyOrderEntriesOf(Map.of("delivered", 1, "REJECT", 1));
    }

    @Test
    void outcomeThatComesTooLate_isCountedAsStale() {
        source.add(0, 1);
        Consumer consumer =
                builder().metrics(counts).closeTimeout(Duration.ofMillis(1)).build();
        Collector collector = new Collector(Long.MAX_VALUE, message -> {});
        consumer.consume().subscribe(collector);
        eventually().until(() -> collector.messages.size() == 1);
        consumer.disconnect().join();
        assertThat(collector.messages.get(0).ack().join()).isEqualTo(Settled.STALE);
        assertThat(counts.of).containsEntry("ACK", 1).containsEntry("ACK stale", 1);
    }

    @Test
    void settlementThatIsTriedAgain_isCountedOnce() {
        source.add(0, 1);
        source.onSettle = batch -> {
            if (source.settled.isEmpty()) {
                batch.get(0).fail(ScriptedSource.lost());
            }
            return CompletableFuture.completedFuture(null);
        };
        try (Consumer consumer = builder().metrics(counts).build()) {
            consumer.consume().subscribe(Collector.acknowledging());
            eventually().until(() -> source.acknowledged().size() == 2);
        }
        assertThat(counts.of).containsEntry("ACK", 1);
    }

    @Test
    void metricsThatFail_breakNothing() {
        source.add(0, 3);
        BrokerMetrics failing = new BrokerMetrics() {
            @Override
            public void delivered(String broker, int count, int redelivered) {
                throw new IllegalStateException("no more room");
            }

            @Override
            public void settled(String broker, Outcome outcome, int count, int stale) {
                throw new IllegalStateException("no more room");
            }
        };
        try (Consumer consumer = builder().metrics(failing).batchSize(1).build()) {
            Collector collector = new Collector(
                    Long.MAX_VALUE, message -> assertThat(message.ack().join()).isEqualTo(Settled.DONE));
            consumer.consume().subscribe(collector);
            eventually().until(() -> collector.messages.size() == 3);
            assertThat(collector.end).isNotDone();
        }
    }

    private static final class Counts implements BrokerMetrics {
        final Map<String, Integer> of = new ConcurrentHashMap<>();

        private void add(String what, int count) {
            if (count > 0) {
                of.merge(what, count, Integer::sum);
            }
        }

        @Override
        public void delivered(String broker, int count, int redelivered) {
            add("delivered", count);
            add("again", redelivered);
        }

        @Override
        public void settled(String broker, Outcome outcome, int count, int stale) {
            add(outcome.name(), count);
            add(outcome + " stale", stale);
        }
    }
}
