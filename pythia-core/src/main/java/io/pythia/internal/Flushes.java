package io.pythia.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;

/** Those who wait until all is settled that was sent before they asked. Thread-safe. */
final class Flushes {
    private final Queue<CompletableFuture<Void>> asked = new ConcurrentLinkedQueue<>();

    CompletableFuture<Void> add() {
        CompletableFuture<Void> flush = new CompletableFuture<>();
        asked.add(flush);
        return flush;
    }

    boolean isEmpty() {
        return asked.isEmpty();
    }

    /** Takes all who have asked until now: what they wait for is looked at afterwards. */
    List<CompletableFuture<Void>> take() {
        List<CompletableFuture<Void>> taken = new ArrayList<>();
        for (CompletableFuture<Void> flush = asked.poll(); flush != null; flush = asked.poll()) {
            taken.add(flush);
        }
        return taken;
    }

    /** They hear when all of these are settled, however. */
    static void tellWhenSettled(List<CompletableFuture<Void>> flushes, List<Sending> sent) {
        CompletableFuture.allOf(sent.toArray(CompletableFuture[]::new))
                .whenComplete((ok, error) -> flushes.forEach(flush -> flush.complete(null)));
    }
}
