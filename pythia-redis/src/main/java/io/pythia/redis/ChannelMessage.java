package io.pythia.redis;

import io.pythia.Headers;
import io.pythia.spi.MessageContent;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** A published message as the engine sees it; also its receipt, with which there is nothing to do. */
final class ChannelMessage implements MessageContent {
    private final String channel;
    private final byte[] body;
    private final String session;
    private final long number;
    private final Instant receivedAt = Instant.now();

    ChannelMessage(String channel, byte[] body, String session, long number) {
        this.channel = channel;
        this.body = body;
        this.session = session;
        this.number = number;
    }

    /** A name for this delivery: a published message has none. */
    @Override
    public String id() {
        return channel + "@" + session + "-" + number;
    }

    @Override
    public boolean hasExplicitId() {
        return false;
    }

    @Override
    public byte[] body() {
        return body;
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
        return receivedAt;
    }

    @Override
    public String source() {
        return channel;
    }

    @Override
    public <T> @Nullable T unwrap(Class<T> nativeType) {
        return null;
    }
}
