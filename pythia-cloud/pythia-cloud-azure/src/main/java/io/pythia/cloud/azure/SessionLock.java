package io.pythia.cloud.azure;

import com.azure.messaging.servicebus.ServiceBusReceiverAsyncClient;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Renews the lock of one session, which is that of all its messages: those with the application, and those that wait here. The engine knows
 * only the former. The first renewal comes at once: its answer is the only one that tells of the lock time of a session without messages.
 */
final class SessionLock {
    private static final int PER_LEASE = 3;

    private final ServiceBusReceiverAsyncClient receiver;
    private final Supplier<Duration> lease;
    private final BooleanSupplier isWanted;
    private final Consumer<OffsetDateTime> onLocked;

    /**
     * Creates one.
     *
     * @param lease for how long it is taken to last
     * @param isWanted asked before each renewal; without it the lock goes on towards its end
     * @param onLocked hears when the lock will end
     */
    SessionLock(
            ServiceBusReceiverAsyncClient receiver,
            Supplier<Duration> lease,
            BooleanSupplier isWanted,
            Consumer<OffsetDateTime> onLocked) {
        this.receiver = receiver;
        this.lease = lease;
        this.isWanted = isWanted;
        this.onLocked = onLocked;
    }

    /** Returns what renews it at each third of the lease, until that is cancelled. A renewal that fails leaves it to the next one. */
    Flux<OffsetDateTime> keep() {
        return Mono.defer(() -> isWanted.getAsBoolean() ? receiver.renewSessionLock() : Mono.empty())
                .doOnNext(onLocked)
                .onErrorComplete()
                .repeatWhen(answers ->
                        answers.concatMap(answer -> Mono.delay(lease.get().dividedBy(PER_LEASE))));
    }
}
