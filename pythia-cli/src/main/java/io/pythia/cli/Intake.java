package io.pythia.cli;

import io.pythia.Message;
import io.pythia.MessageBroker;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** A stream as batches for a loop: requests as many messages as may be in hand, and never more than are wanted in all. */
final class Intake implements Flow.Subscriber<Message> {
    private static final int WINDOW = 5_000;

    private final BlockingQueue<Message> queue = new ArrayBlockingQueue<>(WINDOW);
    private final AtomicLong left;
    private volatile Flow.@Nullable Subscription subscription;
    private volatile @Nullable Throwable failure;
    private volatile boolean ended;

    /** Subscribes for so many messages. */
    Intake(MessageBroker consumer, long max) {
        left = new AtomicLong(max);
        consumer.consume().subscribe(this);
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
        subscription = given;
        request(WINDOW);
    }

    /** So many are done with. */
    void request(int more) {
        long wanted = Math.min(more, left.getAndAdd(-Math.min(more, left.get())));
        Flow.Subscription current = subscription;
        if (wanted > 0 && current != null) {
            current.request(wanted);
        }
    }

    @Override
    public void onNext(Message message) {
        queue.add(message); // there is room: no more was requested
    }

    @Override
    public void onError(Throwable cause) {
        failure = cause;
        ended = true;
    }

    @Override
    public void onComplete() {
        ended = true;
    }

    /** Returns what is there, waiting a moment for the first. */
    List<Message> next(long waitMillis) throws Exception {
        List<Message> batch = new ArrayList<>();
        Message first = queue.poll(waitMillis, TimeUnit.MILLISECONDS);
        if (first != null) {
            batch.add(first);
            queue.drainTo(batch);
        } else if (failure instanceof Exception cause) {
            throw cause;
        } else if (failure != null) {
            throw new IllegalStateException(failure);
        }
        return batch;
    }

    boolean hasEnded() {
        return ended && queue.isEmpty();
    }

    /** Gives back what is in hand. */
    void cancel() {
        Flow.Subscription current = subscription;
        if (current != null) {
            current.cancel();
        }
        List<Message> rest = new ArrayList<>();
        queue.drainTo(rest);
        rest.forEach(Intake::giveBack);
    }

    static void giveBack(Message message) {
        try {
            message.nack();
        } catch (UnsupportedOperationException e) {
            // a broker that can't deliver again: it is lost there, as its guarantee says
        }
    }
}
