package io.pythia.cloud.azure;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.Message;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import io.pythia.Settled;
import io.pythia.testkit.ChildJvm;
import io.pythia.testkit.Ledger;
import io.pythia.testkit.TestSubscriber;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;

/** Faults that both connectors go through in the same way. */
final class FaultRuns {
    private FaultRuns() {}

    /** F13: a consumer's process is killed four times in the middle of its work, and the account is made up afterwards. */
    static void killConsumers(
            String kind, String connectionString, String queue, MessageProducer producer, int count, Path folder)
            throws IOException {
        Ledger ledger = new Ledger();
        for (int i = 0; i < count; i++) {
            ledger.send(producer, Traffic.message("m" + i));
        }
        TestSubscriber.get(producer.flush());
        Traffic.eventually("all confirmed", () -> ledger.confirmed() == count);
        Path journal = Files.createFile(folder.resolve("journal"));
        Random random = new Random(13);
        for (int kill = 0; kill < 4; kill++) {
            long enough = Files.size(journal) + 5L * (1 + random.nextInt(count / 8));
            try (ChildJvm child =
                    new ChildJvm(ConsumingChild.class, kind, connectionString, queue, journal.toString())) {
                Traffic.eventually(
                        "progress before the kill", () -> size(journal) >= enough || lines(journal) == count);
                child.kill();
            }
        }
        try (ChildJvm last = new ChildJvm(ConsumingChild.class, kind, connectionString, queue, journal.toString())) {
            Traffic.eventually("all messages", () -> lines(journal) == count);
            last.terminate();
        }
        ledger.readJournal(journal);
        // What the killed one had: its window, which is not more than what one receive brings and what was not yet
        // settled.
        ledger.verify(4 * 500);
        System.out.println(kind + ", consumer killed 4 times: " + ledger);
    }

    /**
     * F40: producers and consumers are closed 200 times at any moment, in any order: in time, nothing is lost, and nothing is left.
     *
     * @param window what may come again each time
     */
    static void closeAtRandom(
            Supplier<MessageProducer> producers, Supplier<MessageBroker> consumers, int messages, int window) {
        int rounds = 200;
        Ledger ledger = new Ledger();
        List<Duration> closes = new ArrayList<>();
        Random random = new Random(40);
        for (int round = 0; round < rounds; round++) {
            MessageProducer producer = producers.get();
            MessageBroker consumer = consuming(consumers, ledger);
            int count = random.nextInt(messages);
            for (int i = 0; i < count; i++) {
                ledger.send(producer, Traffic.message(round + "-" + i));
            }
            if (random.nextBoolean()) {
                producer.close();
            }
            long before = System.nanoTime();
            consumer.close();
            closes.add(Duration.ofNanos(System.nanoTime() - before));
            producer.close(); // perhaps a second time, which does nothing
        }
        try (MessageBroker consumer = consuming(consumers, ledger)) {
            Traffic.eventually("all messages", () -> ledger.lost().isEmpty());
        }
        ledger.verify(rounds * window);
        assertThat(closes).allMatch(took -> took.compareTo(Traffic.CLOSE_TIMEOUT.plusSeconds(1)) < 0);
        Traffic.eventually(
                "no thread of the library",
                () -> Thread.getAllStackTraces().keySet().stream()
                        .noneMatch(thread -> thread.getName().startsWith("pythia-")));
        System.out.println("closed " + rounds + " times: " + ledger);
    }

    private static MessageBroker consuming(Supplier<MessageBroker> consumers, Ledger ledger) {
        MessageBroker consumer = consumers.get();
        consumer.consume().subscribe(TestSubscriber.handling(message -> {
            ledger.delivered(message.text());
            message.ack();
        }));
        return consumer;
    }

    /** F44: a subscriber that requests one of five messages and then nothing for long keeps it, and goes on later. */
    static void requestOne(MessageBroker consumer, Duration lease) {
        TestSubscriber subscriber = TestSubscriber.requesting(1);
        consumer.consume().subscribe(subscriber);
        subscriber.await(1);
        long before = System.nanoTime();
        Traffic.eventually("three times the lease", () -> System.nanoTime() - before > 3 * lease.toNanos());
        assertThat(subscriber.count()).isEqualTo(1);
        assertThat(TestSubscriber.get(subscriber.messages().get(0).ack())).isEqualTo(Settled.DONE);
        subscriber.request(10);
        subscriber.await(5);
        assertThat(subscriber.messages()).allMatch(message -> message.attempt() == 1);
    }

    /** F17: a handler that takes three times the lease keeps its message, which comes once; returns the message, unsettled. */
    static Message holdOn(MessageBroker consumer, Duration lease) {
        TestSubscriber subscriber = TestSubscriber.requesting(10);
        consumer.consume().subscribe(subscriber);
        Message message = subscriber.await(1).get(0);
        long before = System.nanoTime();
        Traffic.eventually("three times the lease", () -> System.nanoTime() - before > 3 * lease.toNanos());
        assertThat(subscriber.count()).isEqualTo(1);
        return message;
    }

    /** F17, F42: the lease of one message is not renewed; the late outcome is stale and leaves the next delivery alone. */
    static void loseLease(MessageBroker consumer, Runnable checkThatItIsThere) {
        TestSubscriber subscriber = TestSubscriber.requesting(10);
        consumer.consume().subscribe(subscriber);
        List<Message> messages = subscriber.await(2); // the lease ended, it came again
        assertThat(messages.get(1).attempt()).isEqualTo(2);
        assertThat(TestSubscriber.get(messages.get(0).ack())).isEqualTo(Settled.STALE);
        checkThatItIsThere.run();
        assertThat(TestSubscriber.get(messages.get(1).ack())).isEqualTo(Settled.DONE);
    }

    static void send(MessageProducer producer, int count) {
        try (producer) {
            for (int i = 0; i < count; i++) {
                producer.send(Traffic.message("m" + i));
            }
            TestSubscriber.get(producer.flush());
        }
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long lines(Path file) {
        try (var lines = Files.lines(file)) {
            return lines.distinct().count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
