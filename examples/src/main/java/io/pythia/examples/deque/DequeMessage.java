package io.pythia.examples.deque;

import io.pythia.Headers;
import io.pythia.Message;
import io.pythia.spi.MessageContent;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** A message in a queue: the view that the engine needs, and the receipt, told from others by its identity. */
final class DequeMessage implements MessageContent {
    private final String queue;
    private final Message message;

    DequeMessage(String queue, Message message) {
        this.queue = queue;
        this.message = message;
    }

    Message message() {
        return message;
    }

    @Override
    public String id() {
        return message.id();
    }

    @Override
    public boolean hasExplicitId() {
        return message.hasExplicitId();
    }

    @Override
    public byte[] body() {
        return message.body();
    }

    @Override
    public @Nullable String key() {
        return message.key();
    }

    @Override
    public Headers headers() {
        return message.headers();
    }

    @Override
    public Instant timestamp() {
        return message.timestamp();
    }

    @Override
    public String source() {
        return queue;
    }

    @Override
    public <T> @Nullable T unwrap(Class<T> nativeType) {
        return nativeType.isInstance(message) ? nativeType.cast(message) : null;
    }
}
