package io.pythia.kafka;

import static io.pythia.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.Message;
import io.pythia.Ordering;
import io.pythia.SendResult;
import io.pythia.Worker;
import io.pythia.retry.RetryConfig;
import io.pythia.testkit.ChildJvm;
import io.pythia.testkit.Ledger;
import io.pythia.testkit.TestSubscriber;
import io.pythia.testkit.server.TestServer;
import io.pythia.testkit.server.TestServers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The worker on partitions: what is slow or fails in one leaves the others alone, also through rebalances and at the end. */
@Timeout(300)
class KafkaWorkerIT {
    private final TestServer server = TestServers.kafka();

    @TempDir
    private Path folder;

    private KafkaConsumer.Builder consumer(String topic) {
        return KafkaConsumer.builder().topic(topic).consumerGroup(topic).config(config().build());
    }

    private KafkaConfig.Builder config() {
        return KafkaConfig.builder()
                .bootstrapServers(server.address())
                .sessionTimeout(Duration.ofSeconds(6))
                .heartbeatInterval(Duration.ofMillis(300));
    }

    private KafkaProducer producer(String topic) {
        return KafkaProducer.builder()
                .topic(topic)
                .bootstrapServers(server.address())
                .build();
    }

    /** Sends so many messages over 300 keys; returns how many went to each partition. */
    private Map<Integer, Long> send(String topic, int count) {
        List<CompletableFuture<SendResult>> results = new ArrayList<>();
        try (KafkaProducer producer = producer(topic)) {
            for (int i = 0; i < count; i++) {
                results.add(producer.send(Message.builder()
                        .key("k" + i % 300)
                        .body(Integer.toString(i))
                        .build()));
            }
            return results.stream()
                    .map(TestSubscriber::get)
                    .collect(Collectors.groupingBy(
                            result -> Integer.valueOf(result.details().get("partition")), Collectors.counting()));
        }
    }

    private static ConsumerRecord<?, ?> record(Message message) {
        return message.unwrap(ConsumerRecord.class).orElseThrow();
    }

    private long committed(String topic, int partition) {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", server.address()))) {
            OffsetAndMetadata position = admin.listConsumerGroupOffsets(topic)
                    .partitionsToOffsetAndMetadata()
                    .get(60, TimeUnit.SECONDS)
                    .get(new TopicPartition(topic, partition));
            return position == null ? 0 : position.offset();
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new AssertionError(e);
        }
    }

    /** The offsets that were handled, by partition, in the order of handling. */
    private static final class Handled {
        private final Map<Integer, List<Long>> offsets = new ConcurrentHashMap<>();

        void add(Message message) {
            offsets.computeIfAbsent(record(message).partition(), p -> Collections.synchronizedList(new ArrayList<>()))
                    .add(record(message).offset());
        }

        long count(int partition) {
            return offsets.getOrDefault(partition, List.of()).size();
        }

        /** Returns whether all of the partitions but one were handled. */
        boolean isCompleteBut(int partition, Map<Integer, Long> sent) {
            return sent.entrySet().stream()
                    .allMatch(each -> each.getKey() == partition || count(each.getKey()) == each.getValue());
        }

        void assertOrdered() {
            assertThat(offsets.values()).allSatisfy(each -> {
                for (int i = 0; i < each.size(); i++) {
                    assertThat(each.get(i)).isEqualTo(i);
                }
            });
        }
    }

    @Test
    void partitionThatIsStuck_isPaused_andHoldsUpNoOther() {
        String topic = KafkaTopics.create(server.address(), 3);
        Map<Integer, Long> sent = send(topic, 60_000);
        CountDownLatch release = new CountDownLatch(1);
        AtomicInteger stuck = new AtomicInteger(-1);
        Handled handled = new Handled();
        try (Worker worker = Worker.from(consumer(topic).build())
                .concurrency(4)
                .ordering(Ordering.PARTITION)
                .onMessage(message -> {
                    if (stuck.compareAndSet(-1, record(message).partition())) {
                        release.await();
                    }
                    handled.add(message);
                })
                .start()) {
            try {
                eventually("all of the others", () -> stuck.get() >= 0 && handled.isCompleteBut(stuck.get(), sent));
                assertThat(handled.count(stuck.get())).isZero();
                assertThat(worker.stats().inFlight()).isLessThanOrEqualTo(10_000);
            } finally {
                release.countDown();
            }
            eventually("the stuck one too", () -> worker.stats().handled() == 60_000);
            handled.assertOrdered();
        }
    }

    @Test
    void retriesInOnePartition_leaveTheOthersInOrder_andItsPositionAtTheRecordThatFails() {
        String topic = KafkaTopics.create(server.address(), 5);
        Map<Integer, Long> sent = send(topic, 5_000);
        AtomicBoolean broken = new AtomicBoolean(true);
        Handled handled = new Handled();
        RetryConfig forEver =
                new RetryConfig(RetryConfig.FOREVER, Duration.ofMillis(20), Duration.ofMillis(100), true, true);
        try (Worker worker = Worker.from(consumer(topic).build())
                .concurrency(5)
                .ordering(Ordering.PARTITION)
                .outageAfter(0)
                .retry(forEver)
                .onMessage(message -> {
                    if (record(message).partition() == 2 && record(message).offset() == 100 && broken.get()) {
                        throw new IllegalStateException("not now");
                    }
                    handled.add(message);
                })
                .start()) {
            eventually("the other four", () -> handled.isCompleteBut(2, sent));
            eventually("what was handled before it, committed", () -> committed(topic, 2) == 100);
            assertThat(handled.count(2)).isEqualTo(100);
            broken.set(false);
            eventually("the fifth too", () -> worker.stats().handled() == 5_000);
            handled.assertOrdered();
        }
    }

    @Test
    void pausesBetweenRetries_longerThanThePollInterval_loseNoPartition() {
        String topic = KafkaTopics.create(server.address(), 1);
        send(topic, 100);
        KafkaConfig impatient = config().maxPollInterval(Duration.ofSeconds(5)).build();
        AtomicInteger failures = new AtomicInteger();
        Set<String> atTheRival = ConcurrentHashMap.newKeySet();
        RetryConfig slow = new RetryConfig(1, Duration.ofSeconds(15), Duration.ofSeconds(15), false, false);
        try (Worker worker = Worker.from(consumer(topic).config(impatient).build())
                        .ordering(Ordering.PARTITION)
                        .retry(slow)
                        .onMessage(message -> {
                            if (failures.getAndIncrement() == 0) {
                                throw new IllegalStateException("once");
                            }
                        })
                        .start();
                Worker rival = Worker.from(consumer(topic).config(impatient).build())
                        .onMessage(message -> atTheRival.add(message.id()))
                        .build()) {
            eventually("the failure", () -> worker.stats().retried() == 1);
            rival.start();
            eventually("all handled", () -> worker.stats().handled() + atTheRival.size() >= 100);
            assertThat(worker.stats().handled()).isEqualTo(100);
            assertThat(atTheRival).isEmpty();
        }
    }

    @Test
    void membersJoinAndLeave_withHandlersAtWork_nothingIsLost_andNoPartitionIsForgotten() throws InterruptedException {
        String topic = KafkaTopics.create(server.address(), 3);
        Ledger ledger = new Ledger();
        AtomicBoolean sending = new AtomicBoolean(true);
        Map<Integer, AtomicInteger> progress = new ConcurrentHashMap<>();
        try (KafkaProducer producer = producer(topic);
                Worker stays = worker(topic, ledger, progress)) {
            Thread load = new Thread(
                    () -> {
                        for (int i = 0; sending.get(); i++) {
                            ledger.send(
                                    producer,
                                    Message.builder()
                                            .id("m" + i)
                                            .key("k" + i % 60)
                                            .body("x")
                                            .build());
                            LockSupport.parkNanos(500_000);
                        }
                    },
                    "load");
            load.start();
            for (int round = 0; round < 8; round++) {
                try (Worker joins = worker(topic, ledger, progress)) {
                    eventually("the new member's share", () -> joins.stats().handled() > 50);
                    assertAllProgress(progress);
                }
                assertAllProgress(progress);
            }
            sending.set(false);
            load.join();
            TestSubscriber.get(producer.flush());
            eventually("all confirmed messages", () -> ledger.lost().isEmpty() && ledger.open() == 0);
            assertThat(stays.stats().deadLettered()).isZero();
        }
        ledger.verify(16 * 1_000);
    }

    /** One that takes its time, on many threads: acknowledgements come late and in any order. */
    private Worker worker(String topic, Ledger ledger, Map<Integer, AtomicInteger> progress) {
        return Worker.from(consumer(topic).drainTimeout(Duration.ofMillis(100)).build())
                .concurrency(8)
                .ordering(Ordering.KEY)
                .onMessage(message -> {
                    LockSupport.parkNanos((message.id().hashCode() & 7) * 2_000_000L);
                    ledger.delivered(message.id());
                    progress.computeIfAbsent(record(message).partition(), p -> new AtomicInteger())
                            .incrementAndGet();
                })
                .start();
    }

    private static void assertAllProgress(Map<Integer, AtomicInteger> progress) {
        assertThat(ManagementFactory.getThreadMXBean().findDeadlockedThreads()).isNull();
        for (int partition = 0; partition < 3; partition++) {
            AtomicInteger count = progress.computeIfAbsent(partition, p -> new AtomicInteger());
            int before = count.get();
            eventually("progress in partition " + partition, () -> count.get() > before + 20);
        }
    }

    @Test
    void sigterm_underLoad_endsInAnOrderlyWay_andMakesNoDuplicate() throws IOException {
        String topic = KafkaTopics.create(server.address(), 3);
        send(topic, 20_000);
        Path journal = folder.resolve("journal");
        Files.createFile(journal);
        for (int round = 1; round <= 4; round++) {
            long enough = round * 2_000L;
            try (ChildJvm child = new ChildJvm(WorkingChild.class, server.address(), topic, journal.toString())) {
                eventually("progress", () -> lines(journal).size() >= enough);
                child.terminate();
            }
        }
        try (ChildJvm last = new ChildJvm(WorkingChild.class, server.address(), topic, journal.toString())) {
            eventually("all", () -> Set.copyOf(lines(journal)).size() == 20_000);
            last.terminate();
        }
        assertThat(lines(journal)).hasSize(20_000).doesNotHaveDuplicates();
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
