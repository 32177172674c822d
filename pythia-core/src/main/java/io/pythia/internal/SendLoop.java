package io.pythia.internal;

import io.pythia.BrokerConnectionException;
import io.pythia.BrokerException;
import io.pythia.ConnectPolicy;
import io.pythia.DestinationNotFoundException;
import io.pythia.MessageException;
import io.pythia.UncertainSendException;
import io.pythia.spi.SendDriver;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The sending thread of a producer: hands batches to the driver, tries again what failed, and ends what takes longer than the send
 * timeout. While a call of the driver takes long, the {@link SendWatch} does for it what can't wait.
 */
final class SendLoop implements Runnable {
    private static final long LONG_WAIT = Duration.ofSeconds(1).toNanos();
    /** How often a driver whose broker takes no messages is asked whether it does again. */
    private static final long BLOCKED_WAIT = Duration.ofMillis(50).toNanos();
    /** How much later the watch ends messages: a driver may block for about a second, and then knows better what became of them. */
    private static final long GRACE = Duration.ofSeconds(1).toNanos();

    private final SendEngine engine;
    private final long sendTimeout;
    private final Thread thread;
    private final Gate gate = new Gate();
    private final Pulse pulse;
    private final Connector<SendSession> connector;
    final SendWatch watch;
    private final AtomicBoolean started = new AtomicBoolean();
    private final Queue<Sending> failed = new ConcurrentLinkedQueue<>();
    private final Flushes flushes = new Flushes();
    /** Of the first session; replaced by the sending thread when there is one after it was said that there would be none. */
    private volatile CompletableFuture<Void> connected = new CompletableFuture<>();

    private final CompletableFuture<Void> closed = new CompletableFuture<>();
    private final AtomicBoolean ended = new AtomicBoolean();
    private volatile @Nullable SendSession session;
    private volatile @Nullable BrokerException fatal;
    private volatile boolean failFast;
    private volatile boolean stopping;
    private volatile long stopAt;
    private volatile boolean over;
    /** Whether there was a session. Only the sending thread's. */
    private boolean wasThere;
    /** When the call of the driver began that is under way, 0 if none is. */
    private volatile long callSince;

    /** Why the broker takes no messages, null if it does; see {@link SendDriver#blocked()}. */
    private volatile @Nullable BrokerException blocked;

    private final Outbox outbox = new Outbox();
    /** Whose turn it is to hand messages over: the sending thread's, or for one message that of the thread which sends it. */
    private final Semaphore turn = new Semaphore(1);

    SendLoop(SendEngine engine, Supplier<? extends SendDriver> drivers) {
        this.engine = engine;
        this.sendTimeout = ReceiveEngine.toNanos(engine.options.sendTimeout());
        this.thread = Threads.createWaiting(engine.name(), "send", this);
        this.pulse = new Pulse(engine.events);
        this.connector = new Connector<>(
                engine.events,
                engine.options.retry(),
                engine.options.connectTimeout(),
                () -> new SendSession(drivers.get()),
                opened -> opened.driver.open(),
                gate::signal);
        this.watch = new SendWatch(this, engine.name());
    }

    // Any thread.

    CompletableFuture<Void> connect() {
        failFast = engine.options.connectPolicy() == ConnectPolicy.FAIL_FAST;
        start();
        return connected.copy();
    }

    private void start() {
        if (!started.get() && started.compareAndSet(false, true)) {
            thread.start();
            watch.start();
        }
    }

    /** Sends a message: at once if that can be, else by the sending thread. */
    void send(Sending sending) {
        if (!sendAtOnce(sending)) {
            outbox.add(sending);
            start();
            gate.signalIfWaiting();
        }
    }

    /**
     * Hands a message over on the thread that sends it, if the driver can do that, no other waits before it and nobody else is handing over;
     * returns false if nothing was done.
     */
    private boolean sendAtOnce(Sending sending) {
        SendSession current = session;
        if (current == null || current.direct == null || !turn.tryAcquire()) {
            return false;
        }
        try {
            if (!outbox.takeAlone(sending, engine.mostInFlight())) {
                return false;
            }
            if (!current.direct.sendAtOnce(sending)) {
                sending.putBack();
            } else if (engine.events.isCounted()) {
                countSent(List.of(sending));
            }
        } catch (RuntimeException e) {
            current.fail(ReceiveEngine.asBrokerException(engine.name() + ": sending", e));
            sending.putBack();
        } finally {
            turn.release();
        }
        return true;
    }

    void putBack(Sending sending) {
        outbox.putBack(sending);
        gate.signal();
    }

    void wake() {
        gate.signal();
    }

    void retry(Sending sending) {
        failed.add(sending);
        gate.signal();
        if (over) {
            giveUpAtClose(sending);
        }
    }

    boolean isOver() {
        return over;
    }

    boolean isRunning() {
        return started.get() && !over && !stopping;
    }

    @Nullable
    SendDriver driver() {
        SendSession current = session;
        return current == null ? null : current.driver;
    }

    /** Returns for how long the driver has not returned from a call, in nanoseconds; 0 if it is not in one. */
    long callLasts(long now) {
        long since = callSince;
        return since == 0 ? 0 : Math.max(1, now - since);
    }

    @Nullable
    BrokerException fatal() {
        return fatal;
    }

    Connector<SendSession> connector() {
        return connector;
    }

    /** Returns a future of what was wrong with the connection, null if nothing was; null without a connection. */
    @Nullable
    CompletableFuture<@Nullable BrokerException> ask() {
        SendSession current = session;
        return current == null ? null : ask(current);
    }

    CompletableFuture<Void> flush() {
        CompletableFuture<Void> flush = flushes.add();
        gate.signal();
        if (over || !started.get()) {
            flush.complete(null);
        }
        return flush;
    }

    synchronized CompletableFuture<Void> stop() {
        if (!stopping) {
            stopAt = System.nanoTime() + ReceiveEngine.toNanos(engine.options.closeTimeout());
            stopping = true;
            start();
            gate.signal();
        }
        return closed.copy();
    }

    // The sending thread.

    @Override
    public void run() {
        try {
            for (gate.clear(); !isDone(); gate.clear()) {
                step();
            }
        } catch (Throwable t) {
            engine.events.gaveUp(t);
            fatal = ReceiveEngine.asBrokerException(engine.name() + ": sending", t);
        } finally {
            close();
        }
    }

    private boolean isDone() {
        boolean drained = engine.inFlightBytes() == 0 && flushes.isEmpty();
        return over || fatal != null || (stopping && (drained || System.nanoTime() - stopAt >= 0));
    }

    @SuppressWarnings("ThreadPriorityCheck") // yield: measured
    private void step() throws InterruptedException {
        long now = System.nanoTime();
        expire(now, session == null || blocked != null);
        collectFailed(now);
        collectFlushes();
        SendSession current = session;
        if (current == null) {
            connect(now);
            return;
        }
        watch(current, now);
        BrokerException outside = current.failure();
        if (outside != null) {
            lost(current, outside);
            return;
        }
        boolean wasBlocked = blocked != null;
        boolean free = !lookWhetherBlocked(current.driver);
        if (free && (wasBlocked || outbox.isReady(now))) {
            handOver(current, now);
            if (!outbox.isReady(System.nanoTime())) {
                // Whoever sends may be about to send more: a larger batch for less than the price of a wait and a
                // wake-up.
                Thread.yield();
            }
        }
        // What is handed over at once does not wake this thread: its time limit is looked at all the same.
        long longest = current.direct == null ? LONG_WAIT : Math.min(LONG_WAIT, sendTimeout);
        long max = stopping ? Math.min(longest, stopAt - now) : longest;
        if (!free) {
            gate.await(Math.min(max, BLOCKED_WAIT), () -> false);
        } else {
            gate.await(
                    outbox.nanosToNext(System.nanoTime(), sendTimeout, max), () -> outbox.isReady(System.nanoTime()));
        }
    }

    /** Returns whether the driver's broker takes nothing; tells of the beginning and of the end. */
    private boolean lookWhetherBlocked(SendDriver driver) {
        BrokerException why = SendHealth.refusal(engine.name(), driver);
        if ((blocked == null) != (why == null)) {
            pulse.report(Pulse.Sign.REFUSAL, why);
        }
        blocked = why;
        return why != null;
    }

    private void connect(long now) {
        SendSession fresh = connector.poll(now);
        if (fresh != null) {
            outbox.retryNow(); // what the one before has left comes first
            session = fresh;
            wasThere = true;
            if (!connected.complete(null) && connected.isCompletedExceptionally()) {
                connected = CompletableFuture.completedFuture(null);
            }
            return;
        }
        BrokerException error = connector.lastError();
        if (error != null && connector.failures() > 0) {
            if (failFast && !connected.isDone()) {
                fatal = error;
                return;
            }
            if (connector.isHopeless() && !mayComeBack(error)) {
                connected.completeExceptionally(error);
                outbox.takeWaiting().forEach(sending -> sending.giveUp(error));
            }
        }
        long max = stopping ? Math.min(LONG_WAIT, stopAt - now) : LONG_WAIT;
        gate.await(outbox.nanosToTimeLimit(now, sendTimeout, Math.min(max, connector.nanosToWait(now))), () -> false);
    }

    /** A destination that was there: others declare it again, or a broker that is starting doesn't know it yet. Its messages wait for their time limit. */
    private boolean mayComeBack(BrokerException error) {
        return wasThere
                && error instanceof DestinationNotFoundException
                && connector.failures() <= engine.options.retry().maxRetries();
    }

    private void handOver(SendSession current, long now) throws InterruptedException {
        callSince = now == 0 ? 1 : now;
        watch.callBegins(); // also while somebody else does not give up the turn
        turn.acquireUninterruptibly();
        List<Sending> next = outbox.takeNext(now, engine.options.maxBatch());
        try {
            current.driver.send(next);
            if (engine.events.isCounted()) {
                countSent(next);
            }
        } catch (RuntimeException e) {
            lostWhileSending(current, next, whileSending(current, e));
        } finally {
            turn.release();
            callSince = 0;
        }
        outbox.compact(engine.mostInFlight());
    }

    private void countSent(List<Sending> sent) {
        long bytes = sent.stream().mapToLong(sending -> sending.size).sum();
        engine.events.count(m -> m.sent(engine.name(), sent.size(), bytes));
    }

    /** Returns what it means that the driver threw this. Whatever it is, if the watch has closed it under its hands. */
    private BrokerException whileSending(SendSession current, RuntimeException thrown) {
        if (current.isClosed()) {
            return new UncertainSendException(
                    engine.name() + ": the client did not return and its connection was closed;"
                            + " the broker may have the message",
                    thrown);
        }
        if (thrown instanceof BrokerException known) {
            return known;
        }
        throw thrown;
    }

    private void lostWhileSending(SendSession current, List<Sending> handed, BrokerException cause) {
        BrokerException outside = current.failure();
        lost(current, outside == null ? cause : outside);
        for (Sending sending : handed) {
            if (!sending.isSettled() && sending.isHandedOver()) {
                sending.fail(cause);
            }
        }
    }

    private void collectFailed(long now) {
        if (failed.isEmpty()) {
            return;
        }
        Map<Integer, Long> delays = new HashMap<>(); // the same for all that failed together: they keep their order
        for (Sending sending = failed.poll(); sending != null; sending = failed.poll()) {
            long delay = delays.computeIfAbsent(
                    Math.max(1, sending.tries),
                    tries -> ReceiveEngine.toNanos(engine.options.retry().delay(tries, ThreadLocalRandom.current())));
            outbox.retry(sending, now + delay);
        }
    }

    /** Those who have asked for a flush hear when all is settled that was sent before, whatever becomes of the session. */
    private void collectFlushes() {
        if (flushes.isEmpty()) {
            return;
        }
        List<CompletableFuture<Void>> asked = flushes.take();
        Flushes.tellWhenSettled(asked, outbox.open());
    }

    private void lost(SendSession current, BrokerException cause) {
        if (!over) {
            session = null;
            blocked = null;
            pulse.forgetOutage();
            connector.lost(current, cause);
        }
    }

    // The sending thread, or the watch in its place.

    /** Ends what takes longer than the send timeout. What waits is looked at only if it can't be handed over. */
    private void expire(long now, boolean waitingToo) {
        outbox.compact(engine.mostInFlight());
        outbox.takeOlder(now - sendTimeout, waitingToo).forEach(this::expire);
    }

    private void expire(Sending sending) {
        BrokerException why = sending.lastError;
        if (why == null) {
            why = blocked != null ? blocked : connector.lastError();
        }
        String text = engine.name() + ": no word from the broker within " + engine.options.sendTimeout();
        if (sending.isUncertain()) {
            sending.giveUp(new UncertainSendException(
                    text + "; it may have the message: send it again with the same id", why));
        } else {
            sending.giveUp(new MessageException(text + "; the message was not sent", why, true));
        }
    }

    private void watch(SendSession current, long now) {
        pulse.checkOverdue(now);
        if (pulse.isDue(now, outbox.lastHandedOverAt())) {
            ask(current);
        }
    }

    private CompletableFuture<@Nullable BrokerException> ask(SendSession current) {
        CompletableFuture<@Nullable BrokerException> answer =
                pulse.ask(current.driver::ping, current.driver.recoversByItself(), error -> {
                    current.fail(error);
                    gate.signal();
                });
        if (session != current) {
            pulse.forgetOutage(); // it is over just now, and nobody else will
        }
        return answer;
    }

    /** Called by the watch while a call of the driver lasts. */
    void driverIsBlocked(long now) {
        if (stopping && now - stopAt >= 0) {
            close();
            return;
        }
        expire(now - GRACE, true);
        SendSession current = session;
        if (current != null) {
            watch(current, now);
            if (current.failure() != null && callSince != 0) {
                Closer.close(engine.events, current, LONG_WAIT);
            }
        }
    }

    /** By the sending thread, or, if a driver never returns to it, by the watch. */
    private void close() {
        if (!ended.compareAndSet(false, true)) {
            return;
        }
        over = true;
        BrokerException cause = fatal;
        connected.completeExceptionally(
                cause != null
                        ? cause
                        : new BrokerConnectionException(engine.name() + " was disconnected before it was connected"));
        connector.cancel();
        SendSession current = session;
        session = null;
        if (current != null) {
            long left = stopping ? Math.max(0, stopAt - System.nanoTime()) : 0;
            Closer.close(engine.events, current, left);
        }
        List<Sending> open = outbox.open();
        open.forEach(this::giveUpAtClose);
        for (Sending sending = failed.poll(); sending != null; sending = failed.poll()) {
            giveUpAtClose(sending);
        }
        flushes.take().forEach(flush -> flush.complete(null));
        awaitEnd(open);
        closed.complete(null);
        watch.wake();
    }

    /** What the client's thread has settled ends a moment later: whoever sees us closed must see its outcome, too. */
    private static void awaitEnd(List<Sending> sendings) {
        long until = System.nanoTime() + LONG_WAIT;
        for (Sending sending : sendings) {
            while (!sending.isDone() && System.nanoTime() - until < 0) {
                LockSupport.parkNanos(50_000);
            }
        }
    }

    private void giveUpAtClose(Sending sending) {
        BrokerException cause = fatal;
        if (sending.isUncertain()) {
            sending.giveUp(new UncertainSendException(
                    engine.name() + " was disconnected before the broker answered; it may have the message",
                    sending.lastError));
        } else if (cause != null) {
            sending.giveUp(cause);
        } else {
            sending.giveUp(new MessageException(
                    engine.name() + " was disconnected; the message was not sent", sending.lastError, true));
        }
    }
}
