package io.pythia.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pythia.Message;
import io.pythia.Settled;
import io.pythia.memory.MemoryBroker.GroupStats;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Many producers, competing consumers that fail and leave at random moments: every message that was confirmed is acknowledged once. */
class MemoryLedgerTest {
    private static final int PRODUCERS = 8;
    private static final int CONSUMERS = 4;
    private static final int EACH = 5_000;
    private static final int TOTAL = PRODUCERS * EACH;

    private final MemoryBroker broker = new MemoryBroker(MemoryConfig.defaults().withMaxMessages(10_000));
    private final Set<String> acknowledged = ConcurrentHashMap.newKeySet();
    private final Set<String> twice = ConcurrentHashMap.newKeySet();
    private final AtomicInteger nacks = new AtomicInteger();

    @Test
    void nacksAndCloses_nothingLostAndNothingAcknowledgedTwice() throws InterruptedException {
        List<Thread> consumers = new ArrayList<>();
        for (int i = 0; i < CONSUMERS; i++) {
            Random random = new Random(i);
            consumers.add(new Thread(() -> consumeUntilAllIsDone(random), "ledger-consumer-" + i));
        }
        consumers.forEach(Thread::start);
        List<MemoryProducer> producers = new ArrayList<>();
        List<CompletableFuture<?>> confirmed = new ArrayList<>();
        for (int p = 0; p < PRODUCERS; p++) {
            producers.add(MemoryProducer.builder()
                    .topic("t")
                    .broker(broker)
                    .sendTimeout(Duration.ofMinutes(2))
                    .build());
        }
        for (int n = 0; n < EACH; n++) {
            for (int p = 0; p < PRODUCERS; p++) {
                confirmed.add(producers.get(p).send(Message.of(p + "-" + n)));
            }
        }
        confirmed.forEach(CompletableFuture::join);
        for (Thread consumer : consumers) {
            consumer.join(Duration.ofMinutes(2).toMillis());
        }
        producers.forEach(MemoryProducer::close);

        assertThat(acknowledged).hasSize(TOTAL);
        assertThat(twice).isEmpty();
        assertThat(nacks.get()).isPositive();
        // Consumers may be closed in the background still, above all one that was connecting.
        await().atMost(Collected.LONG)
                .until(() -> broker.stats("t", "default").equals(Optional.of(new GroupStats(0, 0, 0, 0))));
    }

    private void consumeUntilAllIsDone(Random random) {
        while (acknowledged.size() < TOTAL) {
            MemoryConsumer consumer = MemoryConsumer.builder()
                    .topic("t")
                    .broker(broker)
                    .batchSize(1 + random.nextInt(50))
                    .maxInFlight(100)
                    .closeTimeout(random.nextBoolean() ? Duration.ZERO : Duration.ofSeconds(10))
                    .build();
            int enough = acknowledged.size() + 1 + random.nextInt(4_000);
            Collected.from(consumer, message -> handle(message, random));
            await().atMost(Duration.ofMinutes(2)).until(() -> acknowledged.size() >= Math.min(enough, TOTAL));
            consumer.close();
        }
    }

    private void handle(Message message, Random random) {
        int dice = random.nextInt(100);
        if (dice < 3) {
            nacks.incrementAndGet();
            message.nack();
        } else if (dice < 4) {
            nacks.incrementAndGet();
            message.nack(Duration.ofMillis(1 + random.nextInt(20)));
        } else {
            message.ack().thenAccept(settled -> {
                if (settled == Settled.DONE && !acknowledged.add(message.text())) {
                    twice.add(message.text());
                }
            });
        }
    }
}
