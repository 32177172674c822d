package io.pythia.kafka;

import io.pythia.BrokerException;
import io.pythia.BrokerListener.Gap;
import io.pythia.spi.Received;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.LogTruncationException;
import org.apache.kafka.clients.consumer.NoOffsetForPartitionException;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;

/**
 * The thread that owns the {@code KafkaConsumer}. It polls without pause, whatever the application does, so that the group never takes the
 * partitions away from a consumer whose handler is slow; what it fetches goes to the {@link HandOver}, what was settled goes by the
 * {@link Commits}. Everything but what says so is confined to it.
 */
final class PollLoop implements Runnable, ConsumerRebalanceListener {
    /** While messages are unsettled a commit may become due at any time; an empty poll costs some 20 microseconds. */
    private static final Duration SHORT_POLL = Duration.ofMillis(5);

    private static final Duration LONG_POLL = Duration.ofMillis(100);
    private static final Duration POSITION_TIMEOUT = Duration.ofSeconds(3);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);
    private static final long LAG_INTERVAL = Duration.ofSeconds(1).toNanos();
    /** Records in the hand-over: pause above, resume below. */
    private static final int PAUSE_ABOVE = 20_000;

    private static final int RESUME_BELOW = 10_000;
    private static final long PAUSE_ABOVE_BYTES = 16 << 20;
    /** Records of one partition that are fetched beyond twice its window: enough to go on with while the next ones are fetched. */
    private static final long FETCH_AHEAD = 1_000;

    private final KafkaConsumerSettings settings;
    private final Consumer<byte[], byte[]> consumer;
    private final OffsetTracker tracker;
    private final HandOver handOver;
    private final AtomicBoolean pausedByUser;
    private final Map<TopicPartition, Long> ownPositions;
    private final Commits commits;
    private final Requests requests;
    private volatile boolean stopping;
    private volatile long lag = -1;
    private volatile int assigned;
    private boolean full;
    private final Set<TopicPartition> behindGap = new HashSet<>();
    /**
     * Partitions that begin where the group has no position, or another one. They are paused until it has this one: if this consumer ended
     * before its first commit, the next owner could begin behind what it was given.
     */
    private final Set<TopicPartition> beginning = new HashSet<>();

    private boolean idle;
    private long lastLagAt = System.nanoTime();

    PollLoop(
            KafkaConsumerSettings settings,
            Consumer<byte[], byte[]> consumer,
            OffsetTracker tracker,
            HandOver handOver,
            AtomicBoolean pausedByUser,
            Map<TopicPartition, Long> ownPositions) {
        this.settings = settings;
        this.consumer = consumer;
        this.tracker = tracker;
        this.handOver = handOver;
        this.pausedByUser = pausedByUser;
        this.ownPositions = ownPositions;
        this.requests = new Requests(settings.name());
        this.commits =
                new Commits(settings.name(), consumer, tracker, handOver, settings.hasGroup() ? null : ownPositions);
    }

    // Any thread.

    /** Commits what is acknowledged; the future fails if the broker does not have it. */
    CompletableFuture<Void> commitAll() {
        return requests.add(commits::commitNow, false);
    }

    /** Goes somewhere else, with all partitions or none, as soon as it has any: what is in flight from before is stale. */
    CompletableFuture<Void> seek(Seek target) {
        return requests.add(() -> seekNow(target), true);
    }

    void stop() {
        stopping = true;
        requests.stop();
        consumer.wakeup();
    }

    long lag() {
        return lag;
    }

    int assigned() {
        return assigned;
    }

    Commits commits() {
        return commits;
    }

    // The poll thread.

    @Override
    public void run() {
        try {
            begin();
            while (!stopping) {
                step();
            }
        } catch (WakeupException | InterruptException e) {
            // asked to stop
        } catch (Throwable t) {
            handOver.fail(KafkaErrors.translate(settings.name() + ": consuming", t));
        } finally {
            close();
        }
    }

    private void begin() {
        List<TopicPartition> own = settings.ownPartitions();
        if (own.isEmpty()) {
            settings.subscribe(consumer, this);
            return;
        }
        consumer.assign(own);
        onPartitionsAssigned(own);
        for (TopicPartition each : own) {
            Long position = ownPositions.get(each);
            if (position != null) {
                consumer.seek(each, position);
            }
        }
    }

    private void step() {
        runRequests();
        adjustPauses();
        commits.commitIfDue(idle);
        try {
            boolean mayCommit = tracker.unsettled() > 0 || commits.isUnderWay() || tracker.isDirty() || full;
            take(consumer.poll(mayCommit || !beginning.isEmpty() ? SHORT_POLL : LONG_POLL));
            placeBeginnings();
        } catch (NoOffsetForPartitionException e) {
            runRequests(); // one of them may be a seek
            beginFirst(e.partitions());
        } catch (OffsetOutOfRangeException e) {
            goOnElsewhere(e);
        }
        measureLag();
    }

    private void runRequests() {
        requests.run(!consumer.assignment().isEmpty(), System.nanoTime());
    }

    private void take(ConsumerRecords<byte[], byte[]> records) {
        idle = records.isEmpty();
        for (TopicPartition partition : records.partitions()) {
            PartitionProgress progress = tracker.progress(partition);
            List<ConsumerRecord<byte[], byte[]>> fetched = records.records(partition);
            List<Received<KafkaRecord>> chunk = new ArrayList<>(fetched.size());
            for (ConsumerRecord<byte[], byte[]> each : fetched) {
                chunk.add(settings.decode(each, progress));
            }
            tracker.fetched(chunk);
            handOver.put(partition, chunk);
        }
    }

    // Pauses: by the user, by back-pressure, by a gap, by a beginning. What is paused is what these want, after every
    // step.

    private void adjustPauses() {
        int waiting = handOver.size();
        long bytes = handOver.bytes();
        if (waiting >= PAUSE_ABOVE || bytes >= PAUSE_ABOVE_BYTES) {
            full = true;
        } else if (waiting <= RESUME_BELOW && bytes <= PAUSE_ABOVE_BYTES / 2) {
            full = false;
        }
        long most = 2 * tracker.window() + FETCH_AHEAD;
        behindGap.retainAll(tracker.ahead(most / 2));
        behindGap.addAll(tracker.ahead(most));
        Set<TopicPartition> all = consumer.assignment();
        Set<TopicPartition> paused = consumer.paused();
        if (full || pausedByUser.get()) {
            if (paused.size() < all.size()) {
                consumer.pause(all);
            }
            return;
        }
        Set<TopicPartition> wanted = new HashSet<>(behindGap);
        wanted.addAll(beginning);
        wanted.retainAll(all);
        if (!paused.equals(wanted)) {
            consumer.resume(all);
            consumer.pause(wanted);
        }
    }

    // Assignment.

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
        partitions.forEach(tracker::begin);
        if (full || pausedByUser.get() || !requests.isEmpty()) {
            consumer.pause(partitions); // the poll that is under way may return their first records
        }
        assigned = consumer.assignment().size();
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
        handOver.drop(partitions);
        try {
            if (!stopping) {
                tracker.awaitSettled(partitions, settings.drainTimeout().toNanos());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        commits.commitBeforeTheEnd();
        onPartitionsLost(partitions);
    }

    @Override
    public void onPartitionsLost(Collection<TopicPartition> partitions) {
        handOver.drop(partitions);
        tracker.end(partitions);
        handOver.roomMade(); // by what waited for their commits
        behindGap.removeAll(partitions);
        beginning.removeAll(partitions);
        assigned = consumer.assignment().size();
    }

    // Positions.

    /** The group is told of the new positions before anything comes from there, also if the partitions are taken away at once. */
    private void seekNow(Seek target) {
        Map<TopicPartition, Long> positions = target.positions(consumer, Set.copyOf(consumer.assignment()));
        beginAnew(positions.keySet());
        positions.forEach((partition, position) -> {
            consumer.seek(partition, position);
            tracker.beginAt(partition, position);
        });
    }

    /** What was fetched of some partitions is stale. They begin somewhere else, perhaps further in front, and the group is told where. */
    private void beginAnew(Set<TopicPartition> partitions) {
        handOver.drop(partitions);
        tracker.end(partitions);
        handOver.roomMade();
        partitions.forEach(tracker::begin);
        beginning.addAll(partitions);
    }

    /** The broker does not have the records at a position any more, or has others there since a leader without them was elected. */
    private void goOnElsewhere(OffsetOutOfRangeException e) {
        Map<TopicPartition, OffsetAndMetadata> divergent =
                e instanceof LogTruncationException truncation ? truncation.divergentOffsets() : Map.of();
        e.offsetOutOfRangePartitions()
                .forEach((partition, position) -> reportGap(partition, position, divergent.get(partition)));
        Set<TopicPartition> partitions = e.offsetOutOfRangePartitions().keySet();
        beginAnew(partitions);
        reset(partitions);
        divergent.forEach(consumer::seek);
    }

    /** There never was a position of these, and none was sought. */
    private void beginFirst(Set<TopicPartition> partitions) {
        Set<TopicPartition> unsought = new HashSet<>(partitions);
        unsought.removeAll(beginning);
        if (!unsought.isEmpty()) { // of none, the client would take all
            reset(unsought);
        }
    }

    /** There never was a position, or it was out of range and that has been reported. */
    private void reset(Collection<TopicPartition> partitions) {
        switch (settings.autoOffsetReset()) {
            case EARLIEST -> consumer.seekToBeginning(partitions);
            case LATEST -> {
                consumer.seekToEnd(partitions);
                beginning.addAll(partitions);
            }
            case NONE ->
                throw new BrokerException(settings.name() + ": there is no position for " + partitions
                        + " and autoOffsetReset is none; seek, or set earliest or latest");
        }
    }

    /** Has committed where partitions begin, however often that fails; they go on when the broker has it. */
    private void placeBeginnings() {
        for (TopicPartition partition : beginning) {
            try {
                tracker.beginAt(partition, consumer.position(partition, Duration.ZERO));
            } catch (TimeoutException e) {
                // the client finds it out in one of the next polls
            }
        }
        beginning.removeIf(tracker::hasCommitted);
    }

    private void reportGap(TopicPartition partition, long position, @Nullable OffsetAndMetadata divergent) {
        long goesOn = divergent != null ? divergent.offset() : resetPosition(partition);
        String detail = divergent != null
                ? "the broker has lost the records from " + goesOn + " on, which is where it goes on"
                : "the broker no longer has the records at this position; going on at " + settings.autoOffsetReset();
        Gap gap = new Gap(partition.toString(), Long.toString(position), Long.toString(goesOn), detail);
        settings.listener().dataLoss(settings.name(), gap);
    }

    private long resetPosition(TopicPartition partition) {
        Map<TopicPartition, Long> positions = settings.autoOffsetReset() == AutoOffsetReset.LATEST
                ? consumer.endOffsets(List.of(partition), POSITION_TIMEOUT)
                : consumer.beginningOffsets(List.of(partition), POSITION_TIMEOUT);
        return Objects.requireNonNull(positions.get(partition));
    }

    private void measureLag() {
        long now = System.nanoTime();
        if (now - lastLagAt > LAG_INTERVAL) {
            lastLagAt = now;
            lag = consumer.assignment().stream()
                    .mapToLong(p -> consumer.currentLag(p).orElse(0))
                    .sum();
        }
    }

    private void close() {
        try {
            commits.commitBeforeTheEnd();
            consumer.close(CloseOptions.timeout(CLOSE_TIMEOUT));
        } catch (KafkaException e) {
            // a broker that is gone; the group notices by its session timeout
        } finally {
            tracker.endAll();
            requests.end();
        }
    }
}
