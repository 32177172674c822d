package io.pythia.http;

import io.pythia.Headers;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One item of an answer: it becomes a message.
 *
 * @param id by what it is recognized when it comes again, null if it has nothing like that
 * @param key the message's key, null for none
 * @param headers the message's headers
 * @param timestamp when it was made, null if it does not say
 * @param body the message's body; not copied
 */
@SuppressWarnings("ArrayRecordComponent") // passed on, never compared
public record PollItem(
        @Nullable String id,
        @Nullable String key,
        Headers headers,
        @Nullable Instant timestamp,
        byte[] body) {

    /** Checks that nothing needed is null, and that an id is not empty. */
    public PollItem {
        Objects.requireNonNull(headers, "headers");
        Objects.requireNonNull(body, "body");
        if (id != null && id.isEmpty()) {
            throw new IllegalArgumentException("the id of an item must not be empty; null says that it has none");
        }
    }

    /** Returns an item without an id. */
    public static PollItem of(byte[] body) {
        return new PollItem(null, null, Headers.empty(), null, body);
    }

    /** Returns an item with an id and a text, in UTF-8. */
    public static PollItem of(String id, String body) {
        return new PollItem(id, null, Headers.empty(), null, body.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public String toString() {
        return "PollItem[id=" + id + ", bytes=" + body.length + "]";
    }
}
