package io.pythia.http;

import io.pythia.Headers;
import io.pythia.spi.MessageContent;
import java.time.Instant;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;

/** An item as a message, and the receipt by which it is settled. Its state belongs to the {@link PollProgress}. */
final class PolledMessage implements MessageContent {
    private static final int OVERHEAD = 128;

    /** By what it is recognized: a hash of its id, or of the answer it was in and its place there. */
    final String fingerprint;

    final PollProgress.OpenPage page;
    boolean acked;

    private final String source;
    private final PollItem item;
    private final Instant receivedAt;
    private final @Nullable Response response;

    PolledMessage(
            String fingerprint,
            PollProgress.OpenPage page,
            String source,
            PollItem item,
            Instant receivedAt,
            @Nullable Response response) {
        this.fingerprint = fingerprint;
        this.page = page;
        this.source = source;
        this.item = item;
        this.receivedAt = receivedAt;
        this.response = response;
    }

    @Override
    public String id() {
        return item.id() == null ? fingerprint : item.id();
    }

    @Override
    public boolean hasExplicitId() {
        return item.id() != null;
    }

    @Override
    public byte[] body() {
        return item.body();
    }

    @Override
    public @Nullable String key() {
        return item.key();
    }

    @Override
    public Headers headers() {
        return item.headers();
    }

    @Override
    public Instant timestamp() {
        return item.timestamp() == null ? receivedAt : item.timestamp();
    }

    @Override
    public String source() {
        return source;
    }

    @Override
    public <T> @Nullable T unwrap(Class<T> nativeType) {
        return nativeType.isInstance(response) ? nativeType.cast(response) : null;
    }

    @Override
    public int size() {
        return OVERHEAD + item.body().length;
    }
}
