package io.pythia.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import io.pythia.Message;
import io.pythia.MessageBroker;
import io.pythia.Subscribers;
import io.pythia.internal.Threads;
import io.pythia.memory.MemoryBroker;
import io.pythia.memory.MemoryConfig;
import io.pythia.memory.MemoryConsumer;
import io.pythia.memory.MemoryProducer;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * One run in a fresh JVM: {@code ScaleRun pythia-idle|pythia-backlog|pythia-busy <n>}, the first and the last also with {@code -virtual}
 * behind, on virtual threads. Prints one RESULT line.
 */
public final class ScaleRun {
    static final String VIRTUAL = "-virtual";
    private static final int IDLE_SECONDS = 5;
    private static final int WARM_UP = 1_000_000;
    private static final MemoryConfig LIMITS =
            MemoryConfig.defaults().withMaxMessages(2_000_000).withMaxBytes(600L << 20);

    private ScaleRun() {}

    /** Runs one variant. */
    public static void main(String[] args) throws Exception {
        int n = Integer.parseInt(args[1]);
        if (args[0].endsWith(VIRTUAL)) {
            System.setProperty(Threads.VIRTUAL_PROPERTY, "true");
        }
        switch (args[0].replace(VIRTUAL, "")) {
            case "pythia-idle" -> idle(n);
            case "pythia-backlog" -> backlog(n);
            case "pythia-busy" -> busy(n);
            default -> throw new IllegalArgumentException("unknown variant " + args[0]);
        }
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }

    /** So many consumers that wait for messages: their threads, the heap they keep, and what they cost while nothing happens. */
    private static void idle(int consumers) throws InterruptedException {
        MemoryBroker broker = new MemoryBroker(LIMITS);
        List<MessageBroker> all = new ArrayList<>();
        all.add(waiting(broker, "first")); // with what all of them share
        int threadsBefore = Measurement.threads();
        long heapBefore = heap();
        for (int i = 0; i < consumers; i++) {
            all.add(waiting(broker, "topic-" + i));
        }
        long heapPerConsumer = (heap() - heapBefore) / consumers;
        double threads = (double) (Measurement.threads() - threadsBefore) / consumers;
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        long cpu = system.getProcessCpuTime();
        TimeUnit.SECONDS.sleep(IDLE_SECONDS);
        double cpuMicros = (system.getProcessCpuTime() - cpu) / 1e3 / IDLE_SECONDS / consumers;
        System.out.printf("RESULT %f %f %d %d%n", threads, cpuMicros, heapPerConsumer, all.size());
    }

    private static MessageBroker waiting(MemoryBroker broker, String topic) {
        MessageBroker consumer =
                MemoryConsumer.builder().broker(broker).topic(topic).build();
        consumer.connect().join();
        consumer.consume().subscribe(Subscribers.each(Message::ack, Throwable::printStackTrace));
        return consumer;
    }

    private static long heap() {
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }

    /** Consumes backlogs of so many messages, one after the other, when the code is warm. */
    private static void backlog(int messages) throws InterruptedException {
        measure(Math.max(1, WARM_UP / messages), messages, false);
    }

    /** Consumers that share out as many messages, at once, each from a topic of its own. */
    private static void busy(int consumers) throws InterruptedException {
        measure(consumers, WARM_UP / consumers, true);
    }

    private static void measure(int topics, int messagesEach, boolean atOnce) throws InterruptedException {
        MemoryBroker broker = new MemoryBroker(LIMITS);
        consume(broker, "warm-up", 1, WARM_UP, false);
        consume(broker, "measured", topics, messagesEach, atOnce).report((long) topics * messagesEach);
    }

    private static Measurement consume(MemoryBroker broker, String name, int topics, int messagesEach, boolean atOnce)
            throws InterruptedException {
        List<MemoryConsumer> consumers = new ArrayList<>();
        for (int i = 0; i < topics; i++) {
            fill(broker, name + i, messagesEach);
            MemoryConsumer consumer = MemoryConsumer.builder()
                    .broker(broker)
                    .topic(name + i)
                    .fromStart(true)
                    .build();
            consumer.connect().join();
            consumers.add(consumer);
        }
        List<CountDownLatch> all = new ArrayList<>();
        Measurement measurement = new Measurement();
        for (MemoryConsumer consumer : consumers) {
            CountDownLatch left = new CountDownLatch(messagesEach);
            all.add(left);
            consumer.consume()
                    .subscribe(Subscribers.each(
                            message -> {
                                message.ack();
                                left.countDown();
                            },
                            Throwable::printStackTrace));
            if (!atOnce) {
                left.await();
            }
        }
        for (CountDownLatch left : all) {
            left.await();
        }
        return measurement;
    }

    private static void fill(MemoryBroker broker, String topic, int messages) throws InterruptedException {
        Semaphore sent = new Semaphore(0);
        try (MemoryProducer producer =
                MemoryProducer.builder().broker(broker).topic(topic).build()) {
            byte[] body = {1};
            for (int i = 0; i < messages; i++) {
                producer.send(Message.of(body)).thenRun(sent::release);
                if (i % 10_000 == 9_999) {
                    sent.acquire(10_000);
                }
            }
            sent.acquire(messages % 10_000);
        }
    }
}
