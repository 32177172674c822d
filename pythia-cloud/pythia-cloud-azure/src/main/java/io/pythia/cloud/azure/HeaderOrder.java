package io.pythia.cloud.azure;

import io.pythia.Headers;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * What the properties of an AMQP message can't carry: the order of the names, and more than one value of a name. The last value of each
 * name is a property as usual; this one has the names in their order, and the values before the last.
 */
final class HeaderOrder {
    /** Where it travels. */
    static final String PROPERTY = "pythia-order";

    private static final int LAST = -1;

    @SuppressWarnings("ArrayRecordComponent") // nobody compares two
    private record Entry(String name, byte @Nullable [] value) {}

    private HeaderOrder() {}

    /** Writes the order of headers. */
    static byte[] write(Headers headers, Set<String> except) {
        Map<String, Integer> left = new LinkedHashMap<>();
        headers.forEach(header -> left.merge(header.name(), 1, Integer::sum));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            for (Headers.Header header : headers) {
                if (except.contains(header.name())) {
                    continue;
                }
                out.writeUTF(header.name());
                boolean last = left.merge(header.name(), -1, Integer::sum) == 0;
                out.writeInt(last ? LAST : header.value().length);
                if (!last) {
                    out.write(header.value());
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e); // memory has no such errors, a name of more than 64 KiB has
        }
        return bytes.toByteArray();
    }

    /**
     * Gives the headers in their order to the consumer, and takes those that are properties out of the map. Does nothing if what is read
     * was not written by {@link #write}.
     */
    static void read(byte[] order, Map<String, Object> properties, BiConsumer<String, Object> headers) {
        List<Entry> entries = parse(order);
        if (entries == null) {
            return;
        }
        for (Entry entry : entries) {
            Object value = entry.value == null ? properties.remove(entry.name) : entry.value;
            if (value != null) { // somebody on the way may have taken it out
                headers.accept(entry.name, value);
            }
        }
    }

    private static @Nullable List<Entry> parse(byte[] order) {
        List<Entry> entries = new ArrayList<>();
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(order))) {
            while (in.available() > 0) {
                String name = in.readUTF();
                int length = in.readInt();
                if (name.isEmpty() || length < LAST || length > in.available()) {
                    return null;
                }
                entries.add(new Entry(name, length == LAST ? null : in.readNBytes(length)));
            }
        } catch (IOException e) {
            return null;
        }
        return entries;
    }
}
