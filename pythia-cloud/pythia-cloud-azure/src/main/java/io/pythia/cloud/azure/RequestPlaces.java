package io.pythia.cloud.azure;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Lets so many requests be under way at a time, since the HTTP client opens a connection for each. The others wait in order, behind those
 * that are urgent. Thread-safe.
 */
final class RequestPlaces {
    private record Waiting(Supplier<CompletableFuture<Void>> request, CompletableFuture<Void> answer) {}

    private final Deque<Waiting> urgent = new ArrayDeque<>();
    private final Deque<Waiting> others = new ArrayDeque<>();
    private int free;
    /** One thread at a time starts what waits: one request that fails at once would else start the next from within. */
    private boolean starting;

    RequestPlaces(int places) {
        this.free = places;
    }

    /** Makes a request as soon as there is a place for it. */
    CompletableFuture<Void> run(boolean isUrgent, Supplier<CompletableFuture<Void>> request) {
        Waiting waiting = new Waiting(request, new CompletableFuture<>());
        synchronized (this) {
            (isUrgent ? urgent : others).add(waiting);
        }
        startWaiting();
        return waiting.answer;
    }

    /** Forgets the requests that have no place yet; each fails with a {@link CancellationException}. */
    void dropWaiting() {
        List<Waiting> dropped;
        synchronized (this) {
            dropped = new ArrayList<>(urgent);
            dropped.addAll(others);
            urgent.clear();
            others.clear();
        }
        dropped.forEach(each -> each.answer.cancel(false));
    }

    private void startWaiting() {
        for (Waiting next = next(false); next != null; next = next(true)) {
            start(next);
        }
    }

    /** Returns what is to be started next, null if there is nothing, or no place, or if another thread does it. */
    private synchronized @Nullable Waiting next(boolean isStarting) {
        if (starting && !isStarting) {
            return null;
        }
        Waiting next = free == 0 ? null : urgent.isEmpty() ? others.poll() : urgent.poll();
        starting = next != null;
        free -= next == null ? 0 : 1;
        return next;
    }

    private void start(Waiting waiting) {
        CompletableFuture<Void> sent;
        try {
            sent = waiting.request.get();
        } catch (RuntimeException e) {
            sent = CompletableFuture.failedFuture(e);
        }
        sent.whenComplete((done, error) -> {
            synchronized (this) {
                free++;
            }
            startWaiting();
            if (error == null) {
                waiting.answer.complete(null);
            } else {
                waiting.answer.completeExceptionally(error);
            }
        });
    }
}
