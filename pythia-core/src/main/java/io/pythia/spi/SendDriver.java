package io.pythia.spi;

import io.pythia.BrokerException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One session with one destination. It is opened once, fails at most once and is never reopened, like a {@link ReceiveDriver}. What it
 * fails the engine sends again, behind later messages; where the order must outlive that, see {@link RetryInPlace}.
 *
 * <p>Who calls: {@link #open} and {@link #send} from one thread; {@link #ping} and {@link #facts} from any;
 * {@link #close} once, last, from any thread, also when open failed.
 */
public interface SendDriver extends AutoCloseable {

    /**
     * Connects, checks the credentials, and checks or makes the destination.
     *
     * @throws BrokerException if that fails; not retryable means that what waits is failed at once
     */
    void open() throws BrokerException, InterruptedException;

    /**
     * Hands messages to the client, in order, and returns when they are under way; their completions may come later. It may block for
     * about a second, when the client can't take more.
     *
     * @throws BrokerException if the session is over; what of the batch was not completed has certainly not been sent
     */
    void send(List<? extends Outgoing> batch) throws BrokerException, InterruptedException;

    /** Returns whether the client reconnects by itself; see {@link ReceiveDriver#recoversByItself()}. */
    default boolean recoversByItself() {
        return false;
    }

    /**
     * Returns why the broker takes no messages at the moment although the session lives, null if it takes them. The engine then hands over
     * nothing, tells of an outage, and keeps the session. When it ends the engine calls {@link #send} at once, perhaps with nothing, so
     * that a driver can go on with what it had taken. Must not block.
     */
    default @Nullable String blocked() {
        return null;
    }

    /** Asks the broker for a sign of life; see {@link ReceiveDriver#ping()}. */
    void ping() throws BrokerException, InterruptedException;

    /** Returns figures about the session for {@link io.pythia.Health#facts()}. Must not block. */
    default Map<String, String> facts() {
        return Map.of();
    }

    /** Releases everything. What was handed over and has no answer is completed as uncertain. */
    @Override
    void close();
}
