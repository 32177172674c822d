package io.pythia.cloud.azure;

import com.azure.storage.queue.models.QueueMessageItem;
import io.pythia.Headers;
import io.pythia.spi.MessageContent;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A message of Storage Queue as the engine sees it, and the receipt by which it is settled. Each change of its visibility makes a new pop
 * receipt and the old one useless; so what is done to one message is done one after the other, each time with the latest.
 */
final class StorageQueueRecord implements MessageContent {
    private final QueueMessageItem item;
    private final String queue;
    private final QueueBody body;
    private volatile String popReceipt;
    private volatile boolean copied;
    /** Confined to the settling thread. */
    private CompletableFuture<?> last = CompletableFuture.completedFuture(null);

    StorageQueueRecord(QueueMessageItem item, String queue, QueueBody body) {
        this.item = item;
        this.queue = queue;
        this.body = body;
        this.popReceipt = item.getPopReceipt();
    }

    String messageId() {
        return item.getMessageId();
    }

    /** Returns the text as the service has it. */
    String text() {
        return text(item);
    }

    static String text(QueueMessageItem item) {
        return item.getBody() == null ? "" : item.getBody().toString();
    }

    /** Returns whether it has an envelope, which could be read. */
    boolean isInEnvelope() {
        return body.id() != null;
    }

    String popReceipt() {
        return popReceipt;
    }

    void renewed(String receipt) {
        popReceipt = receipt;
    }

    /** Returns whether it is in the poison queue. */
    boolean isCopied() {
        return copied;
    }

    void copied() {
        copied = true;
    }

    /** Does something when all that was to be done before is done. */
    <T> CompletableFuture<T> then(Supplier<CompletableFuture<T>> action) {
        CompletableFuture<T> next = last.handle((result, error) -> action.get()).thenCompose(future -> future);
        last = next;
        return next;
    }

    int attempt() {
        return (int) Math.max(1, Math.min(Integer.MAX_VALUE, item.getDequeueCount()));
    }

    @Override
    public String id() {
        return body.id() == null ? item.getMessageId() : body.id();
    }

    @Override
    public boolean hasExplicitId() {
        return body.id() != null;
    }

    @Override
    public byte[] body() {
        return body.body();
    }

    @Override
    public @Nullable String key() {
        return body.key();
    }

    @Override
    public Headers headers() {
        return body.headers();
    }

    /** The sender's time where there is an envelope, else when the service has taken it. */
    @Override
    public Instant timestamp() {
        if (body.timestamp() != null) {
            return body.timestamp();
        }
        OffsetDateTime inserted = item.getInsertionTime();
        return inserted == null ? Instant.EPOCH : inserted.toInstant();
    }

    @Override
    public String source() {
        return queue;
    }

    @Override
    public <T> @Nullable T unwrap(Class<T> nativeType) {
        return nativeType.isInstance(item) ? nativeType.cast(item) : null;
    }
}
