package io.pythia.internal;

import io.pythia.BrokerConnectionException;
import io.pythia.BrokerException;
import io.pythia.BrokerMetrics;
import io.pythia.ConnectPolicy;
import io.pythia.MessageException;
import io.pythia.UncertainSendException;
import io.pythia.spi.SendDriver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The sending thread of a producer: hands batches to the driver, tries again what failed, and ends what takes longer than the send
 * timeout.
 */
final class SendLoop implements Runnable {
    private static final long LONG_WAIT = Duration.ofSeconds(1).toNanos();

    private final SendEngine engine;
    private final long sendTimeout;
    private final Thread thread;
    private final Gate gate = new Gate();
    private final Pulse pulse;
    private final Connector<SendDriver> connector;
    private final AtomicBoolean started = new AtomicBoolean();
    private final Queue<Sending> failed = new ConcurrentLinkedQueue<>();
    private final Queue<CompletableFuture<Void>> flushes = new ConcurrentLinkedQueue<>();
    private final CompletableFuture<Void> connected = new CompletableFuture<>();
    private final CompletableFuture<Void> closed = new CompletableFuture<>();
    private volatile @Nullable SendDriver driver;
    private volatile @Nullable BrokerException fatal;
    private volatile @Nullable BrokerException lostOutside;
    private volatile boolean failFast;
    private volatile boolean stopping;
    private volatile long stopAt;
    private volatile boolean over;

    // Only the sending thread:
    private final UnderWay underWay = new UnderWay();
    private final List<Sending> batch = new ArrayList<>();
    private long lastSentAt = System.nanoTime();

    SendLoop(SendEngine engine, Supplier<? extends SendDriver> drivers) {
        this.engine = engine;
        this.sendTimeout = ReceiveEngine.toNanos(engine.options.sendTimeout());
        this.thread = Threads.create(engine.name(), "send", this);
        this.pulse = new Pulse(engine.events);
        this.connector = new Connector<>(
                engine.events,
                engine.options.retry(),
                engine.options.connectTimeout(),
                drivers,
                SendDriver::open,
                gate::signal);
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
        }
    }

    void wakeForMessage() {
        start();
        gate.signalIfWaiting();
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
        return driver;
    }

    @Nullable
    BrokerException fatal() {
        return fatal;
    }

    Connector<SendDriver> connector() {
        return connector;
    }

    Pulse pulse() {
        return pulse;
    }

    CompletableFuture<Void> flush() {
        CompletableFuture<Void> flush = new CompletableFuture<>();
        flushes.add(flush);
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
            while (!isDone()) {
                gate.clear();
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
        return fatal != null || (stopping && (drained || System.nanoTime() - stopAt >= 0));
    }

    private void step() throws InterruptedException {
        long now = System.nanoTime();
        expire(now);
        collectFailed(now);
        SendDriver current = driver;
        if (current == null) {
            connect(now);
            return;
        }
        watch(current, now);
        underWay.takeDue(now, batch, engine.options.maxBatch());
        engine.queue.drainTo(batch, engine.options.maxBatch());
        batch.removeIf(Sending::isSettled);
        if (!batch.isEmpty()) {
            handOver(current);
            if (engine.queue.isEmpty()) {
                // Whoever sends may be about to send more: a larger batch for less than the price of a wait and a
                // wake-up.
                Thread.yield();
            }
        }
        if (!flushes.isEmpty()) {
            flush(current);
        }
        long max = stopping ? Math.min(LONG_WAIT, stopAt - now) : LONG_WAIT;
        gate.await(
                underWay.nanosToNext(System.nanoTime(), sendTimeout, max),
                () -> !engine.queue.isEmpty() || !batch.isEmpty());
    }

    private void connect(long now) {
        SendDriver fresh = connector.poll(now);
        if (fresh != null) {
            driver = fresh;
            connected.complete(null);
            return;
        }
        BrokerException error = connector.lastError();
        if (error != null && connector.failures() > 0) {
            if (failFast && !connected.isDone()) {
                fatal = error;
                return;
            }
            if (connector.isHopeless()) {
                connected.completeExceptionally(error);
                engine.queue.drainTo(batch, Integer.MAX_VALUE);
                batch.forEach(sending -> sending.giveUp(error));
                batch.clear();
            }
        }
        long max = stopping ? Math.min(LONG_WAIT, stopAt - now) : LONG_WAIT;
        gate.await(Math.min(max, connector.nanosToWait(now)), () -> false);
    }

    private void handOver(SendDriver current) throws InterruptedException {
        int size = Math.min(
                batch.size(), engine.options.maxBatch()); // more may have gathered while there was no connection
        List<Sending> handed = new ArrayList<>(batch.subList(0, size));
        batch.subList(0, size).clear();
        long bytes = 0;
        for (Sending sending : handed) {
            sending.handedOver = true;
            sending.tries++;
            bytes += sending.size;
        }
        underWay.add(handed);
        lastSentAt = System.nanoTime();
        try {
            current.send(handed);
            if (engine.events.metrics != BrokerMetrics.NONE) {
                engine.events.metrics.sent(engine.name(), handed.size(), bytes);
            }
        } catch (BrokerException e) {
            lost(current, e);
            for (Sending sending : handed) {
                if (!sending.isSettled() && sending.handedOver) {
                    sending.fail(e);
                }
            }
        }
        underWay.compact(engine.mostInFlight());
    }

    private void collectFailed(long now) {
        for (Sending sending = failed.poll(); sending != null; sending = failed.poll()) {
            int tries = Math.max(1, sending.tries);
            underWay.retry(
                    sending,
                    now + ReceiveEngine.toNanos(engine.options.retry().delay(tries, ThreadLocalRandom.current())));
        }
    }

    private void expire(long now) {
        underWay.compact(engine.mostInFlight());
        underWay.forEachOlder(now - sendTimeout, this::expire);
        if (driver == null) {
            engine.queue.drainTo(batch, Integer.MAX_VALUE);
            batch.stream().filter(s -> now - s.startedAt >= sendTimeout).forEach(this::expire);
            batch.removeIf(Sending::isSettled);
        }
    }

    private void expire(Sending sending) {
        BrokerException why = sending.lastError != null ? sending.lastError : connector.lastError();
        String text = engine.name() + ": no word from the broker within " + engine.options.sendTimeout();
        if (isUncertain(sending)) {
            sending.giveUp(new UncertainSendException(
                    text + "; it may have the message: send it again with the same id", why));
        } else {
            sending.giveUp(new MessageException(text + "; the message was not sent", why, true));
        }
    }

    private static boolean isUncertain(Sending sending) {
        return sending.handedOver || sending.lastError instanceof UncertainSendException;
    }

    private void flush(SendDriver current) {
        List<CompletableFuture<Void>> asked = new ArrayList<>();
        for (CompletableFuture<Void> flush = flushes.poll(); flush != null; flush = flushes.poll()) {
            asked.add(flush);
        }
        current.flush();
        // What is queued now, retries included, was handed over in this very step or is in this list.
        CompletableFuture<Void> all = CompletableFuture.allOf(underWay.open().toArray(CompletableFuture[]::new));
        all.whenComplete((ok, error) -> asked.forEach(flush -> flush.complete(null)));
    }

    private void watch(SendDriver current, long now) {
        pulse.checkOverdue(now);
        if (pulse.isDue(now, lastSentAt)) {
            pulse.ask(current::ping).thenAccept(error -> {
                if (current.recoversByItself()) {
                    pulse.report(error);
                } else if (error != null && pulse.failures() > 1) {
                    lostOutside = error;
                    gate.signal();
                }
            });
        }
        BrokerException outside = lostOutside;
        if (outside != null) {
            lostOutside = null;
            lost(current, outside);
        }
    }

    private void lost(SendDriver current, BrokerException cause) {
        driver = null;
        connector.lost(current, cause);
    }

    private void close() {
        over = true;
        BrokerException cause = fatal;
        connected.completeExceptionally(
                cause != null
                        ? cause
                        : new BrokerConnectionException(engine.name() + " was disconnected before it was connected"));
        connector.cancel();
        SendDriver current = driver;
        driver = null;
        if (current != null) {
            long left = stopping ? Math.max(0, stopAt - System.nanoTime()) : 0;
            Closer.close(engine.events, current, left);
        }
        engine.queue.drainTo(batch, Integer.MAX_VALUE);
        underWay.add(batch);
        underWay.open().forEach(this::giveUpAtClose);
        for (Sending sending = failed.poll(); sending != null; sending = failed.poll()) {
            giveUpAtClose(sending);
        }
        for (CompletableFuture<Void> flush = flushes.poll(); flush != null; flush = flushes.poll()) {
            flush.complete(null);
        }
        closed.complete(null);
    }

    private void giveUpAtClose(Sending sending) {
        BrokerException cause = fatal;
        if (isUncertain(sending)) {
            sending.giveUp(new UncertainSendException(
                    engine.name() + " was disconnected before the broker answered; it may have the message",
                    sending.lastError));
        } else if (cause != null) {
            sending.giveUp(cause);
        } else {
            sending.giveUp(new MessageException(
                    engine.name() + " was disconnected; the message was not sent", sending.lastError));
        }
    }
}
