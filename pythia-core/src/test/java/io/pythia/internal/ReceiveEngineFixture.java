package io.pythia.internal;

import io.pythia.BrokerException;
import io.pythia.BrokerListener;
import io.pythia.Health;
import io.pythia.Message;
import io.pythia.internal.ScriptedSource.Collector;
import io.pythia.internal.ScriptedSource.Consumer;
import io.pythia.memory.MemoryBroker;
import io.pythia.memory.MemoryProducer;
import io.pythia.retry.RetryConfig;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;

/** A consumer over a source that does what a test says. */
abstract class ReceiveEngineFixture {
    static final RetryConfig QUICK =
            new RetryConfig(RetryConfig.FOREVER, Duration.ofMillis(1), Duration.ofMillis(20), true, true);

    final ScriptedSource source = new ScriptedSource();

    Consumer.Builder builder() {
        return source.consumer().retry(QUICK).closeTimeout(Duration.ofSeconds(2));
    }

    /** Subscribes for one message, and returns when it is there, unsettled. */
    static Collector holdingOne(Consumer consumer) {
        Collector collector = new Collector(1, message -> {});
        consumer.consume().subscribe(collector);
        eventually().until(() -> collector.messages.size() == 1);
        return collector;
    }

    static MemoryProducer deadLettersThatAreAway() {
        MemoryBroker stopped = new MemoryBroker();
        stopped.stop();
        return MemoryProducer.builder()
                .broker(stopped)
                .topic("dead")
                .sendTimeout(Duration.ofMillis(10))
                .build();
    }

    static Health health(Consumer consumer) {
        return consumer.healthCheck().join();
    }

    static BrokerListener recording(List<String> events) {
        return new BrokerListener() {
            @Override
            public void connectionLost(String broker, BrokerException cause) {
                events.add("lost");
            }

            @Override
            public void connectionRestored(String broker, Duration outage) {
                events.add("restored");
            }

            @Override
            public void redelivered(String broker, Message message) {
                events.add("redelivered");
            }

            @Override
            public void deadLettered(String broker, Message message, String reason) {
                events.add("dead letter " + reason);
            }

            @Override
            public void dropped(String broker, Message message, String reason) {
                events.add("dropped " + reason);
            }
        };
    }

    static List<Integer> numbers(int count) {
        return IntStream.range(0, count).boxed().toList();
    }

    static List<String> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.startsWith("pythia-scripted-"))
                .toList();
    }

    static void await(CountDownLatch latch) {
        await(latch, Duration.ofSeconds(60));
    }

    static void await(CountDownLatch latch, Duration atMost) {
        try {
            latch.await(atMost.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    static ConditionFactory eventually() {
        return Awaitility.await()
                .atMost(60, TimeUnit.SECONDS)
                .pollDelay(0, TimeUnit.MILLISECONDS)
                .pollInterval(5, TimeUnit.MILLISECONDS);
    }
}
