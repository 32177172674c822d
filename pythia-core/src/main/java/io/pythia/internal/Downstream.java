package io.pythia.internal;

import io.pythia.Message;
import java.util.Objects;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** The subscriber of a consumer, which has one at most: what it has requested, and what it is told. */
final class Downstream {
    private final Events events;
    private final Demand demand = new Demand();
    private final AtomicReference<Flow.@Nullable Subscriber<? super Message>> newcomer = new AtomicReference<>();
    private final AtomicBoolean taken = new AtomicBoolean();
    private volatile boolean delivering;

    /** Only the receiving thread. */
    private Flow.@Nullable Subscriber<? super Message> subscriber;

    Downstream(Events events) {
        this.events = events;
    }

    // Any thread.

    /** Takes the first subscriber, for the receiving thread to greet. Returns false if there was one, and tells this one so. */
    boolean accept(Flow.Subscriber<? super Message> wanted) {
        if (!taken.compareAndSet(false, true)) {
            Signals.refuse(
                    wanted,
                    new IllegalStateException(events.name + " has a subscriber already: a connection has one;"
                            + " use Worker.concurrency, or several consumers of one group"));
            return false;
        }
        newcomer.set(wanted);
        return true;
    }

    boolean isTaken() {
        return taken.get();
    }

    /** Tells one that nobody has greeted, if there is one, that it comes too late. */
    void refuseNewcomer(@Nullable Throwable cause) {
        Flow.Subscriber<? super Message> late = newcomer.getAndSet(null);
        if (late != null) {
            Signals.refuse(late, cause != null ? cause : new IllegalStateException(events.name + " is disconnected"));
        }
    }

    void request(long n) {
        demand.add(n);
    }

    long requested() {
        return demand.get();
    }

    /** Returns whether messages are being given to the subscriber, who may block. */
    boolean isDelivering() {
        return delivering;
    }

    // The receiving thread.

    boolean isPresent() {
        return subscriber != null;
    }

    /** Greets a newcomer, if there is one. Returns what it threw. */
    @Nullable
    Throwable greet(Flow.Subscription subscription) {
        Flow.Subscriber<? super Message> wanted = newcomer.getAndSet(null);
        if (wanted == null) {
            return null;
        }
        subscriber = wanted;
        try {
            wanted.onSubscribe(subscription);
            return null;
        } catch (Throwable t) {
            return t;
        } finally {
            clearInterrupt();
        }
    }

    /** One or more messages will be emitted, until {@link #delivered()}. */
    void delivering() {
        delivering = true;
    }

    void delivered() {
        delivering = false;
        clearInterrupt();
    }

    /** It is the subscriber's own business, if it left one. */
    private static void clearInterrupt() {
        Thread.interrupted();
    }

    /** Gives out a message that was requested. Returns what the subscriber threw. */
    @Nullable
    Throwable emit(Message message) {
        demand.take();
        try {
            Objects.requireNonNull(subscriber).onNext(message);
            return null;
        } catch (Throwable t) {
            return t;
        }
    }

    /** It hears no more. */
    void forget() {
        subscriber = null;
    }

    void fail(Throwable cause) {
        Flow.Subscriber<? super Message> last = subscriber;
        subscriber = null;
        if (last != null) {
            Signals.error(last, cause, events);
        }
    }

    void complete() {
        Flow.Subscriber<? super Message> last = subscriber;
        subscriber = null;
        if (last != null) {
            Signals.complete(last, events);
        }
    }
}
