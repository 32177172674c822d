package io.pythia.kafka;

import io.pythia.BrokerException;
import io.pythia.BrokerTimeoutException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.kafka.common.errors.WakeupException;

/**
 * What others ask of the poll thread: it is run between two polls. A seek waits for partitions to seek in, but not for long: one that is
 * done when nobody thinks of it any more would surprise.
 */
final class Requests {
    private static final Duration LONGEST_WAIT = Duration.ofMinutes(1);

    /** Something to run, and whether it makes no sense without partitions. */
    private record Request(Runnable action, boolean needsPartitions, long since, CompletableFuture<Void> done) {}

    private final String name;
    private final Queue<Request> asked = new ConcurrentLinkedQueue<>();
    /** Those that wait for partitions. Only the poll thread. */
    private final Queue<Request> waiting = new ArrayDeque<>();
    /** Set when nothing is run any more, because it was stopped or has failed. */
    private volatile boolean over;

    Requests(String name) {
        this.name = name;
    }

    // Any thread.

    /** Asks for something; the future completes when it is done. */
    CompletableFuture<Void> add(Runnable action, boolean needsPartitions) {
        Request request = new Request(action, needsPartitions, System.nanoTime(), new CompletableFuture<>());
        asked.add(request);
        if (over) {
            request.done.completeExceptionally(disconnected());
        }
        return request.done;
    }

    /** Runs nothing any more. */
    void stop() {
        over = true;
    }

    private BrokerException disconnected() {
        return new BrokerException(name + " is disconnected");
    }

    // The poll thread.

    /** Returns whether nothing waits to be run. */
    boolean isEmpty() {
        return asked.isEmpty() && waiting.isEmpty();
    }

    /** Runs what can be run, in the order in which it was asked for. */
    void run(boolean hasPartitions, long now) {
        if (hasPartitions) {
            runAll(waiting);
        }
        for (Request next = asked.poll(); next != null; next = asked.poll()) {
            if (hasPartitions || !next.needsPartitions) {
                run(next);
            } else {
                waiting.add(next);
            }
        }
        for (Request oldest = waiting.peek(); oldest != null && isTooOld(oldest, now); oldest = waiting.peek()) {
            waiting.remove();
            oldest.done.completeExceptionally(new BrokerTimeoutException(name + ": no partition was assigned within "
                    + LONGEST_WAIT.toSeconds() + " s; has the group more members than partitions?"));
        }
    }

    private static boolean isTooOld(Request request, long now) {
        return now - request.since >= LONGEST_WAIT.toNanos();
    }

    /** Lets all that was asked for fail, now and from now on. */
    void end() {
        over = true; // before the last look: who asks later sees it
        runAll(waiting);
        runAll(asked);
    }

    private void runAll(Queue<Request> requests) {
        for (Request next = requests.poll(); next != null; next = requests.poll()) {
            run(next);
        }
    }

    private void run(Request request) {
        try {
            if (over) {
                throw disconnected();
            }
            request.action.run();
            request.done.complete(null);
        } catch (WakeupException e) {
            request.done.completeExceptionally(disconnected()); // meanwhile
        } catch (RuntimeException e) {
            request.done.completeExceptionally(KafkaErrors.translate(name, e));
        }
    }
}
