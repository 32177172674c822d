package io.pythia.internal;

import io.pythia.Headers;
import io.pythia.spi.MessageContent;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** A message of a scripted driver: a number. */
record TestContent(int number) implements MessageContent {
    @Override
    public String id() {
        return Integer.toString(number);
    }

    @Override
    public boolean hasExplicitId() {
        return true;
    }

    @Override
    public byte[] body() {
        return id().getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public @Nullable String key() {
        return null;
    }

    @Override
    public Headers headers() {
        return Headers.empty();
    }

    @Override
    public Instant timestamp() {
        return Instant.EPOCH;
    }

    @Override
    public String source() {
        return "test";
    }

    @Override
    public <T> @Nullable T unwrap(Class<T> nativeType) {
        return null;
    }
}
