package io.pythia.internal.worker;

import io.pythia.internal.Events;
import io.pythia.retry.CircuitBreaker;
import io.pythia.retry.CircuitBreakerConfig;
import io.pythia.retry.RetryConfig;
import java.time.Duration;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Tells a dependency that is down from messages that are bad: after so many different messages failed in a row nothing is handled but one
 * message at a time, with growing pauses, until one succeeds. Thread-safe.
 */
final class Outage {
    /** So often a message fails as the one that is tried before it is taken for bad itself: else a bad one that is alone waits for ever. */
    static final int MAX_PROBES = 10;

    private final int after;
    private final RetryConfig pauses;
    private final CircuitBreaker breaker;
    private final IntConsumer slots;
    private final int allSlots;
    private final Timer timer;
    private final Events events;
    private final Set<Object> failing = Collections.newSetFromMap(new IdentityHashMap<>());
    private int probes;
    /** How many sends began during an outage and are not answered. */
    private int unanswered;

    private @Nullable Throwable lastCause;
    private volatile boolean open;
    /** Whether the last message succeeded: then there is nothing to do when the next one does. */
    private volatile boolean calm = true;

    Outage(WorkerSettings settings, Timer timer, Events events, IntConsumer slots) {
        this.after = settings.outageAfter();
        this.pauses = settings.outagePauses();
        this.allSlots = settings.concurrency();
        this.slots = slots;
        this.timer = timer;
        this.events = events;
        Duration shortest = pauses.initialDelay().isZero() ? Duration.ofNanos(1) : pauses.initialDelay();
        this.breaker = new CircuitBreaker(new CircuitBreakerConfig(after > 0, Math.max(1, after), shortest));
    }

    boolean isOpen() {
        return open;
    }

    @Nullable
    synchronized Throwable lastCause() {
        return lastCause;
    }

    /** A message was handled, and sent on if that was wanted. */
    void succeeded() {
        if (!calm) {
            recovered();
        }
    }

    private synchronized void recovered() {
        failing.clear();
        breaker.onSuccess();
        if (breaker.state() != CircuitBreaker.State.CLOSED) {
            return; // it began before the outage: it says nothing about now
        }
        calm = true;
        if (open) {
            open = false;
            probes = 0;
            events.debug("messages succeed again");
            slots.accept(allSlots);
        }
    }

    /**
     * A message failed in a way that is worth a retry. Returns whether it is to wait without that being counted against it.
     *
     * @param call what failed, so often as it was called: the task, or the batch of which it was one
     */
    synchronized boolean failed(Task task, Object call, Throwable cause) {
        if (after == 0) {
            return false;
        }
        calm = false;
        lastCause = cause;
        if (!open) {
            if (failing.add(call)) {
                breaker.onFailure();
            }
            if (breaker.state() == CircuitBreaker.State.OPEN) {
                begin(cause);
            }
            return open;
        }
        if (breaker.state() == CircuitBreaker.State.HALF_OPEN) {
            breaker.onFailure();
            pause();
            return ++task.failedProbes < MAX_PROBES;
        }
        return true;
    }

    /**
     * What a handler made is being sent on. During an outage its message is not done with until that is answered: no other one is tried
     * meanwhile.
     *
     * @return whether the answer is to be told to {@link #answered}
     */
    boolean sending() {
        return open && hold();
    }

    private synchronized boolean hold() {
        if (!open) {
            return false;
        }
        unanswered++;
        slots.accept(0);
        return true;
    }

    /** What was sent on is answered; called after {@link #succeeded} or {@link #failed}. */
    synchronized void answered() {
        unanswered--;
        if (open && breaker.state() == CircuitBreaker.State.HALF_OPEN) {
            tryOne(); // it was neither: that message alone is bad
        }
    }

    private void tryOne() {
        if (unanswered == 0) {
            slots.accept(1);
        }
    }

    private void begin(Throwable cause) {
        open = true;
        failing.clear();
        probes = 0;
        events.messageWarning(after + " messages failed in a row; now trying one at a time", cause);
        pause();
    }

    private void pause() {
        slots.accept(0);
        timer.after(pauses.delay(++probes, ThreadLocalRandom.current()).toNanos(), this::probe);
    }

    private synchronized void probe() {
        if (!open) {
            return;
        }
        if (breaker.tryAcquire()) {
            tryOne();
        } else {
            timer.after(breaker.untilTrial().toNanos(), this::probe);
        }
    }
}
