package io.pythia.testkit.server.servicebus;

import java.time.Duration;

/**
 * What a queue or a subscription is like.
 *
 * @param lock for how long a message or a session is locked
 * @param maxDeliveries how often a message is delivered before it becomes a dead letter
 * @param sessions whether messages belong to sessions
 * @param deadLetterOnExpiry whether messages whose time is over become dead letters
 * @param detectDuplicates whether a message whose id is known is dropped
 */
public record QueueOptions(
        Duration lock, int maxDeliveries, boolean sessions, boolean deadLetterOnExpiry, boolean detectDuplicates) {

    /** Returns the options of a plain queue: locks of 30 s, as good as no limit of deliveries. */
    public static QueueOptions defaults() {
        return new QueueOptions(Duration.ofSeconds(30), 1_000_000, false, false, false);
    }

    /** Returns a copy with another lock time. */
    public QueueOptions withLock(Duration value) {
        return new QueueOptions(value, maxDeliveries, sessions, deadLetterOnExpiry, detectDuplicates);
    }

    /** Returns a copy with another limit of deliveries. */
    public QueueOptions withMaxDeliveries(int value) {
        return new QueueOptions(lock, value, sessions, deadLetterOnExpiry, detectDuplicates);
    }

    /** Returns a copy for sessions. */
    public QueueOptions withSessions() {
        return new QueueOptions(lock, maxDeliveries, true, deadLetterOnExpiry, detectDuplicates);
    }

    /** Returns a copy whose messages become dead letters when their time is over. */
    public QueueOptions withDeadLetterOnExpiry() {
        return new QueueOptions(lock, maxDeliveries, sessions, true, detectDuplicates);
    }

    /** Returns a copy that detects duplicates. */
    public QueueOptions withDuplicateDetection() {
        return new QueueOptions(lock, maxDeliveries, sessions, deadLetterOnExpiry, true);
    }

    /** Returns what stands for it in a command to the stand-in. */
    public String commandWords() {
        return lock.toMillis() + " " + maxDeliveries + " " + sessions + " " + deadLetterOnExpiry + " "
                + detectDuplicates;
    }

    /** Returns the options from words, beginning with that of an index. */
    static QueueOptions of(String[] words, int from) {
        return new QueueOptions(
                Duration.ofMillis(Long.parseLong(words[from])),
                Integer.parseInt(words[from + 1]),
                Boolean.parseBoolean(words[from + 2]),
                Boolean.parseBoolean(words[from + 3]),
                Boolean.parseBoolean(words[from + 4]));
    }
}
