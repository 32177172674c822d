package io.pythia.spi;

import io.pythia.ConnectPolicy;
import io.pythia.RejectPolicy;
import io.pythia.retry.RetryConfig;
import java.time.Duration;
import java.util.Objects;

/**
 * What every consumer can be told, whatever its broker.
 *
 * @param retry how a lost connection is sought again; after {@code maxRetries} failures in a row the stream ends with {@code onError}
 * @param connectPolicy what {@code connect()} does while the broker is away
 * @param connectTimeout how long one attempt to connect may take
 * @param closeTimeout how long {@code disconnect()} waits for what is in flight
 * @param batchSize how many messages are taken from the client at once, at most
 * @param maxInFlight how many messages may be with the application unsettled
 * @param maxInFlightBytes how many bytes may be with the application unsettled; one message may exceed it
 * @param maxAttempts how often a message is delivered before a nack becomes a reject; 0 for no limit
 * @param onReject what happens to a rejected message when there are no dead letters, or they refuse it for good
 * @param stuckAfter how long a message may be unsettled before the consumer's health is DOWN
 * @param maxLease how long the engine extends the lease of an unsettled message, where the broker has leases
 */
public record ConsumerOptions(
        @Setting("How a lost connection is sought again") RetryConfig retry,

        @Setting("What connect() does while the broker is away: fail-fast or wait")
        ConnectPolicy connectPolicy,

        @Setting("How long one attempt to connect may take") Duration connectTimeout,

        @Setting("How long disconnect() waits for what is in flight")
        Duration closeTimeout,

        @Setting("How many messages are taken from the client at once, at most")
        int batchSize,

        @Setting("How many messages may be with the application unsettled")
        int maxInFlight,

        @Setting("How many bytes may be with the application unsettled")
        long maxInFlightBytes,

        @Setting("How often a message is delivered before a nack becomes a reject; 0: no limit")
        int maxAttempts,

        @Setting("What happens to a rejected message without dead letters: stop or drop")
        RejectPolicy onReject,

        @Setting("How long a message may be unsettled before the health is DOWN")
        Duration stuckAfter,

        @Setting("How long the lease of an unsettled message is extended, where the broker has leases")
        Duration maxLease) {

    /** Checks each value. */
    public ConsumerOptions {
        Objects.requireNonNull(retry, "retry");
        Objects.requireNonNull(connectPolicy, "connectPolicy");
        Objects.requireNonNull(onReject, "onReject");
        Options.positive("connectTimeout", connectTimeout);
        Options.notNegative("closeTimeout", closeTimeout);
        Options.atLeast("batchSize", batchSize, 1);
        Options.atLeast("maxInFlight", maxInFlight, 1);
        Options.atLeast("maxInFlightBytes", maxInFlightBytes, 1);
        Options.atLeast("maxAttempts", maxAttempts, 0);
        Options.positive("stuckAfter", stuckAfter);
        Options.notNegative("maxLease", maxLease);
    }

    /** Returns the defaults, which stand here and nowhere else. */
    public static ConsumerOptions defaults() {
        return new ConsumerOptions(
                Options.RECONNECT,
                ConnectPolicy.FAIL_FAST,
                Duration.ofSeconds(10),
                Duration.ofSeconds(10),
                100,
                10_000,
                64L << 20,
                0,
                RejectPolicy.STOP,
                Duration.ofSeconds(60),
                Duration.ofHours(1));
    }

    /** Returns a copy with another {@code retry}. */
    public ConsumerOptions with(RetryConfig value) {
        return new ConsumerOptions(
                value,
                connectPolicy,
                connectTimeout,
                closeTimeout,
                batchSize,
                maxInFlight,
                maxInFlightBytes,
                maxAttempts,
                onReject,
                stuckAfter,
                maxLease);
    }

    /** Returns a copy with another {@code connectPolicy}. */
    public ConsumerOptions with(ConnectPolicy value) {
        return new ConsumerOptions(
                retry,
                value,
                connectTimeout,
                closeTimeout,
                batchSize,
                maxInFlight,
                maxInFlightBytes,
                maxAttempts,
                onReject,
                stuckAfter,
                maxLease);
    }

    /** Returns a copy with another {@code connectTimeout}. */
    public ConsumerOptions withConnectTimeout(Duration value) {
        return new ConsumerOptions(
                retry,
                connectPolicy,
                value,
                closeTimeout,
                batchSize,
                maxInFlight,
                maxInFlightBytes,
                maxAttempts,
                onReject,
                stuckAfter,
                maxLease);
    }

    /** Returns a copy with another {@code closeTimeout}. */
    public ConsumerOptions withCloseTimeout(Duration value) {
        return new ConsumerOptions(
                retry,
                connectPolicy,
                connectTimeout,
                value,
                batchSize,
                maxInFlight,
                maxInFlightBytes,
                maxAttempts,
                onReject,
                stuckAfter,
                maxLease);
    }

    /** Returns a copy with another {@code batchSize}. */
    public ConsumerOptions withBatchSize(int value) {
        return new ConsumerOptions(
                retry,
                connectPolicy,
                connectTimeout,
                closeTimeout,
                value,
                maxInFlight,
                maxInFlightBytes,
                maxAttempts,
                onReject,
                stuckAfter,
                maxLease);
    }

    /** Returns a copy with another {@code maxInFlight}. */
    public ConsumerOptions withMaxInFlight(int value) {
        return new ConsumerOptions(
                retry,
                connectPolicy,
                connectTimeout,
                closeTimeout,
                batchSize,
                value,
                maxInFlightBytes,
                maxAttempts,
                onReject,
                stuckAfter,
                maxLease);
    }

    /** Returns a copy with another {@code maxInFlightBytes}. */
    public ConsumerOptions withMaxInFlightBytes(long value) {
        return new ConsumerOptions(
                retry,
                connectPolicy,
                connectTimeout,
                closeTimeout,
                batchSize,
                maxInFlight,
                value,
                maxAttempts,
                onReject,
                stuckAfter,
                maxLease);
    }

    /** Returns a copy with another {@code maxAttempts}. */
    public ConsumerOptions withMaxAttempts(int value) {
        return new ConsumerOptions(
                retry,
                connectPolicy,
                connectTimeout,
                closeTimeout,
                batchSize,
                maxInFlight,
                maxInFlightBytes,
                value,
                onReject,
                stuckAfter,
                maxLease);
    }

    /** Returns a copy with another {@code onReject}. */
    public ConsumerOptions with(RejectPolicy value) {
        return new ConsumerOptions(
                retry,
                connectPolicy,
                connectTimeout,
                closeTimeout,
                batchSize,
                maxInFlight,
                maxInFlightBytes,
                maxAttempts,
                value,
                stuckAfter,
                maxLease);
    }

    /** Returns a copy with another {@code stuckAfter}. */
    public ConsumerOptions withStuckAfter(Duration value) {
        return new ConsumerOptions(
                retry,
                connectPolicy,
                connectTimeout,
                closeTimeout,
                batchSize,
                maxInFlight,
                maxInFlightBytes,
                maxAttempts,
                onReject,
                value,
                maxLease);
    }

    /** Returns a copy with another {@code maxLease}. */
    public ConsumerOptions withMaxLease(Duration value) {
        return new ConsumerOptions(
                retry,
                connectPolicy,
                connectTimeout,
                closeTimeout,
                batchSize,
                maxInFlight,
                maxInFlightBytes,
                maxAttempts,
                onReject,
                stuckAfter,
                value);
    }
}
