package io.pythia.kafka;

import io.pythia.spi.Received;
import io.pythia.spi.Settlement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/**
 * The progress of all assigned partitions, and the settlements that wait for a commit. The engine marks, the poll thread commits.
 * Thread-safe; its lock is taken once per batch.
 */
final class OffsetTracker {
    private static final CompletableFuture<Void> DONE = CompletableFuture.completedFuture(null);

    /** Settlements, the positions that must be committed for them, by whichever commit, and what to complete then. */
    private record Waiting(
            List<? extends Settlement<KafkaRecord>> batch,
            Map<PartitionProgress, Long> positions,
            long bytes,
            long since,
            CompletableFuture<Void> done) {

        /** Returns whether each of the positions is committed, or never will be because its assignment is over. */
        boolean isAnswered() {
            return positions.entrySet().stream()
                    .allMatch(each -> each.getKey().isOver() || each.getKey().isCommitted(each.getValue() - 1));
        }

        void tellStale() {
            for (Settlement<KafkaRecord> each : batch) {
                PartitionProgress progress = each.receipt().progress;
                if (progress.isOver() && !progress.isCommitted(each.receipt().offset())) {
                    each.stale();
                }
            }
        }
    }

    /** What is to be committed, and whose progress it is: a seek may begin a partition anew while the commit is under way. */
    record Commit(Map<TopicPartition, OffsetAndMetadata> positions, List<PartitionProgress> progresses) {}

    private static final long MAX_WINDOW = 10_000;
    private static final long LEAST_WINDOW = 1_000;
    /** Settled and not committed: some hundred milliseconds of a fast consumer, so that only commits that fail reach it. */
    private static final long MAX_UNCOMMITTED = 50_000;

    private static final long MAX_UNCOMMITTED_BYTES = 64 << 20;

    private final int maxInFlight;
    private final Map<TopicPartition, PartitionProgress> partitions = new HashMap<>();
    private final List<Waiting> waiting = new ArrayList<>();
    /** Of those that wait. */
    private long uncommitted;

    private long uncommittedBytes;
    private long acknowledgedSinceCommit;

    /** Creates one without partitions, for so many records in flight. */
    OffsetTracker(int maxInFlight) {
        this.maxInFlight = maxInFlight;
    }

    /** Begins an assignment, or begins it anew after a seek. */
    synchronized PartitionProgress begin(TopicPartition partition) {
        PartitionProgress fresh = new PartitionProgress(partition);
        PartitionProgress before = partitions.put(partition, fresh);
        if (before != null) {
            before.end();
        }
        return fresh;
    }

    synchronized PartitionProgress progress(TopicPartition partition) {
        PartitionProgress known = partitions.get(partition);
        return known == null ? begin(partition) : known;
    }

    /** A partition begins at this position, which is to be committed although nothing was acknowledged. */
    synchronized void beginAt(TopicPartition partition, long position) {
        progress(partition).beginAt(position);
    }

    /** Returns whether the broker has a position of this assignment. */
    synchronized boolean hasCommitted(TopicPartition partition) {
        return progress(partition).hasCommitted();
    }

    /** Numbers records that were fetched. */
    synchronized void fetched(List<Received<KafkaRecord>> records) {
        for (Received<KafkaRecord> each : records) {
            KafkaRecord fetched = each.receipt();
            fetched.number = fetched.progress.fetched(fetched.offset());
        }
    }

    /** The engine has taken these. */
    synchronized void delivered(List<Received<KafkaRecord>> records) {
        for (Received<KafkaRecord> each : records) {
            each.receipt().progress.delivered(each.receipt().number);
        }
    }

    /** Marks a batch. The future completes when what of it can be committed is: it waits for positions, not for a certain commit. */
    synchronized CompletableFuture<Void> settle(List<? extends Settlement<KafkaRecord>> batch) {
        Set<PartitionProgress> grown = new HashSet<>();
        long bytes = 0;
        for (Settlement<KafkaRecord> settlement : batch) {
            KafkaRecord each = settlement.receipt();
            bytes += each.size();
            if (each.progress.isOver()) {
                settlement.stale();
            } else if (each.progress.acknowledge(each.number)) {
                grown.add(each.progress);
            }
        }
        acknowledgedSinceCommit += batch.size();
        notifyAll();
        if (grown.isEmpty()) {
            return DONE;
        }
        Map<PartitionProgress, Long> positions = new HashMap<>();
        grown.forEach(each -> positions.put(each, each.position()));
        CompletableFuture<Void> done = new CompletableFuture<>();
        waiting.add(new Waiting(batch, positions, bytes, System.nanoTime(), done));
        uncommitted += batch.size();
        uncommittedBytes += bytes;
        return done;
    }

    synchronized boolean isDirty() {
        return partitions.values().stream().anyMatch(PartitionProgress::isDirty);
    }

    synchronized long acknowledgedSinceCommit() {
        return acknowledgedSinceCommit;
    }

    synchronized long unsettled() {
        long sum = 0;
        for (PartitionProgress each : partitions.values()) {
            sum += each.unsettled();
        }
        return sum;
    }

    /**
     * Returns how many records of one partition may be given out and not be committed: its share of what may be in flight, so that one
     * that can't go on leaves room for the others. At least 1,000 or a half, since partitions are seldom equally busy.
     */
    synchronized long window() {
        int assigned = partitions.size();
        if (assigned <= 1) {
            return MAX_WINDOW;
        }
        long least = Math.min(LEAST_WINDOW, maxInFlight / 2);
        return Math.max(1, Math.max(least, Math.min(MAX_WINDOW, maxInFlight / assigned)));
    }

    /**
     * Returns how many more records of a partition may be given out: none while too many are settled and wait for a commit, which makes no
     * room in what is in flight and yet keeps them in memory.
     */
    synchronized long room(TopicPartition partition) {
        if (uncommitted >= MAX_UNCOMMITTED || uncommittedBytes >= MAX_UNCOMMITTED_BYTES) {
            return 0;
        }
        PartitionProgress progress = partitions.get(partition);
        return progress == null ? Long.MAX_VALUE : window() - progress.window();
    }

    /** Returns how long the oldest settlement has waited for its commit. */
    synchronized Duration oldestUncommitted(long now) {
        return waiting.isEmpty() ? Duration.ZERO : Duration.ofNanos(Math.max(0, now - waiting.get(0).since));
    }

    /** Returns the partitions of which more than so many records were fetched and can't be committed. */
    synchronized List<TopicPartition> ahead(long limit) {
        return partitions.values().stream()
                .filter(p -> p.ahead() > limit)
                .map(p -> p.partition)
                .toList();
    }

    /** Returns what to commit now: all that the broker does not have, also if another commit of it is under way. */
    synchronized Commit beginCommit() {
        acknowledgedSinceCommit = 0;
        List<PartitionProgress> dirty =
                partitions.values().stream().filter(PartitionProgress::isDirty).toList();
        Map<TopicPartition, OffsetAndMetadata> positions = new HashMap<>();
        dirty.forEach(each -> positions.put(each.partition, new OffsetAndMetadata(each.position())));
        return new Commit(positions, dirty);
    }

    /** The broker has the positions of this commit. Of one that fails nothing need be said: the next one has them too. */
    void committed(Commit commit) {
        List<Waiting> answered;
        synchronized (this) {
            for (PartitionProgress each : commit.progresses) {
                each.committed(Objects.requireNonNull(commit.positions.get(each.partition))
                        .offset());
            }
            answered = takeAnswered();
        }
        answered.forEach(each -> each.done.complete(null));
    }

    private List<Waiting> takeAnswered() {
        List<Waiting> answered = new ArrayList<>();
        waiting.removeIf(each -> each.isAnswered() && answered.add(each));
        for (Waiting each : answered) {
            uncommitted -= each.batch.size();
            uncommittedBytes -= each.bytes;
            each.tellStale();
        }
        return answered;
    }

    /** Waits until what was given out of some partitions is settled, at most so long. Returns whether it is. */
    synchronized boolean awaitSettled(Collection<TopicPartition> which, long nanos) throws InterruptedException {
        long deadline = System.nanoTime() + nanos;
        while (which.stream().anyMatch(this::hasUnsettled)) {
            long left = (deadline - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                return false;
            }
            wait(left);
        }
        return true;
    }

    private boolean hasUnsettled(TopicPartition partition) {
        PartitionProgress progress = partitions.get(partition);
        return progress != null && progress.unsettled() > 0;
    }

    /** Ends the assignment of some partitions: what waits for a commit of theirs that never came is stale. */
    void end(Collection<TopicPartition> which) {
        List<Waiting> answered;
        synchronized (this) {
            for (TopicPartition partition : which) {
                PartitionProgress progress = partitions.remove(partition);
                if (progress != null) {
                    progress.end();
                }
            }
            answered = takeAnswered();
        }
        answered.forEach(each -> each.done.complete(null));
    }

    /** Ends all assignments. */
    void endAll() {
        List<TopicPartition> all;
        synchronized (this) {
            all = List.copyOf(partitions.keySet());
        }
        end(all);
    }
}
