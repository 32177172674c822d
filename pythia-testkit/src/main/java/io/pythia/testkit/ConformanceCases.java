package io.pythia.testkit;

import io.pythia.BrokerListener;
import io.pythia.Message;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import io.pythia.SendResult;
import io.pythia.retry.RetryConfig;
import io.pythia.spi.Capabilities;
import io.pythia.spi.ConsumerOptions;
import io.pythia.spi.ProducerOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.jspecify.annotations.Nullable;

/** What all cases use. A class that implements the cases gives the harness. */
interface ConformanceCases {
    /** A group for cases that need just one. */
    String GROUP = "group-a";

    /** So many are sent at once: the time limit of a send begins before those ahead of it, and a FIFO queue on a busy machine takes a few hundred in a second. */
    int PORTION = 500;

    BrokerHarness harness();

    default Capabilities can() {
        return harness().capabilities();
    }

    /** Ends a case that the capabilities leave out; the report says which. */
    default void requires(boolean capability, String what) {
        if (!capability) {
            throw new ConformanceReport.NotApplicable(what);
        }
    }

    /** Returns what a case needs; ends the case if the harness has it not. */
    default <T> T required(@Nullable T value, String what) {
        requires(value != null, what);
        return Objects.requireNonNull(value);
    }

    /** Options with quick reconnects and a short close, so that a case that leaves messages unsettled does not wait for long. */
    default ConsumerOptions consumerOptions() {
        return ConsumerOptions.defaults()
                .withCloseTimeout(Duration.ofSeconds(2))
                .with(new RetryConfig(RetryConfig.FOREVER, Duration.ofMillis(50), Duration.ofMillis(500), true, true));
    }

    default ProducerOptions producerOptions() {
        return ProducerOptions.defaults()
                .with(new RetryConfig(RetryConfig.FOREVER, Duration.ofMillis(50), Duration.ofMillis(500), true, true));
    }

    default MessageBroker consumer(String destination, String group) {
        return consumer(destination, group, consumerOptions());
    }

    default MessageBroker consumer(String destination, String group, ConsumerOptions options) {
        return ready(harness().consumer(destination, group, options, BrokerListener.NONE));
    }

    /**
     * Returns a consumer that will get what is sent from now on: where messages do not wait for an absent consumer, it must be connected
     * before. So a case makes its consumer first, and then sends.
     */
    default MessageBroker ready(MessageBroker consumer) {
        if (!can().persistent()) {
            get(consumer.connect());
        }
        return consumer;
    }

    default MessageProducer producer(String destination) {
        return harness().producer(destination, producerOptions());
    }

    /** Sends bodies {@code 0} to {@code count - 1} and waits until the broker has them. */
    default void send(String destination, int count) {
        send(destination, 0, count);
    }

    default void send(String destination, int from, int count) {
        send(destination, from, count, 16);
    }

    /** Sends for a case that keeps so many messages unsettled at once. */
    default void sendToBeKept(String destination, int count) {
        send(destination, 0, count, harness().givesOneOfAKeyAtATime() ? count : 16);
    }

    private void send(String destination, int from, int count, int keys) {
        try (MessageProducer producer = producer(destination)) {
            List<CompletableFuture<SendResult>> results = new ArrayList<>();
            for (int i = from; i < from + count; i++) {
                results.add(producer.send(Message.builder()
                        .key("k" + i % keys)
                        .body(Integer.toString(i))
                        .build()));
                if (results.size() == PORTION) {
                    results.forEach(TestSubscriber::get);
                    results.clear();
                }
            }
            results.forEach(TestSubscriber::get);
        }
    }

    default List<String> bodies(int count) {
        List<String> bodies = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            bodies.add(Integer.toString(i));
        }
        return bodies;
    }

    default <T> T get(CompletableFuture<T> future) {
        return TestSubscriber.get(future);
    }

    default ConditionFactory eventually(String what) {
        return Awaitility.await(what)
                .atMost(TestSubscriber.LIMIT_SECONDS, TimeUnit.SECONDS)
                .pollDelay(0, TimeUnit.MILLISECONDS)
                .pollInterval(10, TimeUnit.MILLISECONDS);
    }
}
