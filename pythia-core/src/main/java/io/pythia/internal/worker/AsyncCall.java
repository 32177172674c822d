package io.pythia.internal.worker;

import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;

/** A handler whose work goes on elsewhere. It ends once: by itself, by its time limit, or because the worker stops. */
final class AsyncCall {
    final Task task;
    final long since = System.nanoTime();
    private final CompletionStage<?> stage;
    private final AtomicBoolean ended = new AtomicBoolean();

    AsyncCall(Task task, CompletionStage<?> stage) {
        this.task = task;
        this.stage = stage;
    }

    /** Returns whether the caller is the one who ends it. */
    boolean end() {
        return ended.compareAndSet(false, true);
    }

    /** Asks the work to stop; it may not care. */
    void cancel() {
        cancel(stage);
    }

    static void cancel(CompletionStage<?> stage) {
        try {
            stage.toCompletableFuture().cancel(true);
        } catch (UnsupportedOperationException e) {
            // a stage of another kind: it goes on, and nobody waits for it
        }
    }
}
