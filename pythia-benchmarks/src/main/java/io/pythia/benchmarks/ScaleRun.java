package io.pythia.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import io.pythia.Message;
import io.pythia.MessageBroker;
import io.pythia.Subscribers;
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

/** One run in a fresh JVM: {@code ScaleRun pythia-idle|pythia-backlog <n>}. Prints one RESULT line. */
public final class ScaleRun {
    private static final int IDLE_SECONDS = 5;
    private static final int WARM_UP = 1_000_000;
    private static final MemoryConfig LIMITS =
            MemoryConfig.defaults().withMaxMessages(2_000_000).withMaxBytes(600L << 20);

    private ScaleRun() {}

    /** Runs one variant. */
    public static void main(String[] args) throws Exception {
        int n = Integer.parseInt(args[1]);
        switch (args[0]) {
            case "pythia-idle" -> idle(n);
            case "pythia-backlog" -> backlog(n);
            default -> throw new IllegalArgumentException("unknown variant " + args[0]);
        }
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }

    /** So many consumers that wait for messages: their threads, the heap they keep, and what they cost while nothing happens. */
    private static void idle(int consumers) throws InterruptedException {
        MemoryBroker broker = new MemoryBroker(LIMITS);
        int threadsBefore = Measurement.threads();
        long heapBefore = heap();
        List<MessageBroker> all = new ArrayList<>();
        for (int i = 0; i < consumers; i++) {
            MessageBroker consumer =
                    MemoryConsumer.builder().broker(broker).topic("topic-" + i).build();
            consumer.connect().join();
            consumer.consume().subscribe(Subscribers.each(Message::ack, Throwable::printStackTrace));
            all.add(consumer);
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

    /** Consumes a backlog to its end, after another one that has warmed the code up. */
    private static void backlog(int messages) throws InterruptedException {
        MemoryBroker broker = new MemoryBroker(LIMITS);
        consume(broker, "warm-up", WARM_UP);
        consume(broker, "measured", messages).report(messages);
    }

    private static Measurement consume(MemoryBroker broker, String topic, int messages) throws InterruptedException {
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
        CountDownLatch left = new CountDownLatch(messages);
        try (MemoryConsumer consumer = MemoryConsumer.builder()
                .broker(broker)
                .topic(topic)
                .fromStart(true)
                .build()) {
            consumer.connect().join();
            Measurement measurement = new Measurement();
            consumer.consume()
                    .subscribe(Subscribers.each(
                            message -> {
                                message.ack();
                                left.countDown();
                            },
                            Throwable::printStackTrace));
            left.await();
            return measurement;
        }
    }
}
