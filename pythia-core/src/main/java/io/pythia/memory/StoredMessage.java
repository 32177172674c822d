package io.pythia.memory;

import io.pythia.Headers;
import io.pythia.Message;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A message as a topic keeps it. What was sent never changes; its place in the topic is guarded by the broker's lock. */
final class StoredMessage {
    private static final int OVERHEAD = 256;

    final @Nullable String explicitId;
    final @Nullable String key;
    final byte[] body;
    final Headers headers;
    final long timestampMillis;
    /** How much of the broker's room it takes. */
    final long size;

    // Guarded by the broker's lock:
    long offset;
    /** How many groups have yet to consume it. */
    int openGroups;
    /** Whether all groups have consumed it, so that it may be trimmed. */
    boolean consumed;

    @Nullable
    StoredMessage previous;

    @Nullable
    StoredMessage next;

    StoredMessage(
            @Nullable String explicitId, @Nullable String key, byte[] body, Headers headers, long timestampMillis) {
        this.explicitId = explicitId;
        this.key = key;
        this.body = body;
        this.headers = headers;
        this.timestampMillis = timestampMillis;
        this.size = (long) OVERHEAD + body.length + length(key) + length(headers);
    }

    /** Returns what is stored of a message that is sent; the body is copied, so that nobody shares it with the sender. */
    static StoredMessage of(Message message) {
        return new StoredMessage(
                message.hasExplicitId() ? message.id() : null,
                message.key(),
                message.body().clone(),
                message.headers(),
                message.timestamp().toEpochMilli());
    }

    /** Returns what is stored of this message in a dead-letter topic. */
    StoredMessage deadLetter(String id, Headers deadLetterHeaders) {
        return new StoredMessage(id, key, body, deadLetterHeaders, timestampMillis);
    }

    String id(String topic) {
        return explicitId == null ? topic + "@" + offset : Objects.requireNonNull(explicitId);
    }

    private static int length(@Nullable String text) {
        return text == null ? 0 : text.getBytes(StandardCharsets.UTF_8).length;
    }

    private static int length(Headers headers) {
        int length = 0;
        for (Headers.Header header : headers) {
            length += length(header.name()) + header.value().length;
        }
        return length;
    }
}
