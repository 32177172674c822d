package io.pythia.spi;

import io.pythia.ConnectPolicy;
import io.pythia.retry.RetryConfig;
import java.time.Duration;
import java.util.Objects;

/**
 * What every producer can be told, whatever its broker.
 *
 * @param retry how often and when a message is sent again after a retryable failure, within the send timeout, and how a lost connection
 *     is sought again
 * @param connectPolicy what {@code connect()} does while the broker is away
 * @param connectTimeout how long one attempt to connect may take
 * @param closeTimeout how long {@code disconnect()} waits for what is under way
 * @param sendTimeout how long a message may take from {@code send} to the broker's word; then its future fails
 * @param maxInFlightBytes how many bytes may be under way, each message counted with 256 bytes for its overhead; more are refused at once
 * @param maxBatch how many messages are handed to the client at once, at most
 */
public record ProducerOptions(
        @Setting("When a message is sent again after a retryable failure, and a lost connection sought again")
        RetryConfig retry,

        @Setting("What connect() does while the broker is away: fail-fast or wait")
        ConnectPolicy connectPolicy,

        @Setting("How long one attempt to connect may take") Duration connectTimeout,

        @Setting("How long disconnect() waits for what is under way")
        Duration closeTimeout,

        @Setting("How long a message may take from send to the broker's word")
        Duration sendTimeout,

        @Setting("How many bytes may be under way; more are refused at once")
        long maxInFlightBytes,

        @Setting("How many messages are handed to the client at once, at most")
        int maxBatch) {

    /** Checks each value. */
    public ProducerOptions {
        Objects.requireNonNull(retry, "retry");
        Objects.requireNonNull(connectPolicy, "connectPolicy");
        Options.positive("connectTimeout", connectTimeout);
        Options.notNegative("closeTimeout", closeTimeout);
        Options.positive("sendTimeout", sendTimeout);
        Options.atLeast("maxInFlightBytes", maxInFlightBytes, 1);
        Options.atLeast("maxBatch", maxBatch, 1);
    }

    /** Returns the defaults, which stand here and nowhere else. In a small heap no more than a quarter of it may be under way. */
    public static ProducerOptions defaults() {
        return new ProducerOptions(
                Options.RECONNECT,
                ConnectPolicy.FAIL_FAST,
                Duration.ofSeconds(10),
                Duration.ofSeconds(10),
                Duration.ofSeconds(30),
                Math.min(64L << 20, Runtime.getRuntime().maxMemory() / 4),
                1000);
    }

    /** Returns a copy with another {@code retry}. */
    public ProducerOptions with(RetryConfig value) {
        return new ProducerOptions(
                value, connectPolicy, connectTimeout, closeTimeout, sendTimeout, maxInFlightBytes, maxBatch);
    }

    /** Returns a copy with another {@code connectPolicy}. */
    public ProducerOptions with(ConnectPolicy value) {
        return new ProducerOptions(retry, value, connectTimeout, closeTimeout, sendTimeout, maxInFlightBytes, maxBatch);
    }

    /** Returns a copy with another {@code connectTimeout}. */
    public ProducerOptions withConnectTimeout(Duration value) {
        return new ProducerOptions(retry, connectPolicy, value, closeTimeout, sendTimeout, maxInFlightBytes, maxBatch);
    }

    /** Returns a copy with another {@code closeTimeout}. */
    public ProducerOptions withCloseTimeout(Duration value) {
        return new ProducerOptions(
                retry, connectPolicy, connectTimeout, value, sendTimeout, maxInFlightBytes, maxBatch);
    }

    /** Returns a copy with another {@code sendTimeout}. */
    public ProducerOptions withSendTimeout(Duration value) {
        return new ProducerOptions(
                retry, connectPolicy, connectTimeout, closeTimeout, value, maxInFlightBytes, maxBatch);
    }

    /** Returns a copy with another {@code maxInFlightBytes}. */
    public ProducerOptions withMaxInFlightBytes(long value) {
        return new ProducerOptions(retry, connectPolicy, connectTimeout, closeTimeout, sendTimeout, value, maxBatch);
    }

    /** Returns a copy with another {@code maxBatch}. */
    public ProducerOptions withMaxBatch(int value) {
        return new ProducerOptions(
                retry, connectPolicy, connectTimeout, closeTimeout, sendTimeout, maxInFlightBytes, value);
    }
}
