package io.pythia.cloud.aws;

import io.pythia.Headers;
import io.pythia.spi.MessageContent;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeName;

/**
 * A message of a queue as the engine sees it, and the receipt by which it is settled. Immutable but for its lease, which any thread may
 * read and the threads of the session write.
 */
final class SqsMessage implements MessageContent {
    private final String queue;
    private final @Nullable String group;
    private final Message message;
    private final SqsMessages.Content content;
    private final int attempt;

    /** Until when SQS reserves it, by {@link System#nanoTime()}. */
    private volatile long leasedUntil;
    /** Whether SQS has delivered it again since, or it went back. */
    private volatile boolean takenBack;
    /** The handle by which SQS knows its last delivery. */
    private volatile String handle;
    /** Whether its deletion was asked for in time and has not succeeded yet. */
    private volatile boolean deleting;

    /** Creates one; on a standard queue a group has no meaning for the order, and is left out. */
    SqsMessage(QueueAddress queue, Message message, SqsMessages.Content content, int attempt, long leasedUntil) {
        this.queue = queue.name();
        this.group = queue.isFifo()
                ? SqsMessages.systemAttribute(message, MessageSystemAttributeName.MESSAGE_GROUP_ID)
                : null;
        this.message = message;
        this.content = content;
        this.attempt = attempt;
        this.leasedUntil = leasedUntil;
        this.handle = message.receiptHandle();
    }

    /** Returns the id that SQS has given it; the same for each of its deliveries. */
    String sqsId() {
        return message.messageId();
    }

    /** Returns its message group, null on a standard queue. */
    @Nullable
    String group() {
        return group;
    }

    int attempt() {
        return attempt;
    }

    @Nullable
    Throwable poison() {
        return content.poison();
    }

    String handle() {
        return handle;
    }

    /** SQS has delivered it once more: only the new handle deletes it now. */
    void deliveredAgain(String newHandle) {
        handle = newHandle;
    }

    boolean isDeleting() {
        return deleting;
    }

    void setDeleting() {
        deleting = true;
    }

    void takeBack() {
        takenBack = true;
    }

    void lease(long until) {
        leasedUntil = until;
    }

    /** Returns for how long it is still reserved, in nanoseconds; zero or less if it is not. */
    long leaseLeft(long now) {
        return takenBack ? 0 : leasedUntil - now;
    }

    boolean isOurs() {
        return leaseLeft(System.nanoTime()) > 0;
    }

    @Override
    public String id() {
        return content.id() == null ? message.messageId() : Objects.requireNonNull(content.id());
    }

    @Override
    public boolean hasExplicitId() {
        return content.id() != null;
    }

    @Override
    public byte[] body() {
        return content.body();
    }

    @Override
    public @Nullable String key() {
        return content.key();
    }

    @Override
    public Headers headers() {
        return content.headers();
    }

    /** When SQS, or the topic before it, took the message. */
    @Override
    public Instant timestamp() {
        return content.timestamp();
    }

    @Override
    public String source() {
        return queue;
    }

    /** The message group: the order is kept in it alone. */
    @Override
    public Object partition() {
        return group == null ? queue : group;
    }

    @Override
    public <T> @Nullable T unwrap(Class<T> nativeType) {
        return nativeType.isInstance(message) ? nativeType.cast(message) : null;
    }

    @Override
    public int size() {
        return content.body().length;
    }

    static byte[] raw(Message message) {
        return message.body() == null ? new byte[0] : message.body().getBytes(StandardCharsets.UTF_8);
    }
}
