package io.pythia;

import java.util.ArrayDeque;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.Flow;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Where a stream meets a loop: a bounded buffer between the thread that signals, which never waits, and the one that iterates.
 *
 * <p>The lock guards the buffer and the end. While it is held nothing is called: not the subscription, and no code of the application.
 */
final class BlockingSubscriber implements Flow.Subscriber<Message> {
    private final int prefetch;
    /** So many are taken before as many are requested. */
    private final int step;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    // Guarded by the lock:
    private final Queue<Message> buffer = new ArrayDeque<>();
    private @Nullable SerialSubscription subscription;
    private int taken;
    /** No signal counts any more. */
    private boolean ended;

    private boolean closed;
    private @Nullable BrokerException failure;

    BlockingSubscriber(int prefetch) {
        this.prefetch = prefetch;
        this.step = prefetch - prefetch / 2;
    }

    // The stream's thread.

    @Override
    public void onSubscribe(Flow.Subscription given) {
        Objects.requireNonNull(given, "subscription");
        SerialSubscription fresh = new SerialSubscription(given);
        boolean wanted;
        lock.lock();
        try {
            wanted = subscription == null && !ended;
            if (wanted) {
                subscription = fresh;
            }
        } finally {
            lock.unlock();
        }
        if (wanted) {
            fresh.request(prefetch);
        } else {
            fresh.cancel();
        }
    }

    @Override
    public void onNext(Message message) {
        Objects.requireNonNull(message, "message");
        boolean kept = false;
        SerialSubscription broken = null;
        lock.lock();
        try {
            if (!ended && buffer.size() < prefetch) {
                buffer.add(message);
                changed.signalAll();
                kept = true;
            } else if (!ended) {
                broken = subscription;
                end(new BrokerException("the publisher gave more messages than were requested (rule 1.1)"));
            }
        } finally {
            lock.unlock();
        }
        if (broken != null) {
            broken.cancel();
        }
        if (!kept) {
            message.release();
        }
    }

    @Override
    public void onError(Throwable cause) {
        Objects.requireNonNull(cause, "cause");
        BrokerException error = cause instanceof BrokerException known
                ? known
                : new BrokerException("the stream of messages has failed: " + cause, cause);
        lock.lock();
        try {
            end(error);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void onComplete() {
        lock.lock();
        try {
            end(null);
        } finally {
            lock.unlock();
        }
    }

    private void end(@Nullable BrokerException error) {
        if (!ended) {
            ended = true;
            failure = error;
            changed.signalAll();
        }
    }

    // The loop's thread.

    /** Waits for the next message and leaves it. Returns null when there will be none. */
    @Nullable
    Message peek() {
        lockInterruptibly();
        try {
            awaitMessageOrEnd();
            return headOrEnd();
        } finally {
            lock.unlock();
        }
    }

    /** Waits for the next message and takes it. Returns null when there will be none. */
    @Nullable
    Message take() {
        Message message;
        SerialSubscription toAsk = null;
        lockInterruptibly();
        try {
            awaitMessageOrEnd();
            message = headOrEnd();
            if (message != null) {
                buffer.remove();
                taken++;
                if (taken == step) {
                    taken = 0;
                    toAsk = ended ? null : subscription;
                }
            }
        } finally {
            lock.unlock();
        }
        if (toAsk != null) {
            toAsk.request(step);
        }
        return message;
    }

    private void lockInterruptibly() {
        try {
            lock.lockInterruptibly();
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    private void awaitMessageOrEnd() {
        try {
            while (buffer.isEmpty() && !ended) {
                changed.await();
            }
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    private @Nullable Message headOrEnd() {
        Message head = buffer.peek();
        if (head == null && failure != null) {
            throw failure;
        }
        return head;
    }

    private static InterruptedWaitException interrupted(InterruptedException cause) {
        Thread.currentThread().interrupt();
        return new InterruptedWaitException("interrupted while waiting for a message", cause);
    }

    // Any thread.

    boolean isClosed() {
        lock.lock();
        try {
            return closed;
        } finally {
            lock.unlock();
        }
    }

    /** Cancels, gives back what was not taken (which is a dropped event where nothing can be given back), and ends a wait. */
    void close() {
        List<Message> unseen;
        SerialSubscription toCancel;
        lock.lock();
        try {
            toCancel = ended ? null : subscription;
            unseen = List.copyOf(buffer);
            buffer.clear();
            end(null);
            failure = null;
            closed = true;
        } finally {
            lock.unlock();
        }
        if (toCancel != null) {
            toCancel.cancel();
        }
        unseen.forEach(Message::release);
    }
}
