package io.pythia.internal.worker;

import io.pythia.internal.Gate;
import io.pythia.internal.Threads;
import io.pythia.spi.IntakeControl;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The end of a worker, on a thread of its own: no more intake; what waits goes back to the broker, where that has it still; handlers finish, or are interrupted when
 * the time is over; then the consumer settles and disconnects. Thread-safe.
 */
final class Shutdown implements Runnable {
    private static final long LOOK_AGAIN = Duration.ofMillis(50).toNanos();
    /** How long handlers have after they were interrupted. */
    private static final long AFTER_INTERRUPT = Duration.ofSeconds(1).toNanos();

    private static final Duration DISCONNECT_LIMIT = Duration.ofSeconds(60);

    private final WorkerEngine engine;
    private final WorkerSettings settings;
    private final @Nullable ExecutorService ownThreads;
    private final Gate gate = new Gate();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private volatile @Nullable Throwable failure;
    private volatile boolean stopping;
    private volatile boolean timeIsOver;

    Shutdown(WorkerEngine engine, WorkerSettings settings, @Nullable ExecutorService ownThreads) {
        this.engine = engine;
        this.settings = settings;
        this.ownThreads = ownThreads;
    }

    boolean isStopping() {
        return stopping;
    }

    /** Returns whether handlers are no longer waited for. */
    boolean isTimeOver() {
        return timeIsOver;
    }

    @Nullable
    Throwable failure() {
        return failure;
    }

    CompletableFuture<Void> ended() {
        return ended.copy();
    }

    /** Begins, once. */
    CompletableFuture<Void> begin(@Nullable Throwable cause) {
        synchronized (this) {
            if (stopping) {
                return ended.copy();
            }
            failure = cause;
            stopping = true;
            engine.stopLine().draw();
        }
        Threads.create(engine.name(), "worker-stop", this).start();
        return ended.copy();
    }

    /** A message has left the worker. */
    void progress() {
        gate.signalIfWaiting();
    }

    @Override
    public void run() {
        try {
            stopIntake();
            engine.timer().hurry();
            boolean empty = finish(nanos(settings.closeTimeout()));
            disconnect();
            if (empty) {
                finish(0); // of what came when the intake was just being stopped the consumer has waited for its own
                // time
            }
        } catch (Throwable t) {
            engine.events().gaveUp(t);
            failure = failure == null ? t : failure;
        } finally {
            close();
        }
    }

    /** Waits until nothing is in hand, and interrupts handlers when the time is over. Returns whether nothing is. */
    private boolean finish(long within) {
        if (awaitEmpty(System.nanoTime() + within)) {
            return true;
        }
        timeIsOver = true;
        engine.dispatcher().runners().forEach(runner -> runner.interruptAfter(0));
        engine.asyncCalls().forEach(engine::giveUp);
        boolean empty = awaitEmpty(System.nanoTime() + AFTER_INTERRUPT);
        if (!empty) {
            engine.events()
                    .messageWarning(
                            engine.inFlight() + " messages are still being handled and no longer waited for",
                            new TimeoutException("the close timeout is over"));
        }
        return empty;
    }

    private static long nanos(Duration duration) {
        return Math.min(duration.toMillis(), Long.MAX_VALUE / 4_000_000) * 1_000_000;
    }

    private void stopIntake() {
        if (settings.consumer() instanceof IntakeControl control) {
            control.stopIntake();
        } else {
            engine.cancel();
        }
    }

    private boolean awaitEmpty(long deadline) {
        while (true) {
            gate.clear();
            engine.lookAround();
            engine.dispatcher().setSlots(settings.concurrency()); // an outage may have taken them just now
            long left = deadline - System.nanoTime();
            if (engine.inFlight() == 0 || left <= 0) {
                return engine.inFlight() == 0;
            }
            gate.await(Math.min(left, LOOK_AGAIN), () -> engine.inFlight() == 0);
        }
    }

    private void disconnect() throws InterruptedException {
        try {
            settings.consumer().disconnect().get(DISCONNECT_LIMIT.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            engine.events().messageWarning("could not disconnect properly", e);
        }
    }

    private void close() {
        engine.timer().close();
        if (ownThreads != null) {
            ownThreads.shutdownNow();
        }
        Throwable cause = failure;
        if (cause == null) {
            ended.complete(null);
        } else {
            ended.completeExceptionally(cause);
        }
    }
}
