package io.pythia.internal.worker;

import io.pythia.Message;
import io.pythia.Settled;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;

/**
 * Messages that are acknowledged before they are handled. They are passed on in the order of their arrival, whichever threads hear of the
 * acknowledgements, and in whichever order. Thread-safe.
 */
final class EarlyAcks {
    private record Waiting(Message message, CompletableFuture<Settled> acked) {}

    private final Queue<Waiting> waiting = new ConcurrentLinkedQueue<>();
    /** How many times to look; who raises it from zero does. */
    private final AtomicInteger looks = new AtomicInteger();

    private final BiConsumer<Message, Boolean> next;

    /**
     * Creates one.
     *
     * @param next given each message, and whether the broker has its acknowledgement; one at a time
     */
    EarlyAcks(BiConsumer<Message, Boolean> next) {
        this.next = next;
    }

    /** Acknowledges a message. One thread at a time. */
    void add(Message message) {
        CompletableFuture<Settled> acked = message.ack();
        waiting.add(new Waiting(message, acked));
        acked.whenComplete((settled, error) -> look());
    }

    private void look() {
        if (looks.getAndIncrement() > 0) {
            return;
        }
        for (int seen = 1; seen > 0; seen = looks.addAndGet(-seen)) {
            for (Waiting first = waiting.peek(); first != null && first.acked.isDone(); first = waiting.peek()) {
                waiting.remove();
                next.accept(first.message, isAcked(first.acked));
            }
        }
    }

    private static boolean isAcked(CompletableFuture<Settled> done) {
        return !done.isCompletedExceptionally() && done.join() == Settled.DONE;
    }
}
