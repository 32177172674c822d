package io.pythia;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** At least one message of a {@link MessageProducer#sendBatch batch} was not sent. */
public final class BatchSendException extends BrokerException {
    private static final long serialVersionUID = 1L;

    private final transient List<Entry> entries;

    /** Creates one from the outcome of each message, in the order of the batch. */
    public BatchSendException(String message, List<Entry> entries) {
        super(message, firstError(entries), allRetryable(entries));
        this.entries = List.copyOf(entries);
    }

    /** Returns the outcome of each message, in the order of the batch. */
    public List<Entry> entries() {
        return entries;
    }

    private static @Nullable Throwable firstError(List<Entry> entries) {
        return entries.stream()
                .map(Entry::error)
                .filter(Objects::nonNull)
                .findFirst()
                .orElse(null);
    }

    private static boolean allRetryable(List<Entry> entries) {
        return entries.stream().map(Entry::error).allMatch(e -> e == null || e.isRetryable());
    }

    /**
     * The outcome of one message: exactly one of the two is not null.
     *
     * @param message the message
     * @param result the broker's word, null if the message failed
     * @param error why it failed, null if it was sent
     */
    public record Entry(
            Message message,
            @Nullable SendResult result,
            @Nullable BrokerException error) {}
}
