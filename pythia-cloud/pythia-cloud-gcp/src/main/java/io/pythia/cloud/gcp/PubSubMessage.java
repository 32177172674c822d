package io.pythia.cloud.gcp;

import com.google.pubsub.v1.PubsubMessage;
import com.google.pubsub.v1.ReceivedMessage;
import io.pythia.Headers;
import io.pythia.spi.MessageContent;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A delivery as the engine sees it: a view of it that converts what is asked for, and the receipt by which it is settled. One object for
 * both, since there is one for each message. It knows until when the service reserves it for this consumer.
 */
final class PubSubMessage implements MessageContent {
    private final String subscription;
    private final ReceivedMessage received;
    private final int attempt;
    final long receivedAt;
    private volatile long leasedUntil;
    private byte @Nullable [] body;

    /**
     * Creates one.
     *
     * @param now the time of {@link System#nanoTime}
     * @param lease for how long it is reserved, in nanoseconds
     */
    PubSubMessage(String subscription, ReceivedMessage received, int attempt, long now, long lease) {
        this.subscription = subscription;
        this.received = received;
        this.attempt = attempt;
        this.receivedAt = now;
        this.leasedUntil = now + lease;
    }

    private PubsubMessage message() {
        return received.getMessage();
    }

    String ackId() {
        return received.getAckId();
    }

    /** Returns the service's own id. */
    String messageId() {
        return message().getMessageId();
    }

    int attempt() {
        return attempt;
    }

    /** Returns for how much longer it is reserved, in nanoseconds; not more than zero if it is not any more. */
    long leaseLeft(long now) {
        return leasedUntil - now;
    }

    void leasedUntil(long time) {
        leasedUntil = time;
    }

    @Override
    public String id() {
        String id = PubSubMessages.explicitId(message());
        return id == null ? messageId() : id;
    }

    @Override
    public boolean hasExplicitId() {
        return PubSubMessages.explicitId(message()) != null;
    }

    /** Threads that race for it make the same array twice, which does no harm. */
    @Override
    public byte[] body() {
        byte[] bytes = body;
        if (bytes == null) {
            bytes = message().getData().toByteArray();
            body = bytes;
        }
        return bytes;
    }

    @Override
    public @Nullable String key() {
        return PubSubMessages.key(message());
    }

    @Override
    public Headers headers() {
        return PubSubMessages.headers(message());
    }

    @Override
    public Instant timestamp() {
        return PubSubMessages.publishTime(message());
    }

    @Override
    public String source() {
        return subscription;
    }

    @Override
    public <T> @Nullable T unwrap(Class<T> nativeType) {
        if (nativeType.isInstance(received)) {
            return nativeType.cast(received);
        }
        return nativeType.isInstance(message()) ? nativeType.cast(message()) : null;
    }

    @Override
    public int size() {
        return message().getSerializedSize();
    }
}
