package io.pythia.rabbitmq;

import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.LongString;
import com.rabbitmq.client.impl.LongStringHelper;
import io.pythia.Headers;
import io.pythia.Message;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Date;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a delivery and a message are to each other. */
final class RabbitMQMessages {
    /** The most that AMQP takes of a header's name, a message id or a routing key, in bytes of UTF-8. */
    static final int MAX_SHORT = 255;

    /** Carries an id that is too long to be the message id. These headers are not among the message's. */
    static final String ID = "pythia-id";

    /** Carries the key. */
    static final String KEY = "pythia-key";

    /** Carries the names in their order: a table has none. */
    static final String ORDER = "pythia-order";

    private static final String DELIVERY_COUNT = "x-delivery-count";
    /** With these a sender makes the broker route copies; as text they end the channel. */
    private static final Set<String> COPIES = Set.of("CC", "BCC");

    /** Said of this delivery, and not part of the message: nothing of it may go on with it, to the dead letters for instance. */
    private static final Set<String> HIDDEN = Set.of(ID, KEY, ORDER, DELIVERY_COUNT, "x-death", "CC", "BCC");

    private static final int PERSISTENT = 2;
    private static final int TRANSIENT = 1;
    private static final byte[] EMPTY = {};

    private RabbitMQMessages() {}

    // From the wire.

    static @Nullable String explicitId(BasicProperties properties) {
        String id = properties.getMessageId();
        return id != null && !id.isEmpty() ? id : text(properties, ID);
    }

    static @Nullable String key(BasicProperties properties) {
        return text(properties, KEY);
    }

    private static @Nullable String text(BasicProperties properties, String name) {
        Map<String, Object> table = properties.getHeaders();
        Object value = table == null ? null : table.get(name);
        return value == null ? null : new String(bytes(value), StandardCharsets.UTF_8);
    }

    /** Returns how often the broker counts that it was delivered before, 0 if it does not count. */
    static int deliveryCount(BasicProperties properties) {
        Map<String, Object> table = properties.getHeaders();
        Object count = table == null ? null : table.get(DELIVERY_COUNT);
        return count instanceof Number number ? (int) Math.max(0, Math.min(1_000_000, number.longValue())) : 0;
    }

    /** Returns the headers: in the order of a sender that is this library, else in any. Numbers and the like become text. */
    static Headers headers(BasicProperties properties) {
        Map<String, Object> table = properties.getHeaders();
        if (table == null || table.isEmpty()) {
            return Headers.empty();
        }
        Headers.Builder headers = Headers.builder();
        if (!(table.get(ORDER) instanceof List<?> order) || !addInOrder(headers, table, order)) {
            table.forEach((name, value) -> {
                if (isShown(name)) {
                    values(value).forEach(each -> headers.add(name, each));
                }
            });
        }
        return headers.build();
    }

    private static boolean isShown(String name) {
        return !name.isEmpty() && !HIDDEN.contains(name);
    }

    /** Returns whether the order is that of this table: somebody on the way may have changed it. */
    private static boolean addInOrder(Headers.Builder headers, Map<String, Object> table, List<?> order) {
        Map<String, Deque<byte[]>> left = new HashMap<>();
        table.forEach((name, value) -> {
            if (isShown(name)) {
                left.put(name, new ArrayDeque<>(values(value)));
            }
        });
        List<Map.Entry<String, byte[]>> ordered = new ArrayList<>();
        for (Object each : order) {
            String name = String.valueOf(each);
            Deque<byte[]> values = left.get(name);
            byte[] value = values == null ? null : values.poll();
            if (value == null) {
                return false;
            }
            ordered.add(Map.entry(name, value));
        }
        if (!left.values().stream().allMatch(Deque::isEmpty)) {
            return false;
        }
        ordered.forEach(entry -> headers.add(entry.getKey(), entry.getValue()));
        return true;
    }

    private static List<byte[]> values(@Nullable Object value) {
        return value instanceof List<?> list
                ? list.stream().map(RabbitMQMessages::bytes).toList()
                : List.of(bytes(value));
    }

    private static byte[] bytes(@Nullable Object value) {
        if (value == null) {
            return EMPTY;
        } else if (value instanceof LongString text) {
            return text.getBytes();
        } else if (value instanceof byte[] bytes) {
            return bytes;
        } else if (value instanceof Date date) {
            return date.toInstant().toString().getBytes(StandardCharsets.UTF_8);
        }
        return value.toString().getBytes(StandardCharsets.UTF_8);
    }

    // To the wire.

    /** Returns why a message can't be sent, or null if it can. */
    static @Nullable String refusal(Message message) {
        for (Headers.Header header : message.headers()) {
            if (COPIES.contains(header.name())) {
                return "the header " + header.name() + " is RabbitMQ's own; publish copies to an exchange instead";
            }
            if (isLong(header.name())) {
                return "a header's name has more than 255 bytes, the most that AMQP can carry";
            }
        }
        return null;
    }

    /** Returns whether a message has nothing but a body and a timestamp. */
    static boolean isPlain(Message message) {
        return !message.hasExplicitId()
                && message.key() == null
                && message.headers().isEmpty();
    }

    /** Returns about how many bytes the properties take in their frame, at most. */
    static int size(Message message) {
        int size = 512 + 2 * (message.hasExplicitId() ? message.id().length() * 3 : 0);
        String key = message.key();
        size += key == null ? 0 : key.length() * 3;
        for (Headers.Header header : message.headers()) {
            size += header.value().length + 2 * 3 * header.name().length() + 16;
        }
        return size;
    }

    static boolean isLong(String text) {
        return text.length() > MAX_SHORT
                || (text.length() > MAX_SHORT / 3 && text.getBytes(StandardCharsets.UTF_8).length > MAX_SHORT);
    }

    /** Returns the message id that a message is sent with, null for none. */
    static @Nullable String idProperty(Message message) {
        return message.hasExplicitId() && !isLong(message.id()) ? message.id() : null;
    }

    /**
     * Returns the properties for a message.
     *
     * @param priority null for none
     */
    static BasicProperties properties(Message message, boolean persistent, @Nullable Integer priority) {
        return new BasicProperties.Builder()
                .deliveryMode(persistent ? PERSISTENT : TRANSIENT)
                .messageId(idProperty(message))
                .timestamp(Date.from(message.timestamp()))
                .priority(priority)
                .headers(table(message))
                .build();
    }

    private static @Nullable Map<String, Object> table(Message message) {
        String key = message.key();
        boolean longId = message.hasExplicitId() && isLong(message.id());
        Headers headers = message.headers();
        if (key == null && !longId && headers.isEmpty()) {
            return null;
        }
        Map<String, Object> table = new HashMap<>();
        List<Object> order = new ArrayList<>();
        for (Headers.Header header : headers) {
            if (HIDDEN.contains(header.name())) {
                continue; // of an earlier journey
            }
            order.add(header.name());
            table.merge(header.name(), LongStringHelper.asLongString(header.value()), RabbitMQMessages::append);
        }
        if (table.size() > 1) {
            table.put(ORDER, order);
        }
        if (key != null) {
            table.put(KEY, key);
        }
        if (longId) {
            table.put(ID, message.id());
        }
        return table;
    }

    private static Object append(Object values, Object value) {
        List<Object> all = new ArrayList<>();
        if (values instanceof List<?> list) {
            all.addAll(list);
        } else {
            all.add(values);
        }
        all.add(value);
        return all;
    }
}
