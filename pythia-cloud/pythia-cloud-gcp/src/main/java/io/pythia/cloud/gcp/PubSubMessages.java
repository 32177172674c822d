package io.pythia.cloud.gcp;

import com.google.protobuf.Timestamp;
import com.google.protobuf.UnsafeByteOperations;
import com.google.pubsub.v1.PubsubMessage;
import io.pythia.Headers;
import io.pythia.Message;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a message of the service and one of ours are to each other. */
final class PubSubMessages {
    /** The most that a request may have, and so a message. */
    static final int MAX_BYTES = 10_000_000;

    private static final int MAX_KEY = 1_024;

    private PubSubMessages() {}

    // From the wire.

    /** Returns the id that the sender chose, or null. */
    static @Nullable String explicitId(PubsubMessage message) {
        String id = message.getAttributesOrDefault(Attributes.ID, "");
        return id.isEmpty() ? null : id;
    }

    static @Nullable String key(PubsubMessage message) {
        if (message.containsAttributes(Attributes.KEY)) {
            return message.getAttributesOrThrow(Attributes.KEY);
        }
        return message.getOrderingKey().isEmpty() ? null : message.getOrderingKey();
    }

    static Headers headers(PubsubMessage message) {
        return message.getAttributesCount() == 0 ? Headers.empty() : Attributes.read(message.getAttributesMap());
    }

    static Instant publishTime(PubsubMessage message) {
        Timestamp time = message.getPublishTime();
        return Instant.ofEpochSecond(time.getSeconds(), time.getNanos());
    }

    // To the wire.

    /**
     * Returns the message to publish.
     *
     * @param orderingKey within what it keeps its order, null for nothing
     * @param fixed headers that every message gets, unless it has its own of that name
     * @throws IllegalArgumentException if the service can't carry it
     */
    static PubsubMessage publishable(Message message, @Nullable String orderingKey, Headers fixed) {
        PubsubMessage.Builder builder =
                PubsubMessage.newBuilder().setData(UnsafeByteOperations.unsafeWrap(message.body()));
        if (orderingKey != null && !orderingKey.isEmpty()) {
            if (Attributes.isLonger(orderingKey, MAX_KEY)) {
                throw new IllegalArgumentException("an ordering key has 1024 bytes at most");
            }
            builder.setOrderingKey(orderingKey);
        }
        Map<String, String> attributes = attributes(message, orderingKey, fixed);
        if (!attributes.isEmpty()) {
            builder.putAllAttributes(attributes);
        }
        PubsubMessage built = builder.build();
        if (built.getSerializedSize() > MAX_BYTES) {
            throw new IllegalArgumentException(
                    "it has " + built.getSerializedSize() + " bytes, the service takes " + MAX_BYTES);
        }
        return built;
    }

    private static Map<String, String> attributes(Message message, @Nullable String orderingKey, Headers fixed) {
        Map<String, String> attributes = new LinkedHashMap<>();
        Attributes.write(withFixed(message.headers(), fixed), attributes);
        if (message.hasExplicitId()) {
            Attributes.put(attributes, Attributes.ID, message.id());
        }
        String key = message.key();
        if (key != null && (key.isEmpty() || !key.equals(orderingKey))) {
            Attributes.put(attributes, Attributes.KEY, key);
        }
        if (message.body().length == 0 && attributes.isEmpty()) {
            attributes.put(Attributes.EMPTY, "1");
        }
        return attributes;
    }

    private static Headers withFixed(Headers headers, Headers fixed) {
        if (fixed.isEmpty()) {
            return headers;
        }
        Headers.Builder all = fixed.toBuilder();
        headers.names().forEach(all::remove);
        return all.addAll(headers).build();
    }
}
