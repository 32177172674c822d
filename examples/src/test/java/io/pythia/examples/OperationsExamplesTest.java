package io.pythia.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.BrokerException;
import io.pythia.BrokerMetrics;
import io.pythia.Health;
import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.MessageProducer;
import io.pythia.Worker;
import io.pythia.memory.MemoryBroker;
import io.pythia.memory.MemoryConsumer;
import io.pythia.memory.MemoryProducer;
import io.pythia.spi.Outcome;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The snippets of {@code docs/operations.md}, on the embedded broker. */
@Timeout(60)
class OperationsExamplesTest {
    private final MemoryBroker broker = new MemoryBroker();

    // tag::metrics[]
    static final class Counts implements BrokerMetrics {
        final LongAdder delivered = new LongAdder();
        final LongAdder redelivered = new LongAdder();
        final LongAdder acknowledged = new LongAdder();
        final LongAdder confirmed = new LongAdder();
        final LongAdder confirmNanos = new LongAdder();
        final LongAdder failed = new LongAdder();

        @Override
        public void delivered(String broker, int count, int again) {
            delivered.add(count);
            redelivered.add(again);
        }

        @Override
        public void settled(String broker, Outcome outcome, int count, int stale) {
            if (outcome == Outcome.ACK) {
                acknowledged.add(count - stale);
            }
        }

        @Override
        public void confirmed(String broker, long nanos) {
            confirmed.increment();
            confirmNanos.add(nanos);
        }

        @Override
        public void sendFailed(String broker, BrokerException error) {
            failed.increment();
        }
    }
    // end::metrics[]

    // tag::probes[]
    static int liveness(Worker worker) {
        return worker.ended().isDone() ? 503 : 200;
    }

    static int readiness(MessageProducer producer) {
        return producer.healthCheck().join().status() == Health.Status.DOWN ? 503 : 200;
    }
    // end::probes[]

    @Test
    void counts_areThoseOfWhatFlowed() {
        Counts counts = new Counts();
        try (MessageProducer producer = MemoryProducer.builder()
                .broker(broker)
                .topic("orders")
                .metrics(counts)
                .build()) {
            producer.send(Message.of("a tea")).join();
            broker.failNextSends(1, new MessageException("refused"));
            assertThat(producer.send(Message.of("a coffee")))
                    .failsWithin(30, TimeUnit.SECONDS)
                    .withThrowableThat()
                    .withCauseInstanceOf(MessageException.class);
            try (Worker worker = Worker.from(MemoryConsumer.builder()
                            .broker(broker)
                            .topic("orders")
                            .metrics(counts)
                            .build())
                    .onMessage(message -> {})
                    .start()) {
                Awaitility.await().atMost(30, TimeUnit.SECONDS).until(() -> counts.acknowledged.sum() == 1);
                assertThat(liveness(worker)).isEqualTo(200);
                assertThat(worker.health().facts())
                        .containsKeys(
                                "in-flight",
                                "in-flight-bytes",
                                "oldest-unsettled-ms",
                                "waiting-for-redelivery",
                                "last-receive-ms-ago",
                                "reconnects",
                                "worker-in-flight",
                                "worker-handling",
                                "worker-oldest-handler-ms",
                                "worker-handled",
                                "worker-dead-lettered");
            }
            assertThat(readiness(producer)).isEqualTo(200);
        }
        assertThat(counts.delivered.sum()).isEqualTo(1);
        assertThat(counts.redelivered.sum()).isZero();
        assertThat(counts.confirmed.sum()).isEqualTo(1);
        assertThat(counts.failed.sum()).isEqualTo(1);
    }

    @Test
    void probes_whenAllIsOver_fail() {
        Worker worker = Worker.from(
                        MemoryConsumer.builder().broker(broker).topic("orders").build())
                .onMessage(message -> {})
                .start();
        worker.close();
        MessageProducer producer =
                MemoryProducer.builder().broker(broker).topic("orders").build();
        producer.close();
        assertThat(liveness(worker)).isEqualTo(503);
        assertThat(readiness(producer)).isEqualTo(503);
    }
}
