package io.pythia.internal;

import io.pythia.BrokerException;
import io.pythia.BrokerMetrics;
import io.pythia.Settled;
import io.pythia.spi.Outcome;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Moves outcomes from the application to the broker. A batch is what was settled since the last turn: no timer holds anything back.
 *
 * <p>One thread has its turn at a time: the settle loop, or the receiving thread between two batches. Futures are completed after the
 * turn, without the lock.
 */
final class SettlePump<R> {
    private static final int MAX_TRIES = 5;

    private record Answer<R>(
            List<Delivery<R>> batch, @Nullable Throwable error) {}

    private record Retry<R>(long dueAt, Delivery<R> delivery) {}

    private final ReceiveEngine<R> engine;
    private final ReentrantLock turn = new ReentrantLock();
    private final SettleQueue<R> queue = new SettleQueue<>();
    private final Queue<Extension<R>> extensions = new ConcurrentLinkedQueue<>();
    private final Queue<Answer<R>> answers = new ConcurrentLinkedQueue<>();
    private final Queue<Runnable> afterTurn = new ConcurrentLinkedQueue<>();
    private final Queue<Retry<R>> retries = new ConcurrentLinkedQueue<>();
    private final AtomicInteger unconfirmed = new AtomicInteger();

    SettlePump(ReceiveEngine<R> engine) {
        this.engine = engine;
    }

    void add(Delivery<R> delivery) {
        queue.add(delivery);
    }

    void add(Extension<R> extension) {
        extensions.add(extension);
    }

    boolean hasWork() {
        return !queue.isEmpty() || !answers.isEmpty() || !extensions.isEmpty() || !afterTurn.isEmpty();
    }

    /** Returns whether everything that was settled has been confirmed by the broker. */
    boolean isDone() {
        return unconfirmed.get() == 0 && !hasWork();
    }

    /** Takes a turn if no other thread has it. */
    void tryRun() {
        if (hasWork() && turn.tryLock()) {
            finish(work());
        }
    }

    /** Waits for its turn and takes it. Returns when the next retry is due, in nanoseconds from now, at most {@code max}. */
    long run(long max) {
        turn.lock();
        finish(work());
        return nanosToRetry(max);
    }

    private void finish(List<Delivery<R>> finished) {
        turn.unlock();
        for (Delivery<R> delivery : finished) {
            delivery.finish();
        }
        for (Runnable completion = afterTurn.poll(); completion != null; completion = afterTurn.poll()) {
            completion.run();
        }
    }

    private List<Delivery<R>> work() {
        List<Delivery<R>> finished = new ArrayList<>();
        try {
            extend();
            for (Answer<R> answer = answers.poll(); answer != null; answer = answers.poll()) {
                take(answer, finished);
            }
            List<Delivery<R>> taken = queue.takeAll();
            if (!retries.isEmpty()) {
                taken = withDueRetries(taken);
            }
            if (!taken.isEmpty()) {
                route(taken, finished);
            }
        } catch (RuntimeException | Error e) {
            engine.fail(e);
        }
        return finished;
    }

    private void route(List<Delivery<R>> taken, List<Delivery<R>> finished) {
        List<Delivery<R>> toDriver = new ArrayList<>(taken.size());
        for (Delivery<R> delivery : taken) {
            if (delivery.batch.session.isDead()) {
                finished.add(delivery.resolve(Settled.STALE));
            } else if (engine.goesToBroker(delivery)) {
                toDriver.add(delivery);
            } else if (engine.handleLocally(delivery)) {
                finished.add(delivery);
            }
        }
        if (toDriver.isEmpty()) {
            return;
        }
        for (Delivery<R> delivery : toDriver) {
            unconfirmed.addAndGet(delivery.settleTries == 0 ? 1 : 0);
        }
        engine.handedBack(toDriver);
        settle(toDriver, finished);
    }

    private void settle(List<Delivery<R>> batch, List<Delivery<R>> finished) {
        CompletableFuture<?> future;
        try {
            future = batch.get(0).batch.session.driver.settle(batch);
        } catch (RuntimeException e) {
            future = CompletableFuture.failedFuture(e);
        }
        if (future.isDone() && !future.isCompletedExceptionally()) {
            take(new Answer<>(batch, null), finished);
        } else {
            future.whenComplete((ok, error) -> {
                answers.add(new Answer<>(batch, error));
                engine.wakeSettler();
            });
        }
    }

    private void take(Answer<R> answer, List<Delivery<R>> finished) {
        int stale = 0;
        for (Delivery<R> delivery : answer.batch) {
            Object verdict = delivery.takeVerdict();
            Object result = verdict != null ? verdict : answer.error != null ? answer.error : Settled.DONE;
            if (result instanceof Throwable error) {
                result = afterFailure(delivery, unwrap(error));
                if (result == null) {
                    continue;
                }
            }
            if (result == Settled.STALE) {
                stale++;
            }
            if (result == Settled.DONE && delivery.outcome != Outcome.ACK) {
                engine.brokerHasTaken(delivery);
            }
            unconfirmed.decrementAndGet();
            finished.add(delivery.resolve(result));
        }
        if (engine.events.metrics != BrokerMetrics.NONE) {
            count(answer.batch, stale);
        }
    }

    /** Returns the final result of a settlement that failed, or null if it will be tried again. */
    private @Nullable Object afterFailure(Delivery<R> delivery, Throwable error) {
        if (delivery.batch.session.isDead()) {
            return Settled.STALE;
        }
        if (error instanceof BrokerException e && e.isRetryable() && ++delivery.settleTries < MAX_TRIES) {
            retries.add(new Retry<>(System.nanoTime() + (50_000_000L << delivery.settleTries), delivery));
            return null;
        }
        engine.events.messageWarning("could not settle a message", error);
        engine.events.tell(l -> l.settleFailed(engine.name(), delivery.message(), error));
        return error;
    }

    private void count(List<Delivery<R>> batch, int stale) {
        for (Outcome outcome : Outcome.values()) {
            int count = (int) batch.stream().filter(d -> d.outcome == outcome).count();
            if (count > 0) {
                engine.events.metrics.settled(
                        engine.name(), outcome, count, outcome == batch.get(0).outcome ? stale : 0);
            }
        }
    }

    private List<Delivery<R>> withDueRetries(List<Delivery<R>> taken) {
        List<Delivery<R>> all = new ArrayList<>(taken);
        long now = System.nanoTime();
        for (Iterator<Retry<R>> i = retries.iterator(); i.hasNext(); ) {
            Retry<R> retry = i.next();
            if (retry.dueAt - now <= 0) {
                all.add(retry.delivery);
                i.remove();
            }
        }
        return all;
    }

    /** Puts a delivery aside and looks at it again later. Any thread. */
    void retryLater(Delivery<R> delivery, long dueAt) {
        retries.add(new Retry<>(dueAt, delivery));
    }

    private long nanosToRetry(long max) {
        long now = System.nanoTime();
        long next = max;
        for (Retry<R> retry : retries) {
            next = Math.min(next, Math.max(0, retry.dueAt - now));
        }
        return next;
    }

    private void extend() {
        List<Extension<R>> batch = new ArrayList<>();
        for (Extension<R> one = extensions.poll(); one != null; one = extensions.poll()) {
            if (one.delivery.isSettled()) {
                Extension<R> tooLate = one;
                afterTurn.add(() -> tooLate.complete(Settled.STALE));
            } else {
                batch.add(one);
            }
        }
        if (!batch.isEmpty()) {
            CompletableFuture<?> future =
                    batch.get(0).delivery.batch.session.driver.settle(batch);
            future.whenComplete((ok, error) -> {
                afterTurn.add(() -> batch.forEach(e -> extended(e, error)));
                engine.wakeSettler();
            });
        }
    }

    private void extended(Extension<R> extension, @Nullable Throwable batchError) {
        Object result = extension.verdict() != null ? extension.verdict() : batchError;
        if (result == null) {
            extension.complete(Settled.DONE);
        } else if (result == Settled.STALE) {
            engine.leaseLost(extension.delivery);
            extension.complete(Settled.STALE);
        } else {
            extension.completeExceptionally((Throwable) result);
            engine.events.messageWarning("could not extend the lease of a message", (Throwable) result);
        }
    }

    private static Throwable unwrap(Throwable error) {
        return error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
    }
}
