package io.pythia.kafka;

import io.pythia.BrokerException;
import io.pythia.BrokerTimeoutException;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;

/**
 * Commits what the {@link OffsetTracker} says; of the asynchronous commits at most one is under way, so that none overtakes another. Confined
 * to the poll thread but for {@link #check} and {@link #addFacts}.
 */
final class Commits {
    private static final Duration TIMEOUT = Duration.ofSeconds(3);
    private static final long INTERVAL = Duration.ofMillis(25).toNanos();
    private static final long SHORTEST_INTERVAL = Duration.ofMillis(2).toNanos();
    private static final long INTERVAL_AFTER_FAILURE = Duration.ofMillis(100).toNanos();
    private static final long AFTER = 2_000;
    /** A rebalance, or a coordinator that moves, is mostly over by then. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    /** For the answer to a commit, and for a rebalance that lets messages in flight finish. */
    private static final Duration LONG_PATIENCE = Duration.ofSeconds(30);

    /** What the broker says, and since when it has not taken a commit. */
    private record Failing(Exception error, long since) {}

    private final String name;
    private final Consumer<byte[], byte[]> consumer;
    private final OffsetTracker tracker;
    private final HandOver handOver;
    /** Where positions are kept in place of a group; null if there is one. */
    private final @Nullable Map<TopicPartition, Long> ownPositions;

    private boolean underWay;
    private long lastAt = System.nanoTime();
    private volatile @Nullable Failing failing;

    Commits(
            String name,
            Consumer<byte[], byte[]> consumer,
            OffsetTracker tracker,
            HandOver handOver,
            @Nullable Map<TopicPartition, Long> ownPositions) {
        this.name = name;
        this.consumer = consumer;
        this.tracker = tracker;
        this.handOver = handOver;
        this.ownPositions = ownPositions;
    }

    boolean isUnderWay() {
        return underWay;
    }

    /**
     * Begins an asynchronous commit if it is time for one.
     *
     * @param idle whether the last poll brought nothing
     */
    void commitIfDue(boolean idle) {
        if (underWay) {
            return;
        }
        if (!tracker.isDirty()) {
            failing = null; // what could not be committed belongs to others now
            return;
        }
        if (ownPositions != null) {
            keep(tracker.beginCommit(), ownPositions);
        } else if (isDue(idle, System.nanoTime() - lastAt)) {
            underWay = true;
            lastAt = System.nanoTime();
            OffsetTracker.Commit commit = tracker.beginCommit();
            consumer.commitAsync(commit.positions(), (positions, error) -> {
                underWay = false;
                answered(commit, error);
            });
        }
    }

    private void keep(OffsetTracker.Commit commit, Map<TopicPartition, Long> positions) {
        commit.positions().forEach((partition, position) -> positions.put(partition, position.offset()));
        answered(commit, null);
    }

    private boolean isDue(boolean idle, long since) {
        if (failing != null) {
            return since > INTERVAL_AFTER_FAILURE;
        }
        boolean nothingElse = idle && handOver.size() == 0 && tracker.unsettled() == 0;
        return since > INTERVAL
                || (nothingElse && since > SHORTEST_INTERVAL)
                || tracker.acknowledgedSinceCommit() >= AFTER;
    }

    private void answered(OffsetTracker.Commit commit, @Nullable Exception error) {
        if (error == null) {
            failing = null;
            tracker.committed(commit);
            handOver.roomMade();
        } else {
            // A rebalance, or the coordinator moved: the next commit has these positions too, or others have their
            // partitions then.
            Failing before = failing;
            failing = new Failing(error, before == null ? System.nanoTime() : before.since);
        }
    }

    /**
     * Commits what is acknowledged, of all partitions, and waits for it.
     *
     * @throws KafkaException if the broker does not have it
     */
    void commitNow() {
        OffsetTracker.Commit commit = tracker.beginCommit();
        if (commit.positions().isEmpty()) {
            return;
        }
        if (ownPositions != null) {
            keep(commit, ownPositions);
            return;
        }
        try {
            commitSync(commit);
        } catch (KafkaException e) {
            answered(commit, e);
            throw e;
        }
        answered(commit, null);
    }

    private void commitSync(OffsetTracker.Commit commit) {
        try {
            consumer.commitSync(commit.positions(), TIMEOUT);
        } catch (WakeupException e) {
            consumer.commitSync(commit.positions(), TIMEOUT); // the wish to stop came first; once more
        }
    }

    /** Commits before partitions go: if that fails, their records are delivered again, to whoever has them then. */
    void commitBeforeTheEnd() {
        try {
            commitNow();
        } catch (KafkaException e) {
            // nobody waits for it
        }
    }

    // Any thread.

    /**
     * Looks whether commits go through: until then what is settled comes again after a restart.
     *
     * @throws BrokerException if they have failed for some seconds, or there is no answer
     */
    void check(long now) {
        Failing problem = failing;
        Duration oldest = tracker.oldestUncommitted(now);
        if (problem != null && now - problem.since >= PATIENCE.toNanos()) {
            long seconds = Duration.ofNanos(now - problem.since).toSeconds();
            throw KafkaErrors.translate(name + ": no position could be committed for " + seconds + " s", problem.error);
        } else if (oldest.compareTo(LONG_PATIENCE) > 0) {
            throw new BrokerTimeoutException(
                    name + ": a message that was settled has waited for its commit for " + oldest.toSeconds() + " s");
        }
    }

    /** Adds how long the oldest settlement has waited for its commit, and why if commits fail. */
    void addFacts(Map<String, String> facts, long now) {
        facts.put(
                "oldest-uncommitted-ms",
                Long.toString(tracker.oldestUncommitted(now).toMillis()));
        Failing problem = failing;
        if (problem != null) {
            facts.put("commit-error", KafkaErrors.text(problem.error));
        }
    }
}
