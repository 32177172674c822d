package io.pythia.internal.worker;

import io.pythia.Message;
import io.pythia.MessageProducer;
import io.pythia.ProducerFullException;
import io.pythia.SendResult;
import io.pythia.internal.Causes;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Where messages are sent on. What its producer has no room for waits here, first come, first served: that is back-pressure, and no failure
 * of the message. Thread-safe, without locks.
 */
final class Destination {
    /** How often to look whether there is room, when none of our own sends tells that: others may use the producer as well. */
    private static final long PAUSE = Duration.ofMillis(10).toNanos();

    /**
     * One message on its way there.
     *
     * @param awaited whether the outage mode is to be told when it is answered
     */
    private record Onward(Task task, Message message, boolean awaited) {}

    private final WorkerEngine engine;
    private final MessageProducer to;
    private final Queue<Onward> waiting = new ConcurrentLinkedQueue<>();
    /** How many times to look at those that wait; who raises it from zero does. */
    private final AtomicInteger looks = new AtomicInteger();

    private final AtomicBoolean willLook = new AtomicBoolean();
    private final AtomicInteger underWay = new AtomicInteger();
    /** With so few under way it is worth a look: half of those for which there was room, so that not each answer makes one more refusal. */
    private volatile int few;

    Destination(WorkerEngine engine, MessageProducer to) {
        this.engine = engine;
        this.to = to;
    }

    /** Sends on what the handler made of a message, which is done with when that is confirmed. */
    void send(Task task, Message next) {
        boolean awaited = engine.outage().sending();
        Onward onward = new Onward(task, next == task.message ? next.toBuilder().build() : next, awaited);
        if (!waiting.isEmpty() || !fits(onward)) {
            queue(onward);
        }
    }

    private void queue(Onward onward) {
        waiting.add(onward);
        lookLater();
    }

    private void lookLater() {
        // At the end the thread that stops looks every now and then.
        if (!engine.isStopping() && willLook.compareAndSet(false, true)) {
            engine.timer().after(PAUSE, () -> {
                willLook.set(false);
                look();
                if (!waiting.isEmpty()) {
                    lookLater();
                }
            });
        }
    }

    /** Sends those that wait, in order, as far as there is room. When the time to close is over they go back to the broker. */
    void look() {
        if (waiting.isEmpty() || looks.getAndIncrement() > 0) {
            return;
        }
        for (int seen = 1; seen > 0; seen = looks.addAndGet(-seen)) {
            // The first one stays in the queue until it is sent, so that none overtakes it.
            for (Onward first = waiting.peek(); first != null && leaves(first); first = waiting.peek()) {
                waiting.remove();
            }
        }
    }

    private boolean leaves(Onward onward) {
        if (!engine.isTimeOver()) {
            return fits(onward);
        }
        engine.giveBack(onward.task);
        return true;
    }

    /** Sends it. Returns whether there was room for it. */
    private boolean fits(Onward onward) {
        CompletableFuture<SendResult> sent;
        int before = underWay.getAndIncrement();
        try {
            sent = to.send(onward.message);
        } catch (RuntimeException e) {
            sent = CompletableFuture.failedFuture(e);
        }
        if (isRefused(sent)) {
            underWay.decrementAndGet();
            few = before / 2;
            return false;
        }
        sent.whenComplete((result, error) -> answered(onward, error));
        return true;
    }

    private static boolean isRefused(CompletableFuture<SendResult> sent) {
        return sent.isCompletedExceptionally()
                && sent.handle((result, error) -> isForLackOfRoom(error)).join();
    }

    private static boolean isForLackOfRoom(@Nullable Throwable error) {
        return error != null && Causes.of(error) instanceof ProducerFullException;
    }

    private void answered(Onward onward, @Nullable Throwable error) {
        int left = underWay.decrementAndGet();
        if (isForLackOfRoom(error)) {
            queue(onward); // by a producer around another one, which tells it late
            return;
        }
        if (error == null) {
            engine.done(onward.task);
        } else {
            engine.failed(onward.task, Causes.of(error));
        }
        if (onward.awaited) {
            engine.outage().answered();
        }
        if (left <= few) {
            look();
        }
    }
}
