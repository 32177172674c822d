package io.pythia.internal;

import io.pythia.BrokerConnectionException;
import io.pythia.BrokerException;
import io.pythia.Settled;
import io.pythia.spi.Outcome;
import io.pythia.spi.Settlement;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
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
    /** What the driver of the session has not answered. */
    private final Set<CompletableFuture<?>> unanswered = ConcurrentHashMap.newKeySet();
    /** Set when the settle loop takes no more turns. */
    private volatile boolean over;

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

    /** The settle loop ends, and no session is alive: all that is here, and all that comes later, is stale. */
    void end() {
        over = true;
        run(0);
    }

    /** The driver of a dead session is closed: what it has not answered it never will. */
    void driverClosed() {
        unanswered.forEach(this::giveUp);
    }

    private void giveUp(CompletableFuture<?> future) {
        future.completeExceptionally(
                new BrokerConnectionException(engine.name() + ": the session was closed before the broker answered"));
    }

    /** Called when something was added: after the settle loop has ended, whoever adds takes the turn. */
    void runIfOver() {
        if (over && !turn.isHeldByCurrentThread()) {
            run(0);
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
        if (engine.events.isCounted()) {
            count(finished);
        }
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
                unconfirmed.addAndGet(delivery.settleTries == 0 ? 0 : -1);
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
        CompletableFuture<?> future = handOver(batch.get(0).batch.session, batch);
        if (future.isDone() && !future.isCompletedExceptionally()) {
            take(new Answer<>(batch, null), finished);
        } else {
            whenAnswered(future, batch.get(0).batch.session, error -> answers.add(new Answer<>(batch, error)));
        }
    }

    @SuppressWarnings("UndefinedEquals") // a future is found by its identity
    private void whenAnswered(CompletableFuture<?> future, Session<R> session, Consumer<@Nullable Throwable> action) {
        unanswered.add(future);
        future.whenComplete((ok, error) -> {
            unanswered.remove(future);
            action.accept(error);
            engine.wakeSettler();
        });
        if (session.isDead()) {
            giveUp(future); // it died just now, and its driver may be closed
        }
    }

    private CompletableFuture<?> handOver(Session<R> session, List<? extends Settlement<R>> batch) {
        try {
            return session.driver.settle(batch);
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private void take(Answer<R> answer, List<Delivery<R>> finished) {
        for (Delivery<R> delivery : answer.batch) {
            Object verdict = delivery.takeVerdict();
            Object result = verdict != null ? verdict : answer.error != null ? answer.error : Settled.DONE;
            if (result instanceof Throwable error) {
                result = afterFailure(delivery, Causes.of(error));
                if (result == null) {
                    continue;
                }
            }
            if (result == Settled.DONE && delivery.outcome != Outcome.ACK) {
                engine.brokerHasTaken(delivery);
            }
            unconfirmed.decrementAndGet();
            finished.add(delivery.resolve(result));
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

    private void count(List<Delivery<R>> finished) {
        for (Outcome outcome : Outcome.values()) {
            int count = 0;
            int stale = 0;
            for (Delivery<R> delivery : finished) {
                if (delivery.countsAs(outcome)) {
                    count++;
                    stale += delivery.result() == Settled.STALE ? 1 : 0;
                }
            }
            count(outcome, count, stale);
        }
    }

    private void count(Outcome outcome, int count, int stale) {
        if (count > 0) {
            engine.events.count(m -> m.settled(engine.name(), outcome, count, stale));
        }
    }

    private List<Delivery<R>> withDueRetries(List<Delivery<R>> taken) {
        List<Delivery<R>> all = new ArrayList<>(taken);
        long now = System.nanoTime();
        for (Iterator<Retry<R>> i = retries.iterator(); i.hasNext(); ) {
            Retry<R> retry = i.next();
            if (over || retry.dueAt - now <= 0) {
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

    /** Completes a delivery that was resolved elsewhere, when nobody holds the lock. Any thread. */
    void finishLater(Delivery<R> delivery) {
        afterTurn.add(delivery::finish);
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
            Session<R> session = batch.get(0).delivery.batch.session;
            whenAnswered(
                    handOver(session, batch),
                    session,
                    error -> afterTurn.add(() -> batch.forEach(e -> extended(e, error))));
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
}
