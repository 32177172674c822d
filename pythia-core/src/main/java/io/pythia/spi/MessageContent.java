package io.pythia.spi;

import io.pythia.Headers;
import io.pythia.Message;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a message holds: for a received one, a view over the client library's own object that converts nothing before it is asked.
 *
 * <p>Immutable, or at least safe to read from many threads. The methods are those of {@link io.pythia.Message}.
 */
public interface MessageContent {

    /**
     * Returns a view of a message that somebody sent, as it comes out again: for a broker that keeps messages in this process.
     *
     * @param source the topic or queue
     */
    static MessageContent of(String source, Message message) {
        return new SentMessage(source, message);
    }

    /** Returns the id: the sender's if it chose one, else one made of the broker's coordinates. */
    String id();

    /** Returns whether the sender chose the id. */
    boolean hasExplicitId();

    /** Returns the body; not a copy. */
    byte[] body();

    /** Returns the key, or null if there is none. */
    @Nullable
    String key();

    /** Returns the headers. */
    Headers headers();

    /** Returns when the message was made. */
    Instant timestamp();

    /** Returns the topic, queue, stream, URL or table. */
    String source();

    /**
     * Returns the part of the source within which the broker keeps the order, for instance a Kafka partition: any object that is equal
     * for messages of the same part. Default: the source as a whole.
     */
    default Object partition() {
        return source();
    }

    /** Returns the client library's own object if it is of that type, else null. */
    <T> @Nullable T unwrap(Class<T> nativeType);

    /**
     * Returns about how many bytes the message keeps in memory, for the limit on what is in flight. Called once per message on the hot
     * path: it must be cheap.
     */
    default int size() {
        return body().length;
    }
}
