package io.pythia;

import java.util.AbstractList;
import java.util.List;
import java.util.Objects;
import java.util.RandomAccess;
import org.jspecify.annotations.Nullable;

/**
 * Messages that are handled together, in the order in which they arrived; a list that can't be changed. What became of each is told here:
 * by the thread of the handler, before it returns.
 */
public final class MessageBatch extends AbstractList<Message> implements RandomAccess {
    private final List<Message> messages;
    private final @Nullable Exception[] failures;

    /** Creates one in which nothing has failed; for the worker, and for tests of handlers. */
    public MessageBatch(List<Message> messages) {
        this.messages = List.copyOf(messages);
        this.failures = new Exception[messages.size()];
    }

    @Override
    public Message get(int index) {
        return messages.get(index);
    }

    @Override
    public int size() {
        return messages.size();
    }

    /** Says that the message at this place has failed: it is tried again as the worker's {@code retry} says. */
    public void fail(int index, Exception cause) {
        failures[Objects.checkIndex(index, size())] = Objects.requireNonNull(cause, "cause");
    }

    /** Says that the message at this place can never be processed: it goes to the dead letters. */
    public void reject(int index, String reason) {
        fail(index, new MessageException(Objects.requireNonNull(reason, "reason")));
    }

    /** Returns why the message at this place has failed, or null if it has not. */
    public @Nullable Exception failure(int index) {
        return failures[Objects.checkIndex(index, size())];
    }
}
