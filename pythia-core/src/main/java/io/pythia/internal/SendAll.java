package io.pythia.internal;

import io.pythia.Message;
import io.pythia.SendResult;
import java.time.Duration;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One run of {@code sendAll}: takes messages from a source as results are wanted, and gives the results out in order. A thread of its own
 * is the only one that talks to the subscriber, which may block it; the source's thread only sends.
 */
final class SendAll implements Runnable, Flow.Subscriber<Message>, Flow.Subscription {
    /** How many messages may be under way: enough for any client to fill its batches. */
    private static final int WINDOW = 10_000;

    private static final long LONG_WAIT = Duration.ofSeconds(1).toNanos();

    private final Events events;
    private final Function<Message, CompletableFuture<SendResult>> send;
    private final Thread thread;
    private final Gate gate = new Gate();
    private final Demand demand = new Demand();
    private final Queue<CompletableFuture<SendResult>> results = new ConcurrentLinkedQueue<>();
    private final AtomicReference<Flow.@Nullable Subscription> source = new AtomicReference<>();
    private volatile boolean sourceEnded;
    private volatile @Nullable Throwable failure;
    private volatile boolean cancelled;

    // Only this loop's thread:
    private Flow.@Nullable Subscriber<? super SendResult> subscriber;
    /** What was requested of the source and has not been given out as a result. */
    private long outstanding;

    SendAll(
            Events events,
            Function<Message, CompletableFuture<SendResult>> send,
            Flow.Subscriber<? super SendResult> subscriber) {
        this.events = events;
        this.send = send;
        this.subscriber = subscriber;
        this.thread = Threads.create(events.name, "send-all", this);
    }

    void start() {
        thread.start();
    }

    // The subscription of the results. Any thread.

    @Override
    public void request(long n) {
        if (n <= 0) {
            fail(new IllegalArgumentException("a subscriber must request more than zero (rule 3.9)"));
        } else {
            demand.add(n);
        }
        gate.signal();
    }

    @Override
    public void cancel() {
        cancelled = true;
        gate.signal();
    }

    private void fail(Throwable cause) {
        if (failure == null) {
            failure = cause;
        }
        gate.signal();
    }

    // The subscriber of the source. The source's thread.

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
        Objects.requireNonNull(subscription, "subscription");
        if (!source.compareAndSet(null, subscription) || cancelled) {
            subscription.cancel();
        }
        gate.signal();
    }

    @Override
    public void onNext(Message message) {
        Objects.requireNonNull(message, "message");
        if (cancelled || failure != null) {
            return;
        }
        CompletableFuture<SendResult> result = send.apply(message);
        results.add(result);
        if (!result.isDone()) {
            result.whenComplete((ok, error) -> wakeIfWaiting());
        } else {
            wakeIfWaiting();
        }
    }

    @Override
    public void onError(Throwable cause) {
        sourceEnded = true;
        fail(Objects.requireNonNull(cause, "cause"));
    }

    @Override
    public void onComplete() {
        sourceEnded = true;
        gate.signal();
    }

    private void wakeIfWaiting() {
        gate.signalIfWaiting();
    }

    // This loop's thread, the only one that talks to the subscriber.

    @Override
    public void run() {
        Flow.Subscriber<? super SendResult> target = Objects.requireNonNull(subscriber);
        try {
            target.onSubscribe(this);
            while (step(target)) {
                // until it ends
            }
        } catch (Throwable t) {
            events.gaveUp(t);
            cancelSource();
            Signals.error(target, t, events);
        } finally {
            subscriber = null;
            cancelled = true;
        }
    }

    /** Returns whether there is more to come. */
    private boolean step(Flow.Subscriber<? super SendResult> target) {
        gate.clear();
        if (cancelled) {
            cancelSource();
            return false;
        }
        while (demand.get() > 0 && isHeadDone() && !cancelled && failure == null) {
            give(target, Objects.requireNonNull(results.poll()));
        }
        Throwable cause = failure;
        if (cause != null) {
            cancelSource();
            Signals.error(target, cause, events);
            return false;
        }
        if (sourceEnded && results.isEmpty() && !cancelled) {
            Signals.complete(target, events);
            return false;
        }
        requestMore(); // when there is room again: while we wait nobody else asks
        gate.await(LONG_WAIT, () -> isHeadDone() && demand.get() > 0);
        return true;
    }

    private void requestMore() {
        Flow.Subscription from = source.get();
        if (from == null || sourceEnded) {
            return;
        }
        long wanted = Math.min(demand.get(), WINDOW) - outstanding;
        // In large steps, so that a fast source is not asked for each message alone.
        if (wanted > 0 && (wanted >= WINDOW / 4 || outstanding <= WINDOW / 4)) {
            outstanding += wanted;
            from.request(wanted);
        }
    }

    private boolean isHeadDone() {
        CompletableFuture<SendResult> head = results.peek();
        return head != null && head.isDone();
    }

    private void give(Flow.Subscriber<? super SendResult> target, CompletableFuture<SendResult> done) {
        try {
            SendResult result = done.join();
            demand.take();
            outstanding--;
            target.onNext(result);
        } catch (CompletionException e) {
            fail(e.getCause() == null ? e : e.getCause());
        }
    }

    private void cancelSource() {
        cancelled = true; // one that comes later sees it
        Flow.Subscription from = source.get();
        if (from != null && !sourceEnded) {
            from.cancel();
        }
    }
}
