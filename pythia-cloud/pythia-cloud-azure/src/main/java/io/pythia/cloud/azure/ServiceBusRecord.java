package io.pythia.cloud.azure;

import com.azure.messaging.servicebus.ServiceBusReceivedMessage;
import io.pythia.Headers;
import io.pythia.MessageException;
import io.pythia.spi.MessageContent;
import java.time.Instant;
import java.time.OffsetDateTime;
import org.jspecify.annotations.Nullable;

/**
 * A message of Service Bus as the engine sees it: a view of it that converts what is asked for, and the receipt by which it is settled. One
 * object for both, since there is one for each message.
 */
final class ServiceBusRecord implements MessageContent {
    private final ServiceBusReceivedMessage message;
    private final String source;
    private final ServiceBusLink link;
    private final byte[] body;
    private final boolean undecodable;
    private final long arrivedAt = System.nanoTime();
    /** When its lock began, as far as that was renewed before it was given out. */
    private volatile long lockedAt = arrivedAt;

    /**
     * Creates one.
     *
     * @param link where it came from, and is settled by
     */
    ServiceBusRecord(ServiceBusReceivedMessage message, String source, ServiceBusLink link) {
        this.message = message;
        this.source = source;
        this.link = link;
        byte[] bytes = ServiceBusMessages.body(message.getRawAmqpMessage().getBody());
        this.undecodable = bytes == null;
        this.body = bytes == null ? new byte[0] : bytes;
    }

    /** Returns why it can't be decoded, null if it can. */
    @Nullable
    Throwable poison() {
        return undecodable ? new MessageException("its body is an AMQP sequence or value that is no text") : null;
    }

    ServiceBusReceivedMessage message() {
        return message;
    }

    ServiceBusLink link() {
        return link;
    }

    /** Returns for how long it has been here, by a clock that does not jump. */
    long nanosHere(long now) {
        return now - arrivedAt;
    }

    /** Returns for how long its lock has lasted. */
    long nanosLocked(long now) {
        return now - lockedAt;
    }

    void renewed(long at) {
        lockedAt = at;
    }

    /** Returns how often it was delivered, this time included. */
    int attempt() {
        return (int) Math.min(Integer.MAX_VALUE, message.getDeliveryCount() + 1);
    }

    @Override
    public String id() {
        return hasExplicitId() ? message.getMessageId() : source + "@" + message.getSequenceNumber();
    }

    @Override
    public boolean hasExplicitId() {
        return message.getMessageId() != null && !message.getMessageId().isEmpty();
    }

    @Override
    public byte[] body() {
        return body;
    }

    @Override
    public @Nullable String key() {
        return ServiceBusMessages.key(message);
    }

    @Override
    public Headers headers() {
        return ServiceBusMessages.headers(message.getApplicationProperties());
    }

    /** The sender's clock where it has said its time, else the broker's. */
    @Override
    public Instant timestamp() {
        OffsetDateTime created = message.getRawAmqpMessage().getProperties().getCreationTime();
        OffsetDateTime time = created == null ? message.getEnqueuedTime() : created;
        return time == null ? Instant.EPOCH : time.toInstant();
    }

    @Override
    public String source() {
        return source;
    }

    /** Order is kept within a session. */
    @Override
    public Object partition() {
        String session = message.getSessionId();
        return session == null ? source : session;
    }

    @Override
    public <T> @Nullable T unwrap(Class<T> nativeType) {
        return nativeType.isInstance(message) ? nativeType.cast(message) : null;
    }

    @Override
    public int size() {
        return body.length;
    }
}
