package io.pythia.cloud.azure;

import java.time.Duration;
import java.util.function.Supplier;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Renews locks that the engine does not know of: of what waits here for the application, and of sessions. */
final class Renewals {
    private static final int PER_LEASE = 3;

    private Renewals() {}

    /**
     * Returns what renews at once and at each third of the lease, until that is cancelled. A renewal that fails leaves it to the next one.
     *
     * @param lease for how long a lock is taken to last, asked each time
     */
    static <T> Flux<T> each(Supplier<Duration> lease, Supplier<Mono<T>> renewal) {
        return Mono.defer(renewal)
                .onErrorComplete()
                .repeatWhen(answers ->
                        answers.concatMap(answer -> Mono.delay(lease.get().dividedBy(PER_LEASE))));
    }
}
