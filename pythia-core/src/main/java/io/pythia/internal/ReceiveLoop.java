package io.pythia.internal;

import io.pythia.BrokerException;
import io.pythia.ConnectPolicy;
import io.pythia.Message;
import io.pythia.spi.Outcome;
import io.pythia.spi.ReceiveDriver;
import io.pythia.spi.Received;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The receiving thread: opens sessions, fetches what was requested, and is the only one that talks to the subscriber. All other threads
 * set a flag and wake it.
 */
final class ReceiveLoop<R> implements Runnable, Flow.Subscription {
    private static final Duration LONGEST_RECEIVE = Duration.ofSeconds(30);
    private static final long LONGEST_PAUSE = Duration.ofSeconds(1).toNanos();

    private final ReceiveEngine<R> engine;
    private final Connector<ReceiveDriver<R>> connector;
    private final Thread thread;
    private final AtomicBoolean started = new AtomicBoolean();
    private final Gate gate = new Gate();
    private final Downstream downstream;
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private volatile CompletableFuture<Void> connected = new CompletableFuture<>();
    private volatile @Nullable Session<R> session;
    private volatile boolean receiving;
    private volatile boolean cancelled;
    private volatile boolean badRequest;
    private volatile boolean failFast;
    private volatile boolean intakeStopped;
    private volatile boolean intakePaused;
    volatile long lastReceiveAt = System.nanoTime();
    /** Set when no subscriber that comes now would be served. */
    private volatile boolean over;

    // Only the receiving thread:
    private boolean exhausted;
    private boolean terminated;
    /** The session whose driver knows that there will be no more receive. */
    private @Nullable Session<R> told;

    ReceiveLoop(ReceiveEngine<R> engine, Supplier<? extends ReceiveDriver<R>> drivers) {
        this.engine = engine;
        this.downstream = new Downstream(engine.events);
        this.connector = new Connector<>(
                engine.events,
                engine.options.retry(),
                engine.options.connectTimeout(),
                drivers,
                ReceiveDriver::open,
                gate::signal);
        this.thread = Threads.createWaiting(engine.name(), "receive", this);
    }

    // Any thread.

    CompletableFuture<Void> connected() {
        failFast = engine.options.connectPolicy() == ConnectPolicy.FAIL_FAST;
        start();
        return connected.copy();
    }

    void subscribe(Flow.Subscriber<? super Message> wanted) {
        if (!downstream.accept(wanted)) {
            return;
        }
        start();
        wake();
        if (over) {
            downstream.refuseNewcomer(failure.get());
        }
    }

    private void start() {
        if (started.compareAndSet(false, true)) {
            thread.start();
            engine.settler.start();
        }
    }

    boolean isStarted() {
        return started.get();
    }

    @Override
    public void request(long n) {
        if (n <= 0) {
            badRequest = true;
        } else {
            downstream.request(n);
        }
        if (!isCurrentThread()) {
            gate.signal();
        }
    }

    @Override
    public void cancel() {
        cancelled = true;
        wake();
    }

    void fail(Throwable cause) {
        failure.compareAndSet(null, cause);
        wake();
    }

    /** Fetches no more and gives nothing out, also not again; what is in flight can still be settled. */
    void stopIntake() {
        intakePaused = true;
        wake();
    }

    /** Makes the thread look at its state, also if it waits in the driver. */
    void wake() {
        gate.signal();
        Session<R> current = session;
        if (receiving && current != null) {
            current.driver.wakeup();
        }
    }

    /** Settled messages have made room. */
    void roomMade() {
        gate.signalIfWaiting();
    }

    boolean isCurrentThread() {
        return Thread.currentThread() == thread;
    }

    @Nullable
    Session<R> session() {
        return session;
    }

    boolean isSubscribed() {
        return downstream.isTaken();
    }

    boolean isIntakeStopped() {
        return intakeStopped || !started.get();
    }

    boolean isDelivering() {
        return downstream.isDelivering();
    }

    boolean hasDemand() {
        return downstream.requested() > 0;
    }

    Connector<ReceiveDriver<R>> connector() {
        return connector;
    }

    boolean isCancelled() {
        return cancelled;
    }

    @Nullable
    Throwable failure() {
        return failure.get();
    }

    Thread thread() {
        return thread;
    }

    // The receiving thread.

    @Override
    public void run() {
        try {
            while (!terminated) {
                gate.clear();
                step();
            }
        } catch (Throwable t) {
            engine.events.gaveUp(t);
            failure.compareAndSet(null, t);
            end();
        } finally {
            over = true;
            tellDriverThatIntakeIsOver();
            intakeStopped = true; // not before: a driver is closed when it has given back what it holds
            if (isExhausted()) {
                engine.settler.finishWhenSettled();
            } else {
                engine.settler.stop();
                awaitClosed();
                closeLatecomer();
            }
            tellTheEnd();
            downstream.refuseNewcomer(failure.get());
        }
    }

    /** Once: what a driver holds and was not given out goes back while the rest is settled. */
    private void tellDriverThatIntakeIsOver() {
        Session<R> current = session;
        if (current != null && !current.isDead() && current != told) {
            told = current;
            try {
                current.driver.stopIntake();
            } catch (Throwable t) {
                engine.events.messageWarning("could not stop the intake", t);
            }
        }
    }

    /** A session that was opened when the time to close was over already. */
    private void closeLatecomer() {
        Session<R> late = abandonSession();
        if (late != null) {
            Closer.close(engine.events, late.driver, 0);
        }
    }

    private boolean isExhausted() {
        return exhausted && failure.get() == null && !cancelled && !engine.settler.isStopRequested();
    }

    private void step() throws InterruptedException {
        if (!downstream.isPresent()) {
            failed(downstream.greet(this));
        }
        if (badRequest) {
            badRequest = false;
            failure.compareAndSet(
                    null, new IllegalArgumentException("a subscriber must request more than zero (rule 3.9)"));
        }
        if (failure.get() != null || cancelled || engine.settler.isStopping()) {
            end();
            return;
        }
        Session<R> current = session;
        if (current == null) {
            connect();
            return;
        }
        BrokerException outside = current.failure();
        if (outside != null) {
            lost(current, outside);
            return;
        }
        if (engine.redeliveries.size() > 0) {
            deliverAgain();
        }
        if (intakePaused) {
            tellDriverThatIntakeIsOver();
        }
        int max = room();
        if (max > 0) {
            receive(current, max);
        } else if (current.driver.isExhausted()) {
            exhausted();
        } else {
            engine.pump.tryRun();
            gate.await(nanosToRedelivery(LONGEST_PAUSE), () -> room() > 0);
        }
    }

    /** Returns for how long nothing is to be delivered again. What nobody requests can't be: not to wait for it would be a busy loop. */
    private long nanosToRedelivery(long max) {
        return canDeliver() ? engine.redeliveries.nanosToNext(System.nanoTime(), max) : max;
    }

    private void failed(@Nullable Throwable thrown) {
        if (thrown != null) {
            failure.compareAndSet(null, thrown);
        }
    }

    private int room() {
        return Math.min(room(0), engine.options.batchSize());
    }

    /** Returns how many more may be fetched when so many are about to be given out. */
    private int room(int beingDelivered) {
        if (!downstream.isPresent() || intakePaused || !engine.hasRoom()) {
            return 0;
        }
        long free = (long) engine.options.maxInFlight() - engine.inFlight.count();
        return (int) Math.min(downstream.requested() - beingDelivered, free);
    }

    private void receive(Session<R> current, int max) throws InterruptedException {
        List<Received<R>> received = List.of();
        try {
            receiving = true;
            if (!gate.isSignalled()) {
                long wait = engine.redeliveries.nanosToNext(System.nanoTime(), LONGEST_RECEIVE.toNanos());
                received = current.driver.receive(max, Duration.ofNanos(wait));
            }
        } catch (BrokerException e) {
            lost(current, e);
            return;
        } finally {
            receiving = false;
        }
        if (current.isDead()) {
            engine.cameTooLate(current, received);
            return;
        }
        if (received.isEmpty()) {
            if (current.driver.isExhausted()) {
                exhausted();
            }
        } else if (received.size() > max) {
            throw new IllegalStateException(
                    "the driver of " + engine.name() + " returned more messages than it was asked for");
        } else {
            deliver(current, received);
        }
        engine.pump.tryRun();
    }

    private void deliver(Session<R> current, List<Received<R>> received) {
        long now = System.nanoTime();
        lastReceiveAt = now;
        int size = received.size();
        Batch<R> batch = new Batch<>(engine, current, received, now);
        engine.inFlight.add(batch);
        int wanted = room(size);
        if (wanted > 0) {
            current.driver.prefetch(wanted);
        }
        downstream.delivering(); // before newWork: the settle loop looks at it after it has said that it will wait
        engine.settler.newWork();
        int delivered = 0;
        int again = 0;
        for (int i = 0; i < size; i++) {
            Delivery<R> delivery = batch.items[i];
            Throwable poison = received.get(i).poison();
            if (delivery == null) { // the time to close was over meanwhile
                engine.cameTooLate(current, List.of(received.get(i)));
            } else if (isToGoBack()) {
                delivery.release();
            } else if (poison != null) {
                delivery.settle(Outcome.REJECT, "can't be decoded: " + Events.text(poison));
            } else {
                delivered++;
                again += delivery.attempt > 1 ? 1 : 0;
                emit(delivery);
            }
        }
        downstream.delivered();
        if (engine.events.isCounted()) {
            count(size, batch.bytes, delivered, again);
        }
    }

    private void count(int received, long bytes, int delivered, int again) {
        engine.events.count(m -> m.received(engine.name(), received, bytes));
        engine.events.count(m -> m.delivered(engine.name(), delivered, again));
    }

    private boolean isOverForSubscriber() {
        return cancelled || intakePaused || failure.get() != null;
    }

    /** Returns whether what was received is not given out. Where it can't go back, it is: also when the intake was stopped meanwhile. */
    private boolean isToGoBack() {
        return engine.takesBack() ? isOverForSubscriber() : cancelled || failure.get() != null;
    }

    private void emit(Delivery<R> delivery) {
        Throwable thrown = downstream.emit(delivery.message());
        if (thrown != null) {
            engine.events.gaveUp(thrown);
            failed(thrown);
        }
    }

    private boolean canDeliver() {
        return downstream.isPresent() && downstream.requested() > 0 && !isOverForSubscriber();
    }

    private void deliverAgain() {
        while (canDeliver()) {
            long now = System.nanoTime();
            Delivery<R> due = engine.redeliveries.poll(now);
            if (due == null) {
                return;
            }
            if (due.batch.session.isDead() || !engine.inFlight.giveOut(due, now)) {
                continue;
            }
            if (!due.batch.session.driver.owns(due.receipt())) {
                due.take();
                engine.inFlight.removeAll(List.of(due));
                continue;
            }
            downstream.delivering();
            engine.settler.newWork();
            emit(due);
            downstream.delivered();
            engine.pump.tryRun();
            engine.events.count(m -> m.delivered(engine.name(), 1, 1));
        }
    }

    private void connect() {
        long now = System.nanoTime();
        ReceiveDriver<R> fresh = connector.poll(now);
        if (fresh != null) {
            session = new Session<>(fresh);
            lastReceiveAt = now;
            connected.complete(null);
            connected = CompletableFuture.completedFuture(null); // whatever was told before
            return;
        }
        BrokerException error = connector.lastError();
        if (error != null && connector.failures() > 0) {
            boolean wantedAtOnce = failFast && !connected.isDone();
            if (connector.isHopeless() || (wantedAtOnce && !downstream.isTaken())) {
                failure.compareAndSet(null, error);
                return;
            }
            if (wantedAtOnce) {
                connected.completeExceptionally(error); // the stream goes on trying
            }
        }
        gate.await(connector.nanosToWait(now), () -> false);
    }

    private void lost(Session<R> current, BrokerException cause) {
        session = null;
        if (!current.die()) {
            return; // closed already, since the close timeout was over
        }
        engine.forgetAll();
        connector.lost(current.driver, cause);
        engine.health.sessionLost();
        engine.pump.driverClosed();
        if (!cause.isRetryable()) {
            failure.compareAndSet(null, cause);
        }
    }

    private void exhausted() {
        exhausted = true;
        terminated = true;
    }

    private void end() {
        terminated = true;
        connector.cancel();
        if (cancelled) {
            downstream.forget(); // rule 3.13: not only when all is settled
        }
        Throwable cause = failure.get();
        if (cause != null) {
            connected.completeExceptionally(cause);
            downstream.fail(cause); // at once; what is in flight may still be settled while the settle loop drains
        }
        connected.completeExceptionally(
                new BrokerException(engine.name() + " was disconnected before it was connected"));
    }

    private void awaitClosed() {
        while (!engine.settler.isClosed()) {
            gate.clear();
            if (!engine.settler.isClosed()) {
                gate.await(LONGEST_PAUSE, engine.settler::isClosed);
            }
        }
    }

    /** Unless it has heard it already. */
    private void tellTheEnd() {
        Throwable cause = failure.get();
        if (cancelled) {
            downstream.forget();
        } else if (cause != null) {
            downstream.fail(cause); // by what was settled after the last message
        } else {
            downstream.complete();
        }
    }

    /** Makes all stale that was received. Returns the session if it was alive, for its driver to be closed. */
    @Nullable
    Session<R> abandonSession() {
        Session<R> current = session;
        boolean wasAlive = current != null && current.die();
        engine.forgetAll();
        return wasAlive ? current : null;
    }
}
