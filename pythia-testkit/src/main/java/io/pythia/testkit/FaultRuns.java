package io.pythia.testkit;

import static io.pythia.testkit.Eventually.eventually;

import io.pythia.BrokerTimeoutException;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import io.pythia.Subscribers;
import io.pythia.testkit.fault.FaultProxy;
import io.pythia.testkit.fault.FaultProxy.Direction;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/** Faults that many connectors go through in the same way, each with its numbers from the project's contract. Thread-safe. */
public final class FaultRuns {
    private static final int RESETS = 50;
    private static final int MOST_CONNECTS = 6;
    private static final int RESET_WITHIN_BYTES = 5_000;
    private static final int LIVES = 200;
    private static final int MESSAGES_PER_LIFE = 60;
    private static final int NANOS_PER_LIFE = 50_000_000;

    private FaultRuns() {}

    /** F08: resets 50 connections, each at a random byte, of either direction in turn, and each when the former has been replaced. */
    public static void resetAtRandomBytes(FaultProxy proxy) {
        Random random = new Random(8);
        for (int i = 0; i < RESETS; i++) {
            int before = proxy.accepted();
            proxy.resetAfter(
                    i % 2 == 0 ? Direction.TO_SERVER : Direction.TO_CLIENT, random.nextInt(RESET_WITHIN_BYTES));
            eventually("a new connection", () -> proxy.accepted() > before);
        }
        proxy.heal();
    }

    /**
     * F13: sends messages, and kills the process that consumes them so many times in the middle of its work; one more consumes the rest.
     * Nothing is lost. Each process finds its share of new messages, however much the one before it has done.
     *
     * @param what the broker, for the line that is printed
     * @param journal a file that is made
     * @param children starts a process that runs {@link #consumeUntilKilled}
     * @param allowedRedeliveries how many deliveries may not be the first of their message, in all
     */
    public static void killConsumers(
            String what,
            MessageProducer producer,
            int count,
            int kills,
            Path journal,
            Function<Path, ChildJvm> children,
            int allowedRedeliveries) {
        Ledger ledger = new Ledger();
        int share = count / (kills + 1);
        try {
            Files.createFile(journal);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Random random = new Random(13);
        for (int kill = 0; kill < kills; kill++) {
            send(producer, ledger, share);
            long enough = lines(journal).size() + 1L + random.nextInt(share / 2);
            try (ChildJvm child = children.apply(journal)) {
                eventually("progress before the kill", () -> lines(journal).size() >= enough);
                child.kill();
            }
        }
        send(producer, ledger, count - kills * share);
        try (ChildJvm last = children.apply(journal)) {
            eventually("all messages", () -> lines(journal).stream().distinct().count() == count);
            last.terminate();
        }
        ledger.readJournal(journal);
        ledger.verify(allowedRedeliveries);
        System.out.println(what + ", consumer killed " + kills + " times: " + ledger);
    }

    private static void send(MessageProducer producer, Ledger ledger, int count) {
        int before = ledger.confirmed();
        for (int i = before; i < before + count; i++) {
            ledger.send(producer, Traffic.message("m" + i));
        }
        eventually("a confirmation of every send", () -> ledger.confirmed() == before + count);
    }

    /**
     * What a child of {@link #killConsumers} runs until it is killed: writes each message's body to the journal and acknowledges it.
     *
     * @param consumer not yet connected
     */
    public static void consumeUntilKilled(MessageBroker consumer, Path journal) throws InterruptedException {
        Ledger.Journal ids = Ledger.journal(journal);
        connect(consumer);
        consumer.consume()
                .subscribe(Subscribers.each(
                        message -> {
                            ids.write(message.text());
                            message.ack();
                        },
                        error -> System.exit(1)));
        System.out.println(ChildJvm.READY);
        Thread.currentThread().join();
    }

    /** A cold JVM on a busy machine may take longer than an application would wait. */
    private static void connect(MessageBroker consumer) {
        for (int tries = 1; ; tries++) {
            try {
                TestSubscriber.get(consumer.connect());
                return;
            } catch (BrokerTimeoutException e) {
                if (tries == MOST_CONNECTS) {
                    throw e;
                }
            }
        }
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * F40: 200 times a producer sends and a consumer acknowledges, and both are closed at any moment and in any order. Nothing is lost,
     * what they had comes to the next, and no thread is left.
     *
     * @param destination what they send to and consume, as it stands in the names of their threads
     * @param consumers of one group, which know a message by its body
     * @param window what may come again after each close
     * @param sideBySide how many of these lives at a time
     * @return how long the longest close took
     */
    public static Duration closeAtRandom(
            String destination,
            Supplier<MessageProducer> producers,
            Supplier<MessageBroker> consumers,
            int window,
            int sideBySide) {
        Ledger ledger = new Ledger();
        Duration longest = Duration.ZERO;
        ExecutorService threads = Executors.newFixedThreadPool(sideBySide);
        try {
            List<Callable<Duration>> lives = IntStream.range(0, LIVES)
                    .<Callable<Duration>>mapToObj(life -> () -> live(life, producers, consumers, ledger))
                    .toList();
            for (Future<Duration> close : threads.invokeAll(lives)) {
                longest = longer(longest, close.get());
            }
        } catch (ExecutionException e) {
            throw new AssertionError(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        } finally {
            threads.shutdownNow();
        }
        try (MessageBroker last = consuming(consumers, ledger)) {
            eventually("all confirmed messages", () -> ledger.lost().isEmpty() && ledger.open() == 0);
            eventually(
                    "a health that says so",
                    () -> TestSubscriber.get(last.healthCheck()).isUp());
        }
        ledger.verify(LIVES * window);
        eventually(
                "no thread of theirs", // other classes run beside this one
                () -> Thread.getAllStackTraces().keySet().stream()
                        .noneMatch(thread -> thread.getName().contains(destination)));
        System.out.println(
                destination + ", closed " + LIVES + " times: " + ledger + ", longest " + longest.toMillis() + " ms");
        return longest;
    }

    /** Returns how long the longer one of its two closes took. */
    private static Duration live(
            int life, Supplier<MessageProducer> producers, Supplier<MessageBroker> consumers, Ledger ledger) {
        Random random = new Random(life);
        MessageProducer producer = producers.get();
        MessageBroker consumer = consuming(consumers, ledger);
        int count = random.nextInt(MESSAGES_PER_LIFE);
        for (int i = 0; i < count; i++) {
            ledger.send(producer, Traffic.message(life + "-" + i));
        }
        LockSupport.parkNanos(random.nextInt(NANOS_PER_LIFE));
        Duration early = random.nextBoolean() ? timeToClose(producer) : Duration.ZERO;
        Duration closes = longer(early, timeToClose(consumer));
        return longer(closes, timeToClose(producer)); // perhaps for the second time, which does nothing
    }

    private static MessageBroker consuming(Supplier<MessageBroker> consumers, Ledger ledger) {
        MessageBroker consumer = consumers.get();
        consumer.consume().subscribe(TestSubscriber.handling(message -> {
            ledger.delivered(message.text());
            message.ack();
        }));
        return consumer;
    }

    private static Duration timeToClose(AutoCloseable closeable) {
        long before = System.nanoTime();
        try {
            closeable.close();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
        return Duration.ofNanos(System.nanoTime() - before);
    }

    private static Duration longer(Duration one, Duration other) {
        return one.compareTo(other) >= 0 ? one : other;
    }
}
