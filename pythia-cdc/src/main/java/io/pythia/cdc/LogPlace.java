package io.pythia.cdc;

import io.pythia.BrokerException;
import io.pythia.spi.Settlement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The place in the log, and the acknowledgements that wait for it to be stored. The engine marks, the reader stores. Thread-safe; nothing is
 * stored or completed under its lock.
 */
final class LogPlace {
    private static final CompletableFuture<Void> DONE = CompletableFuture.completedFuture(null);

    private record Saved(String text, long lsn) {}

    /** An acknowledgement, and which version of the place has it. */
    private record Waiting(long version, CompletableFuture<Void> done) {}

    private final Places places;
    private final Progress<LogState> progress;
    private final List<Waiting> waiting = new ArrayList<>();
    private @Nullable BrokerException failure;
    private final AtomicBoolean saving = new AtomicBoolean();
    private volatile long savedVersion;
    private volatile long stored;

    LogPlace(Places places, Progress<LogState> progress) {
        this.places = places;
        this.progress = progress;
        this.stored = progress.look(state -> state.lsn);
        this.savedVersion = progress.version();
    }

    /** Marks a batch. The future completes when what of it can be stored is. */
    CompletableFuture<Void> settle(List<? extends Settlement<ChangeRecord>> batch) {
        progress.acknowledge(batch);
        long version = progress.version();
        synchronized (this) {
            if (version <= savedVersion) {
                return DONE; // behind a gap, or stored already
            }
            if (failure != null) {
                return CompletableFuture.failedFuture(failure);
            }
            CompletableFuture<Void> done = new CompletableFuture<>();
            waiting.add(new Waiting(version, done));
            return done;
        }
    }

    boolean isDirty() {
        return progress.version() != savedVersion;
    }

    /** Returns the last place that was stored. */
    long stored() {
        return stored;
    }

    /**
     * Stores the place, and completes what waits for it. While another thread does that it does nothing: what is new will be stored by the
     * reader, who comes again.
     */
    void save() {
        if (!saving.compareAndSet(false, true)) {
            return;
        }
        List<CompletableFuture<Void>> covered = List.of();
        long version = progress.version();
        try {
            if (version != savedVersion) {
                Saved saved = progress.look(state -> new Saved(state.write(), state.lsn));
                places.save(saved.text);
                stored = saved.lsn;
                covered = takeSaved(version);
            }
        } catch (BrokerException e) {
            takeWaiting(version).forEach(each -> each.completeExceptionally(e));
            throw e;
        } finally {
            saving.set(false);
        }
        covered.forEach(each -> each.complete(null));
    }

    /** Together, so that what is acknowledged meanwhile either finds its version stored or is among those that were waiting. */
    private synchronized List<CompletableFuture<Void>> takeSaved(long version) {
        savedVersion = version;
        return takeWaiting(version);
    }

    private synchronized List<CompletableFuture<Void>> takeWaiting(long upTo) {
        List<CompletableFuture<Void>> taken = new ArrayList<>();
        waiting.removeIf(each -> each.version <= upTo && taken.add(each.done));
        return taken;
    }

    /** Nothing will be stored any more. */
    void fail(BrokerException cause) {
        List<CompletableFuture<Void>> left;
        synchronized (this) {
            failure = cause;
            left = takeWaiting(Long.MAX_VALUE);
        }
        left.forEach(each -> each.completeExceptionally(cause));
    }
}
