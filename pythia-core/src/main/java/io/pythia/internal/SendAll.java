package io.pythia.internal;

import io.pythia.Message;
import io.pythia.ProducerFullException;
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
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * One run of {@code sendAll}: takes messages from a source as results are wanted, and gives the results out in order. A thread of its own
 * is the only one that talks to the subscriber, which may block it; the source's thread only sends. What the producer has no room for
 * at the moment waits, and is sent by the thread of its own; the source is asked for about as many messages as the producer may hold.
 */
final class SendAll implements Runnable, Flow.Subscriber<Message>, Flow.Subscription {
    /** How many messages may be under way: enough for any client to fill its batches. */
    private static final int WINDOW = 10_000;

    /** How fast the typical size follows that of the messages: the first request is for as many. */
    private static final int SMOOTHING = 16;

    private static final long LONG_WAIT = Duration.ofSeconds(1).toNanos();
    /** How often is looked for room that others have taken: nobody tells when they are done. */
    private static final long ROOM_WAIT = Duration.ofMillis(10).toNanos();

    private record Waiting(Message message, int size) {}

    private final Events events;
    private final long maxBytes;
    private final IntPredicate hasRoom;
    private final Function<Message, CompletableFuture<SendResult>> send;
    private final Thread thread;
    private final Gate gate = new Gate();
    private final Demand demand = new Demand();
    private final Queue<CompletableFuture<SendResult>> results = new ConcurrentLinkedQueue<>();
    /** What had no room. While there is any, only the loop sends: it takes one out when it has been sent. */
    private final Queue<Waiting> waiting = new ConcurrentLinkedQueue<>();

    private final AtomicReference<Flow.@Nullable Subscription> source = new AtomicReference<>();
    private volatile boolean sourceEnded;
    private volatile @Nullable Throwable failure;
    private volatile boolean cancelled;
    /** What a message costs, about. Written by the source's thread. */
    private volatile int typicalSize;

    // Only this loop's thread:
    private Flow.@Nullable Subscriber<? super SendResult> subscriber;
    /** What was requested of the source and has not been given out as a result. */
    private long outstanding;

    /**
     * Creates one that waits for {@link #start}.
     *
     * @param maxBytes what the producer may hold
     * @param hasRoom whether it would take a message of that size now; sizes are {@link SendEngine#size}
     */
    SendAll(
            Events events,
            long maxBytes,
            IntPredicate hasRoom,
            Function<Message, CompletableFuture<SendResult>> send,
            Flow.Subscriber<? super SendResult> subscriber) {
        this.events = events;
        this.maxBytes = maxBytes;
        this.hasRoom = hasRoom;
        this.send = send;
        this.subscriber = subscriber;
        this.typicalSize = (int) Math.min(Integer.MAX_VALUE, Math.max(1, maxBytes / SMOOTHING));
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
        int size = SendEngine.size(message); // once: some bodies are made each time they are asked for
        int typical = typicalSize;
        typicalSize = typical + (size - typical) / SMOOTHING;
        if (!waiting.isEmpty() || !sendIfRoom(message, size)) {
            waiting.add(new Waiting(message, size));
            gate.signal();
        }
    }

    @Override
    public void onError(Throwable cause) {
        fail(Objects.requireNonNull(cause, "cause"));
        sourceEnded = true; // last: who sees it sees the failure, too
    }

    @Override
    public void onComplete() {
        sourceEnded = true;
        gate.signal();
    }

    // The source's thread, or, while any wait, this loop's.

    /** Returns false, and has not sent it, if there is no room. */
    private boolean sendIfRoom(Message message, int size) {
        if (!hasRoom.test(size)) {
            return false;
        }
        CompletableFuture<SendResult> result = send.apply(message);
        if (!result.isDone()) {
            results.add(result);
            result.whenComplete((ok, error) -> gate.signalIfWaiting());
            return true;
        }
        if (isRefusedForRoom(result)) {
            return false; // others send, too
        }
        results.add(result);
        gate.signalIfWaiting();
        return true;
    }

    private static boolean isRefusedForRoom(CompletableFuture<SendResult> done) {
        return done.isCompletedExceptionally()
                && done.handle((ok, error) -> Causes.of(error) instanceof ProducerFullException)
                        .join();
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
        sendWaiting();
        if (sourceEnded && failure == null && waiting.isEmpty() && results.isEmpty() && !cancelled) {
            Signals.complete(target, events);
            return false;
        }
        requestMore(); // when there is room again: while we wait nobody else asks
        gate.await(
                waiting.isEmpty() ? LONG_WAIT : ROOM_WAIT,
                () -> (isHeadDone() && demand.get() > 0) || isRoomForWaiting());
        return true;
    }

    private void sendWaiting() {
        for (Waiting next = waiting.peek();
                next != null && sendIfRoom(next.message, next.size);
                next = waiting.peek()) {
            waiting.remove();
        }
    }

    private boolean isRoomForWaiting() {
        Waiting next = waiting.peek();
        return next != null && hasRoom.test(next.size);
    }

    private void requestMore() {
        Flow.Subscription from = source.get();
        if (from == null || sourceEnded) {
            return;
        }
        long window = Math.max(1, Math.min(WINDOW, maxBytes / Math.max(1, typicalSize)));
        long wanted = Math.min(demand.get(), window) - outstanding;
        // In large steps, so that a fast source is not asked for each message alone.
        if (wanted > 0 && (wanted >= window / 4 || outstanding <= window / 4)) {
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
