package io.pythia.internal.worker;

import io.pythia.Health;
import io.pythia.Health.Status;
import io.pythia.WorkerStats;
import io.pythia.internal.Events;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Tells how a worker does. Also enforces the handlers' time limit, since it looks at them anyway. Thread-safe. */
public final class Monitor {
    private static final long SAMPLE = Duration.ofSeconds(1).toNanos();
    private static final int SAMPLES = 10;
    private static final long SHORTEST_LOOK = Duration.ofMillis(10).toNanos();
    private static final int STACK_LINES = 12;
    /** Longer than a consumer's own check takes. */
    private static final long HEALTH_LIMIT_SECONDS = 10;

    private final WorkerEngine engine;
    private final WorkerSettings settings;
    private final long[] counts = new long[SAMPLES];
    private final long[] times = new long[SAMPLES];
    private int samples;

    Monitor(WorkerEngine engine, WorkerSettings settings) {
        this.engine = engine;
        this.settings = settings;
    }

    void start() {
        sample();
        if (!settings.handlerTimeout().isZero()) {
            look();
        }
    }

    private synchronized void sample() {
        counts[samples % SAMPLES] = engine.handledCount();
        times[samples % SAMPLES] = System.nanoTime();
        samples++;
        if (!engine.isStopping()) {
            engine.timer().after(SAMPLE, this::sample);
        }
    }

    private void look() {
        engine.enforceTimeLimit();
        if (!engine.isStopping()) {
            long pause = Math.max(
                    SHORTEST_LOOK, Math.min(SAMPLE, settings.handlerTimeout().toNanos() / 10));
            engine.timer().after(pause, this::look);
        }
    }

    private synchronized double handledPerSecond() {
        if (samples == 0) {
            return 0;
        }
        int oldest = samples < SAMPLES ? 0 : samples % SAMPLES;
        double seconds = (System.nanoTime() - times[oldest]) / 1e9;
        return seconds <= 0 ? 0 : (engine.handledCount() - counts[oldest]) / seconds;
    }

    /** Returns what was done so far. */
    public WorkerStats stats() {
        Failures failures = engine.failures();
        return new WorkerStats(
                engine.handledCount(),
                handledPerSecond(),
                failures.failed.sum(),
                failures.retried.sum(),
                failures.redelivered.sum(),
                failures.deadLettered.sum(),
                failures.lost.sum(),
                engine.inFlight(),
                engine.dispatcher().running(),
                oldestHandler(),
                engine.outage().isOpen());
    }

    private Duration oldestHandler() {
        long now = System.nanoTime();
        Runner oldest = oldestRunner(now);
        long longest = oldest == null ? 0 : Math.max(0, oldest.lasts(now));
        for (AsyncCall call : engine.asyncCalls()) {
            longest = Math.max(longest, now - call.since);
        }
        return Duration.ofNanos(longest);
    }

    private @Nullable Runner oldestRunner(long now) {
        Runner oldest = null;
        for (Runner runner : engine.dispatcher().runners()) {
            if (runner.lasts(now) >= 0 && (oldest == null || runner.lasts(now) > oldest.lasts(now))) {
                oldest = runner;
            }
        }
        return oldest;
    }

    /** Returns the health of the worker and of its consumer; waits for the consumer's answer, a few seconds at most. */
    public Health health() {
        Throwable failure = engine.failure();
        Map<String, String> facts = facts();
        if (failure != null) {
            return new Health(Status.DOWN, "stopped: " + Events.text(failure), facts);
        }
        if (engine.isStopping()) {
            return new Health(Status.DOWN, engine.ended().isDone() ? "stopped" : "stopping", facts);
        }
        Health consumer = consumerHealth();
        facts.putAll(consumer.facts());
        if (consumer.status() != Status.UP) {
            return new Health(consumer.status(), consumer.detail() + whereTheOldestIs(), facts);
        }
        if (engine.outage().isOpen()) {
            Throwable cause = engine.outage().lastCause();
            return new Health(
                    Status.DEGRADED,
                    "too many messages failed in a row: trying one at a time; the last one failed by "
                            + (cause == null ? "an unknown cause" : Events.text(cause)),
                    facts);
        }
        return new Health(Status.UP, consumer.detail(), facts);
    }

    private Health consumerHealth() {
        try {
            return settings.consumer().healthCheck().get(HEALTH_LIMIT_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException | ExecutionException e) {
            return new Health(Status.DOWN, "the consumer does not tell its health: " + e, Map.of());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Health(Status.DOWN, "interrupted while asking the consumer", Map.of());
        }
    }

    private Map<String, String> facts() {
        WorkerStats stats = stats();
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("worker-in-flight", Integer.toString(stats.inFlight()));
        facts.put("worker-handling", Integer.toString(stats.handling()));
        facts.put(
                "worker-oldest-handler-ms", Long.toString(stats.oldestHandler().toMillis()));
        facts.put("worker-handled", Long.toString(stats.handled()));
        facts.put("worker-dead-lettered", Long.toString(stats.deadLettered()));
        return facts;
    }

    private String whereTheOldestIs() {
        long now = System.nanoTime();
        Runner oldest = oldestRunner(now);
        Thread thread = oldest == null ? null : oldest.thread();
        if (thread == null || oldest == null || oldest.lasts(now) < SAMPLE) {
            return "";
        }
        String stack = Arrays.stream(thread.getStackTrace())
                .limit(STACK_LINES)
                .map(StackTraceElement::toString)
                .collect(Collectors.joining(" < "));
        return "; the oldest handler has been running for "
                + Duration.ofNanos(oldest.lasts(now)).toSeconds() + " s, it is at " + stack;
    }
}
