package io.pythia.cloud.azure;

import com.azure.core.amqp.models.AmqpMessageBody;
import com.azure.core.amqp.models.AmqpMessageBodyType;
import com.azure.messaging.servicebus.ServiceBusMessage;
import com.azure.messaging.servicebus.ServiceBusReceivedMessage;
import io.pythia.Headers;
import io.pythia.Message;
import io.pythia.internal.Utf8;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Date;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.apache.qpid.proton.amqp.Binary;
import org.jspecify.annotations.Nullable;

/** What a message of Service Bus and a message are to each other. */
final class ServiceBusMessages {
    /** Carries a key that is no session and can be no partition key; not among the message's headers. */
    static final String KEY = "pythia-key";

    /** The session of messages whose key can be none: they have none, or an empty one, or one that is too long. */
    static final String COMMON_SESSION = "pythia-default";

    /** The longest id, session and partition key, in characters. */
    static final int MAX_NAME = 128;

    private static final int MAX_HEADER_NAME = 10_000;

    private static final Set<String> HIDDEN = Set.of(KEY, HeaderOrder.PROPERTY);

    /** What is the same in AMQP. */
    private static final Set<Class<?>> PLAIN = Set.of(
            String.class,
            Boolean.class,
            Character.class,
            Byte.class,
            Short.class,
            Integer.class,
            Long.class,
            Float.class,
            Double.class,
            UUID.class,
            Date.class);

    private ServiceBusMessages() {}

    // From the wire.

    /** Returns the bytes of a body, null if it has none: a sequence, or a value that is neither text nor bytes. */
    static byte @Nullable [] body(AmqpMessageBody body) {
        if (body.getBodyType() == AmqpMessageBodyType.DATA) {
            return body.getFirstData();
        }
        Object value = body.getBodyType() == AmqpMessageBodyType.VALUE ? body.getValue() : null;
        return value instanceof String || value instanceof byte[] || value instanceof Binary ? bytes(value) : null;
    }

    static @Nullable String key(ServiceBusReceivedMessage message) {
        String session = message.getSessionId();
        if (session != null && !session.equals(COMMON_SESSION)) {
            return session;
        }
        if (session == null && message.getPartitionKey() != null) {
            return message.getPartitionKey();
        }
        Object key = message.getApplicationProperties().get(KEY);
        return key == null ? null : key.toString();
    }

    /** Returns the headers: in the order of a sender that is this library, else in any. Numbers and the like become text. */
    static Headers headers(Map<String, Object> properties) {
        if (properties.isEmpty()) {
            return Headers.empty();
        }
        Headers.Builder headers = Headers.builder();
        Map<String, Object> left = new LinkedHashMap<>(properties);
        left.keySet().removeAll(HIDDEN);
        left.remove("");
        Object order = properties.get(HeaderOrder.PROPERTY);
        if (order != null) {
            HeaderOrder.read(bytes(order), left, (name, value) -> headers.add(name, bytes(value)));
        }
        left.forEach((name, value) -> headers.add(name, bytes(value)));
        return headers.build();
    }

    private static byte[] bytes(@Nullable Object value) {
        if (value == null) {
            return new byte[0];
        } else if (value instanceof byte[] bytes) {
            return bytes;
        } else if (value instanceof Binary binary) {
            byte[] copy = new byte[binary.getLength()];
            System.arraycopy(binary.getArray(), binary.getArrayOffset(), copy, 0, copy.length);
            return copy;
        }
        return value.toString().getBytes(StandardCharsets.UTF_8);
    }

    // To the wire.

    /** Returns why a message can't be sent, or null if it can. */
    static @Nullable String refusal(Message message) {
        if (message.id().length() > MAX_NAME) {
            return "its id has more than " + MAX_NAME + " characters, the most that Service Bus takes";
        }
        for (Headers.Header header : message.headers()) {
            if (header.name().length() > MAX_HEADER_NAME) {
                return "a header's name has more than " + MAX_HEADER_NAME + " characters";
            }
        }
        return null;
    }

    /** Returns the native message, without what depends on the time of sending. */
    static ServiceBusMessage toNative(Message message, boolean sessions, CreationTimes times) {
        ServiceBusMessage to = new ServiceBusMessage(message.body());
        to.setMessageId(message.id());
        to.getRawAmqpMessage().getProperties().setCreationTime(times.of(message.timestamp()));
        Map<String, Object> properties = to.getApplicationProperties();
        String key = message.key();
        boolean fits = key != null && !key.isEmpty() && key.length() <= MAX_NAME && !key.equals(COMMON_SESSION);
        if (sessions) {
            to.setSessionId(fits ? key : COMMON_SESSION);
        } else if (fits) {
            to.setPartitionKey(key);
        }
        if (key != null && !fits) {
            properties.put(KEY, key);
        }
        Headers headers = message.headers();
        for (Headers.Header header : headers) {
            if (!HIDDEN.contains(header.name())) { // else of an earlier journey
                properties.put(header.name(), value(header.value()));
            }
        }
        if (headers.size() > 1) {
            properties.put(HeaderOrder.PROPERTY, new Binary(HeaderOrder.write(headers, HIDDEN)));
        }
        return to;
    }

    /**
     * Returns properties as AMQP carries them.
     *
     * @throws IllegalArgumentException if it can't carry one; the text has its name and type, never its value
     */
    static Map<String, Object> modification(Map<String, ?> properties) {
        Map<String, Object> modification = new HashMap<>();
        properties.forEach((name, value) -> {
            if (name.isEmpty() || name.length() > MAX_HEADER_NAME || HIDDEN.contains(name)) {
                throw new IllegalArgumentException("a property can't have the name '"
                        + name.substring(0, Math.min(name.length(), MAX_NAME)) + "'");
            }
            modification.put(name, amqp(name, value));
        });
        return modification;
    }

    private static Object amqp(String name, @Nullable Object value) {
        if (value instanceof byte[] bytes) {
            return new Binary(bytes.clone());
        } else if (value instanceof Instant time) {
            return Date.from(time);
        } else if (value != null && PLAIN.contains(value.getClass())) {
            return value;
        }
        throw new IllegalArgumentException("the property '" + name + "' can't be carried: it is "
                + (value == null ? "null" : "a " + value.getClass().getName()));
    }

    static void enqueueAt(ServiceBusMessage message, @Nullable Instant time) {
        if (time != null) {
            message.setScheduledEnqueueTime(time.atOffset(ZoneOffset.UTC));
        }
    }

    /** Returns text where the bytes are text, so that everybody can read it. */
    private static Object value(byte[] bytes) {
        String text = Utf8.decode(bytes);
        return text == null ? new Binary(bytes) : text;
    }
}
