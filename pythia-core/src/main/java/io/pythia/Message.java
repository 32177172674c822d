package io.pythia;

import io.pythia.internal.MessageIds;
import io.pythia.internal.Utf8;
import io.pythia.spi.MessageContent;
import io.pythia.spi.Outcome;
import io.pythia.spi.Settler;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A message: made by an application to be sent, or received from a broker and then to be settled once.
 *
 * <p>Immutable and thread-safe. A received message must be settled by {@link #ack}, {@link #nack} or {@link #reject}, from any
 * thread; a message that is not stays in flight until its consumer disconnects, and is then delivered again. Settling a second time
 * changes nothing and returns the first outcome.
 */
public final class Message {
    private final MessageContent content;
    private final @Nullable Settler settler;

    private Message(MessageContent content, @Nullable Settler settler) {
        this.content = content;
        this.settler = settler;
    }

    /** Returns a message to send with a text body, in UTF-8. Half a surrogate pair is an {@link IllegalArgumentException}. */
    public static Message of(String body) {
        return builder().body(body).build();
    }

    /** Returns a message to send with a copy of a body. */
    public static Message of(byte[] body) {
        return builder().body(body).build();
    }

    /** Returns a builder of messages to send. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Returns a received message. For the engine, and for tests of handlers that want to see how a message is settled.
     *
     * @param content what the broker delivered
     * @param settler what to call when the application settles the message
     */
    public static Message received(MessageContent content, Settler settler) {
        return new Message(Objects.requireNonNull(content, "content"), Objects.requireNonNull(settler, "settler"));
    }

    /**
     * Returns the id: what the sender set, else what the broker gave it (for instance topic, partition and offset). For a message
     * to send without an own id, one that is unique to this process and not sent along.
     */
    public String id() {
        return content.id();
    }

    /** Returns whether the sender chose the id, so that it travels with the message. */
    public boolean hasExplicitId() {
        return content.hasExplicitId();
    }

    /** Returns the body, never null. The array is the message's own, not a copy: don't change it. */
    public byte[] body() {
        return content.body();
    }

    /** Returns the body as UTF-8 text; bytes that are not UTF-8 become U+FFFD. */
    public String text() {
        return new String(content.body(), StandardCharsets.UTF_8);
    }

    /** Returns the key that decides on order and partition, or null if there is none. */
    public @Nullable String key() {
        return content.key();
    }

    /** Returns the headers, never null. */
    public Headers headers() {
        return content.headers();
    }

    /** Returns when the message was made, by the broker's or the sender's clock. */
    public Instant timestamp() {
        return content.timestamp();
    }

    /** Returns the topic, queue, stream, URL or table it came from; empty for a message to send. */
    public String source() {
        return content.source();
    }

    /** Returns how often it has been delivered, this time included: 1 the first time, where the broker or the engine knows. */
    public int attempt() {
        return settler == null ? 1 : settler.attempt();
    }

    /**
     * Returns the client library's own object, for instance a {@code ConsumerRecord}, or empty if there is none of that type. This is
     * the way to what only one broker has. For connectors a received message also has its {@link Settler}.
     */
    public <T> Optional<T> unwrap(Class<T> nativeType) {
        if (nativeType == Settler.class) {
            return Optional.ofNullable(nativeType.cast(settler));
        }
        return Optional.ofNullable(content.unwrap(Objects.requireNonNull(nativeType, "nativeType")));
    }

    /**
     * Settles it as processed: it will not be delivered again. A message is settled once: a second call, of whichever outcome, changes
     * nothing and returns the first one's future.
     *
     * @return {@link Settled#DONE} when the broker has it, {@link Settled#STALE} if the broker had taken the message back; it fails with a
     *     {@link BrokerException} if the broker refuses it, or could not be told after several tries: the message comes again then
     * @throws IllegalStateException if this message was made to be sent
     */
    public CompletableFuture<Settled> ack() {
        return settler().settle(Outcome.ACK, null);
    }

    /**
     * Settles it as not processed: it is delivered again, soon; at the last of the consumer's {@code maxAttempts} it is rejected instead.
     *
     * @return as that of {@link #ack}, or of {@link #reject} at the last attempt
     * @throws IllegalStateException if this message was made to be sent
     * @throws UnsupportedOperationException if neither the broker nor the engine can deliver a message again, as on Redis Pub/Sub; it is
     *     unsettled still
     */
    public CompletableFuture<Settled> nack() {
        return settler().settle(Outcome.NACK, null);
    }

    /**
     * Settles it as not processed, like {@link #nack()}: it is delivered again after a delay.
     *
     * @throws IllegalArgumentException if the delay is negative
     * @throws IllegalStateException if this message was made to be sent
     * @throws UnsupportedOperationException if neither the broker nor the engine can deliver a message again; it is unsettled still
     */
    public CompletableFuture<Settled> nack(Duration delay) {
        if (delay.isNegative()) {
            throw new IllegalArgumentException("the delay of a nack must not be negative: " + delay);
        }
        return settler().settle(Outcome.NACK, delay);
    }

    /**
     * Settles it as impossible to process: it goes to the dead letters, with the reason. Where there are none, or they refuse it for good,
     * the consumer's {@code onReject} says whether it is dropped or the stream stops.
     *
     * @return as that of {@link #ack}; it also fails, with a {@link MessageException}, if the stream stops
     * @throws IllegalStateException if this message was made to be sent
     */
    public CompletableFuture<Settled> reject(String reason) {
        return settler().settle(Outcome.REJECT, Objects.requireNonNull(reason, "reason"));
    }

    /**
     * Asks the broker to keep the message reserved for this consumer for that long from now, or longer; it stays unsettled. The engine
     * extends leases by itself, so this is only needed to go beyond the consumer's limit. It never shortens: less than the broker's usual
     * lease, or than was asked for before, changes nothing.
     *
     * @return {@link Settled#DONE}, or {@link Settled#STALE} if it is settled, or the broker had taken it back; it fails with what the broker
     *     said, and the message stays as it was
     * @throws IllegalArgumentException if the time is not more than zero
     * @throws IllegalStateException if this message was made to be sent
     * @throws UnsupportedOperationException if the broker has no leases
     */
    public CompletableFuture<Settled> extend(Duration by) {
        if (by.isNegative() || by.isZero()) {
            throw new IllegalArgumentException("a lease must be extended by more than zero: " + by);
        }
        return settler().extend(by);
    }

    /** Gives it back as not delivered, when its stream has ended; nothing for a message to send. See {@link Settler#release}. */
    void release() {
        if (settler != null) {
            settler.release();
        }
    }

    /** Returns whether it was settled, or taken back by the broker; true for a message to send. */
    public boolean isSettled() {
        return settler == null || settler.isSettled();
    }

    /** Returns a builder that begins with this message's id, key, headers, timestamp and body: to send it on. */
    public Builder toBuilder() {
        Builder builder = new Builder();
        builder.id = content.hasExplicitId() || settler != null ? content.id() : null;
        builder.body = content.body();
        builder.key = content.key();
        builder.headers = content.headers().toBuilder();
        builder.timestamp = content.timestamp();
        return builder;
    }

    /** Returns the part of the source within which the broker keeps the order. */
    Object partition() {
        return content.partition();
    }

    private Settler settler() {
        if (settler == null) {
            throw new IllegalStateException("only a received message can be settled; this one was made to be sent");
        }
        return settler;
    }

    /** Returns id, source and size: never the body, headers or key, which may be secret. */
    @Override
    public String toString() {
        return "Message[id=" + id() + ", source=" + source() + ", bytes=" + body().length + ", attempt=" + attempt()
                + "]";
    }

    /** Builds messages to send. Not thread-safe. */
    public static final class Builder {
        private static final byte[] EMPTY = {};

        private @Nullable String id;
        private @Nullable String key;
        private byte[] body = EMPTY;
        private Headers.@Nullable Builder headers;
        private @Nullable Instant timestamp;

        private Builder() {}

        /**
         * Sets the id, which then travels with the message and comes out on the other side: for de-duplication. Default: an id that
         * is unique to this process and not sent.
         */
        public Builder id(String id) {
            if (id.isEmpty()) {
                throw new IllegalArgumentException("a message's id must not be empty");
            }
            Utf8.encode("a message's id", id);
            this.id = id;
            return this;
        }

        /** Sets the key that decides on order and partition. Default: none. */
        public Builder key(@Nullable String key) {
            if (key != null) {
                Utf8.encode("a message's key", key);
            }
            this.key = key;
            return this;
        }

        /** Sets a text body, in UTF-8. Half a surrogate pair is an {@link IllegalArgumentException}. Default: empty. */
        public Builder body(String body) {
            this.body = Utf8.encode("a message's body", body);
            return this;
        }

        /** Sets a copy of a body. Default: empty. */
        public Builder body(byte[] body) {
            this.body = body.clone();
            return this;
        }

        /** Adds a header with a text value. */
        public Builder header(String name, String value) {
            headersBuilder().add(name, value);
            return this;
        }

        /** Adds a header with a copy of a value. */
        public Builder header(String name, byte[] value) {
            headersBuilder().add(name, value);
            return this;
        }

        /** Replaces all headers. */
        public Builder headers(Headers headers) {
            this.headers = headers.toBuilder();
            return this;
        }

        /** Sets when the message was made; kept to the millisecond, as brokers do. Default: now. */
        public Builder timestamp(Instant timestamp) {
            this.timestamp = Objects.requireNonNull(timestamp, "timestamp");
            return this;
        }

        /** Returns the message. */
        public Message build() {
            Headers built = headers == null ? Headers.empty() : headers.build();
            long millis = timestamp == null ? System.currentTimeMillis() : timestamp.toEpochMilli();
            return new Message(new Made(id, key, body, built, millis), null);
        }

        private Headers.Builder headersBuilder() {
            if (headers == null) {
                headers = Headers.builder();
            }
            return headers;
        }
    }

    /** What an application put into a message. The id is made when somebody asks for it: most sends never do. */
    private static final class Made implements MessageContent {
        private static final VarHandle ID;

        static {
            try {
                ID = MethodHandles.lookup().findVarHandle(Made.class, "id", String.class);
            } catch (ReflectiveOperationException e) {
                throw new ExceptionInInitializerError(e);
            }
        }

        private final boolean explicitId;
        /** Not volatile: set once, by {@link #ID}, to what is safe to see without more. */
        private @Nullable String id;

        private final @Nullable String key;
        private final byte[] body;
        private final Headers headers;
        private final long timestampMillis;

        Made(@Nullable String id, @Nullable String key, byte[] body, Headers headers, long timestampMillis) {
            this.explicitId = id != null;
            this.id = id;
            this.key = key;
            this.body = body;
            this.headers = headers;
            this.timestampMillis = timestampMillis;
        }

        @Override
        public String id() {
            String current = id;
            if (current != null) {
                return current;
            }
            String made = MessageIds.next();
            Object before = ID.compareAndExchange(this, null, made);
            return before == null ? made : (String) before;
        }

        @Override
        public boolean hasExplicitId() {
            return explicitId;
        }

        @Override
        public @Nullable String key() {
            return key;
        }

        @Override
        public byte[] body() {
            return body;
        }

        @Override
        public Headers headers() {
            return headers;
        }

        @Override
        public Instant timestamp() {
            return Instant.ofEpochMilli(timestampMillis);
        }

        @Override
        public String source() {
            return "";
        }

        @Override
        public <T> @Nullable T unwrap(Class<T> nativeType) {
            return null;
        }
    }
}
