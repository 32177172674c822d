package io.pythia.kafka;

import io.pythia.BrokerException;
import io.pythia.spi.ReceiveDriver;
import io.pythia.spi.Received;
import io.pythia.spi.Settlement;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;

/** Receives by a {@code KafkaConsumer}, which must be polled without pause and so has a thread of its own, the {@link PollLoop}. */
final class KafkaReceiver implements ReceiveDriver<KafkaRecord> {
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(6);

    private final KafkaConsumerSettings settings;
    private final KafkaProbe probe;
    private final AtomicBoolean pausedByUser;
    private final Map<TopicPartition, Long> ownPositions;
    private final OffsetTracker tracker;
    private final HandOver handOver;
    private @Nullable PollLoop loop;
    private @Nullable Thread thread;

    /**
     * Creates one for one session.
     *
     * @param ownPositions where a consumer without a group was in the sessions before; thread-safe
     */
    KafkaReceiver(KafkaConsumerSettings settings, AtomicBoolean pausedByUser, Map<TopicPartition, Long> ownPositions) {
        this.settings = settings;
        this.pausedByUser = pausedByUser;
        this.ownPositions = ownPositions;
        this.tracker = new OffsetTracker(settings.maxInFlight());
        this.handOver = new HandOver(tracker);
        this.probe =
                new KafkaProbe(settings.name(), settings.adminProperties(), settings.topics(), settings.partitions());
    }

    @Override
    public void open() throws InterruptedException {
        probe.verify(settings.connectTimeout());
        Consumer<byte[], byte[]> consumer;
        try {
            consumer = new KafkaConsumer<>(
                    settings.clientProperties(), new ByteArrayDeserializer(), new ByteArrayDeserializer());
        } catch (KafkaException e) {
            throw KafkaErrors.translate(settings.name() + ": could not create the client", e);
        }
        loop = new PollLoop(settings, consumer, tracker, handOver, pausedByUser, ownPositions);
        thread = new Thread(loop, "pythia-" + settings.name() + "-poll");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public List<Received<KafkaRecord>> receive(int max, Duration wait) throws InterruptedException {
        return handOver.take(max, wait);
    }

    @Override
    public CompletableFuture<?> settle(List<? extends Settlement<KafkaRecord>> batch) {
        CompletableFuture<Void> committed = tracker.settle(batch);
        handOver.roomMade();
        return committed;
    }

    @Override
    public void wakeup() {
        handOver.wakeUp();
    }

    @Override
    public boolean owns(KafkaRecord receipt) {
        return !receipt.progress.isOver();
    }

    @Override
    public boolean recoversByItself() {
        return true;
    }

    @Override
    public void ping() throws InterruptedException {
        probe.ping();
        PollLoop running = loop;
        if (running != null) {
            running.commits().check(System.nanoTime());
        }
    }

    @Override
    public Map<String, String> facts() {
        Map<String, String> facts = new LinkedHashMap<>();
        PollLoop running = loop;
        if (running != null) {
            facts.put("partitions", Integer.toString(running.assigned()));
            facts.put("fetched-ahead", Integer.toString(handOver.size()));
            if (running.lag() >= 0) {
                facts.put("lag", Long.toString(running.lag()));
            }
            running.commits().addFacts(facts, System.nanoTime());
        }
        return facts;
    }

    /** Returns the loop of an open session. */
    PollLoop loop() {
        return Objects.requireNonNull(loop, "the session is not open");
    }

    @Override
    public void close() {
        handOver.fail(new BrokerException(settings.name() + " is disconnected"));
        PollLoop running = loop;
        Thread polling = thread;
        if (running != null && polling != null) {
            running.stop();
            try {
                polling.join(CLOSE_TIMEOUT.toMillis());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            if (polling.isAlive()) {
                polling.interrupt();
            }
        }
        probe.close();
    }
}
