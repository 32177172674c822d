package io.pythia.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.BrokerMetrics;
import io.pythia.Message;
import io.pythia.memory.MemoryBroker;
import io.pythia.memory.MemoryBroker.GroupStats;
import io.pythia.memory.MemoryConsumer;
import io.pythia.memory.MemoryProducer;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Orders on an embedded broker, that are to be sent and billed. Every tenth can't be billed the first time. When all are billed the
 * consumer disconnects, so that its stream completes.
 */
public final class Orders implements AutoCloseable {
    /** How many there are. */
    public static final int COUNT = 200;
    /** How many may be with the application, unsettled. */
    public static final int WINDOW = 50;
    /** How many each snippet asks for at once. */
    private static final int AT_ONCE = 16;

    private final MemoryBroker broker = new MemoryBroker();
    private final MemoryProducer producer =
            MemoryProducer.builder().topic("orders").broker(broker).build();
    private final MemoryConsumer consumer = MemoryConsumer.builder()
            .topic("orders")
            .consumerGroup("billing")
            .broker(broker)
            .maxInFlight(WINDOW)
            .metrics(new LargestBatch())
            .closeTimeout(Duration.ofMinutes(1))
            .build();
    private final Set<String> billed = ConcurrentHashMap.newKeySet();
    private final Set<String> refused = ConcurrentHashMap.newKeySet();

    private final AtomicInteger largestBatch = new AtomicInteger();

    private final class LargestBatch implements BrokerMetrics {
        @Override
        public void received(String broker, int count, long bytes) {
            largestBatch.accumulateAndGet(count, Math::max);
        }
    }

    /** Thrown where an order can't be billed now. */
    public static final class TillClosedException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        TillClosedException(String order) {
            super("the till is closed for " + order);
        }
    }

    public MemoryProducer producer() {
        return producer;
    }

    public MemoryConsumer consumer() {
        return consumer;
    }

    /** Returns the order of a number from 1 to {@link #COUNT}. */
    public static Message order(int number) {
        return Message.of("order " + number);
    }

    /** Sends all orders. */
    public void sendAll() {
        producer.sendBatch(
                        IntStream.rangeClosed(1, COUNT).mapToObj(Orders::order).toList())
                .join();
    }

    /** Bills an order, or throws {@link TillClosedException}. Thread-safe. */
    public void bill(Message order) {
        if (order.text().endsWith("0") && refused.add(order.text())) {
            throw new TillClosedException(order.text());
        }
        billed.add(order.text());
        if (billed.size() == COUNT) {
            consumer.disconnect();
        }
    }

    /** Returns the texts of the orders that were billed. */
    public Set<String> billed() {
        return billed;
    }

    /** Fails unless each order was billed and acknowledged, the refused ones at their second delivery, and never more asked for than said. */
    public void assertAllSettled() {
        consumer.close();
        assertThat(billed)
                .isEqualTo(IntStream.rangeClosed(1, COUNT)
                        .mapToObj(number -> "order " + number)
                        .collect(Collectors.toCollection(HashSet::new)));
        assertThat(refused).hasSize(COUNT / 10);
        assertThat(largestBatch.get()).isBetween(1, AT_ONCE);
        assertThat(broker.stats("orders", "billing")).contains(new GroupStats(0, 0, 0, 0));
    }

    @Override
    public void close() {
        consumer.close();
        producer.close();
    }
}
