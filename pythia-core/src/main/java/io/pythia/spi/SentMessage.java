package io.pythia.spi;

import io.pythia.Headers;
import io.pythia.Message;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** A message as it was sent, seen by who receives it. */
record SentMessage(String source, Message message) implements MessageContent {
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
    public <T> @Nullable T unwrap(Class<T> nativeType) {
        return nativeType.isInstance(message) ? nativeType.cast(message) : null;
    }
}
