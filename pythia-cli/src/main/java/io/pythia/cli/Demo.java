package io.pythia.cli;

import io.pythia.Message;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import io.pythia.Worker;
import io.pythia.memory.MemoryBroker;
import io.pythia.memory.MemoryConsumer;
import io.pythia.memory.MemoryProducer;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code pythia demo}. */
@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        description =
                "Shows the library at work on the embedded broker: producers, a group of consumers, failures, retries, dead letters.")
final class Demo implements Callable<Integer> {
    private static final int PRODUCERS = 4;
    private static final int WORKERS = 3;
    private static final int PER_SECOND = 10_000;
    private static final Duration TIME_TO_SETTLE = Duration.ofSeconds(20);

    private final Terminal terminal;
    private final StopSignal stop;
    private final MemoryBroker broker = new MemoryBroker();
    private final Set<String> confirmed = ConcurrentHashMap.newKeySet();
    private final Set<String> processed = ConcurrentHashMap.newKeySet();
    private final Set<String> deadLettered = ConcurrentHashMap.newKeySet();
    private final Set<String> failedOnce = ConcurrentHashMap.newKeySet();
    private final Map<String, Integer> last = new ConcurrentHashMap<>();
    private final AtomicInteger outOfOrder = new AtomicInteger();
    private final List<Worker> workers = new ArrayList<>();
    private final AtomicInteger sampled = new AtomicInteger();
    private long[] latencyMicros = {};

    @Option(names = "--messages", paramLabel = "N", description = "How many messages. Default: ${DEFAULT-VALUE}.")
    private int messages = 100_000;

    @Option(names = "--quiet", description = "Only the summary.")
    private boolean quiet;

    Demo(Terminal terminal, StopSignal stop) {
        this.terminal = terminal;
        this.stop = stop;
    }

    @Override
    public Integer call() throws Exception {
        PrintStream out = new PrintStream(terminal.out(), false, StandardCharsets.UTF_8);
        if (!quiet) {
            introduce(out);
        }
        latencyMicros = new long[messages];
        long startedAt = System.nanoTime();
        List<AutoCloseable> open = new ArrayList<>();
        try {
            MessageProducer toDeadLetters =
                    MemoryProducer.builder().broker(broker).topic("orders.dead").build();
            open.add(toDeadLetters);
            for (int i = 0; i < WORKERS; i++) {
                int number = i;
                Worker worker =
                        DemoWork.work(consumer("orders", "billing"), toDeadLetters, order -> handle(number, order));
                open.add(worker);
                workers.add(worker);
            }
            open.add(Worker.from(consumer("orders.dead", "desk"))
                    .onMessage(letter -> deadLettered.add(letter.id()))
                    .start());
            produce();
            awaitSettled();
        } finally {
            Collections.reverse(open);
            for (AutoCloseable each : open) {
                each.close();
            }
        }
        return summarize(out, (System.nanoTime() - startedAt) / 1e9);
    }

    private MessageBroker consumer(String topic, String group) {
        return MemoryConsumer.builder()
                .broker(broker)
                .topic(topic)
                .consumerGroup(group)
                .build();
    }

    private void introduce(PrintStream out) throws IOException {
        out.printf(
                Locale.ROOT,
                "%d producers send %,d orders to the embedded broker; a group of %d workers handles them.%n"
                        + "One order in 50 fails at first and is tried again, one in 2,000 fails always and goes to the dead letters.%n"
                        + "The code that does it:%n%n%s%n",
                PRODUCERS,
                messages,
                WORKERS,
                code());
        out.flush();
    }

    /** The code as it was compiled: the source is on the class path. */
    private static String code() throws IOException {
        try (InputStream source = Demo.class.getResourceAsStream("DemoWork.java")) {
            if (source == null) {
                throw new IOException("the source of the demonstration is missing");
            }
            String text = new String(source.readAllBytes(), StandardCharsets.UTF_8);
            return text.substring(text.indexOf("// tag::demo[]\n") + 15, text.indexOf("    // end::demo[]"));
        }
    }

    private void handle(int worker, Message order) {
        int number = Integer.parseInt(order.id());
        if (number % 2_000 == 7) {
            throw new IllegalStateException("no such customer");
        }
        if (number % 50 == 3 && failedOnce.add(order.id())) {
            throw new IllegalStateException("the database is busy");
        }
        if (processed.add(order.id())) {
            // At one worker, the orders of one customer that one producer has sent come in the order in which they were
            // sent.
            Integer before = last.put(order.key() + " " + number % PRODUCERS + " " + worker, number);
            if (before != null && before > number) {
                outOfOrder.incrementAndGet();
            }
            latencyMicros[sampled.getAndIncrement()] = Math.max(
                    0, Duration.between(order.timestamp(), Instant.now()).toNanos() / 1_000);
        }
    }

    private void produce() throws InterruptedException {
        List<Thread> threads = new ArrayList<>();
        for (int p = 0; p < PRODUCERS; p++) {
            int first = p;
            Thread thread = new Thread(() -> produceFrom(first), "demo-producer-" + p);
            threads.add(thread);
            thread.start();
        }
        Progress progress = new Progress(terminal, quiet, "handled");
        for (Thread thread : threads) {
            while (thread.isAlive()) {
                thread.join(100);
                progress.add(processed.size() - progress.count());
            }
        }
        if (terminal.interactive() && !quiet) {
            terminal.err().print("\r\u001b[K");
        }
    }

    /** At a steady rate, so that the latencies say something. */
    private void produceFrom(int first) {
        long startedAt = System.nanoTime();
        try (MessageProducer producer =
                MemoryProducer.builder().broker(broker).topic("orders").build()) {
            for (int i = first, sent = 0; i < messages && !stop.isRequested(); i += PRODUCERS, sent++) {
                DemoWork.produce(producer, Integer.toString(i), order -> confirmed.add(order.id()));
                long due = startedAt + sent * (TimeUnit.SECONDS.toNanos(1) * PRODUCERS / PER_SECOND);
                while (due - System.nanoTime() > 0) {
                    LockSupport.parkNanos(due - System.nanoTime());
                }
            }
        }
    }

    private void awaitSettled() throws InterruptedException {
        long deadline = System.nanoTime() + TIME_TO_SETTLE.toNanos();
        while (processed.size() + deadLettered.size() < confirmed.size() && System.nanoTime() - deadline < 0) {
            TimeUnit.MILLISECONDS.sleep(10);
        }
    }

    private int summarize(PrintStream out, double seconds) {
        long lost = confirmed.stream()
                .filter(id -> !processed.contains(id) && !deadLettered.contains(id))
                .count();
        long[] sorted = Arrays.copyOf(latencyMicros, sampled.get());
        Arrays.sort(sorted);
        out.printf(
                Locale.ROOT, "  sent and confirmed  %,10d   %,.0f/s%n", confirmed.size(), confirmed.size() / seconds);
        out.printf(Locale.ROOT, "  handled             %,10d%n", processed.size());
        long retried =
                workers.stream().mapToLong(worker -> worker.stats().retried()).sum();
        out.printf(Locale.ROOT, "  tried again         %,10d%n", retried);
        out.printf(Locale.ROOT, "  dead letters        %,10d%n", deadLettered.size());
        out.printf(Locale.ROOT, "  out of order        %,10d%n", outOfOrder.get());
        out.printf(Locale.ROOT, "  lost                %,10d%n", lost);
        out.printf(
                Locale.ROOT,
                "  latency             p50 %s, p99 %s, longest %s%n",
                millis(sorted, 0.5),
                millis(sorted, 0.99),
                millis(sorted, 1));
        out.flush();
        return lost == 0 && outOfOrder.get() == 0 ? Cli.OK : Cli.FAILED;
    }

    private static String millis(long[] sortedMicros, double quantile) {
        if (sortedMicros.length == 0) {
            return "-";
        }
        int index = (int) Math.min(sortedMicros.length - 1L, Math.round(sortedMicros.length * quantile));
        return String.format(Locale.ROOT, "%.1f ms", sortedMicros[index] / 1e3);
    }
}
