package io.pythia.benchmarks;

import io.pythia.Headers;
import io.pythia.spi.AbstractMessageBroker;
import io.pythia.spi.Capabilities;
import io.pythia.spi.MessageContent;
import io.pythia.spi.ReceiveDriver;
import io.pythia.spi.Received;
import io.pythia.spi.Settlement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A consumer of endless messages that cost nothing to receive and nothing to settle: what remains is the engine. */
final class NullConsumer extends AbstractMessageBroker<NullConsumer.Content> {
    private static final CompletableFuture<Void> SETTLED = CompletableFuture.completedFuture(null);

    private final @Nullable String[] keys;

    NullConsumer(Builder builder) {
        super("null", Capabilities.builder().build(), builder);
        keys = new String[builder.keys];
        for (int i = 0; i < keys.length; i++) {
            keys[i] = "key-" + i;
        }
    }

    static Builder builder() {
        return new Builder();
    }

    @Override
    protected ReceiveDriver<Content> newDriver() {
        return new Driver(keys);
    }

    static final class Builder extends AbstractMessageBroker.Builder<Builder> {
        private int keys;

        /** Sets how many different keys the messages have, in turn. Default: 0, none. */
        Builder keys(int count) {
            this.keys = count;
            return this;
        }

        @Override
        protected Builder self() {
            return this;
        }

        NullConsumer build() {
            return new NullConsumer(this);
        }
    }

    /** One object per message, receipt and content in one, as a connector would make. */
    static final class Content implements MessageContent {
        private static final byte[] BODY = new byte[256];

        private final @Nullable String key;

        Content(@Nullable String key) {
            this.key = key;
        }

        @Override
        public String id() {
            return "0";
        }

        @Override
        public boolean hasExplicitId() {
            return false;
        }

        @Override
        public byte[] body() {
            return BODY;
        }

        @Override
        public @Nullable String key() {
            return key;
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
            return "null";
        }

        @Override
        public <T> @Nullable T unwrap(Class<T> nativeType) {
            return null;
        }
    }

    private static final class Driver implements ReceiveDriver<Content> {
        private final @Nullable String[] keys;
        private int next;

        Driver(@Nullable String[] keys) {
            this.keys = keys;
        }

        @Override
        public void open() {}

        @Override
        public List<Received<Content>> receive(int max, Duration wait) {
            List<Received<Content>> batch = new ArrayList<>(max);
            for (int i = 0; i < max; i++) {
                Content content = new Content(keys.length == 0 ? null : keys[next++ % keys.length]);
                batch.add(new Received<>(content, content));
            }
            return batch;
        }

        @Override
        public CompletableFuture<?> settle(List<? extends Settlement<Content>> batch) {
            return SETTLED;
        }

        @Override
        public void ping() {}

        @Override
        public void close() {}
    }
}
