package io.pythia;

import io.pythia.internal.Utf8;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The headers of a message: ordered, several values per name, each value bytes or text. Immutable.
 *
 * <p>Text is UTF-8 on the wire. Names are case-sensitive.
 */
public final class Headers implements Iterable<Headers.Header> {
    private static final Headers EMPTY = new Headers(List.of());

    private final List<Header> entries;

    private Headers(List<Header> entries) {
        this.entries = entries;
    }

    /** Returns no headers. */
    public static Headers empty() {
        return EMPTY;
    }

    /** Returns headers from pairs of name and value: {@code of("type", "order", "version", "2")}. */
    public static Headers of(String... namesAndValues) {
        if (namesAndValues.length % 2 != 0) {
            throw new IllegalArgumentException("headers come in pairs of name and value, got " + namesAndValues.length);
        }
        Builder builder = builder();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            builder.add(namesAndValues[i], namesAndValues[i + 1]);
        }
        return builder.build();
    }

    /** Returns headers with one text value per name, in the order of the map. */
    public static Headers of(Map<String, String> values) {
        Builder builder = builder();
        values.forEach(builder::add);
        return builder.build();
    }

    /** Returns a builder. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns the last value of a name as text, or null if there is none. */
    public @Nullable String get(String name) {
        Header header = last(name);
        return header == null ? null : header.text();
    }

    /** Returns the last value of a name as bytes, or null if there is none. The array is the headers' own: don't change it. */
    public byte @Nullable [] bytes(String name) {
        Header header = last(name);
        return header == null ? null : header.value();
    }

    /** Returns all values of a name as text, in order; empty if there are none. */
    public List<String> all(String name) {
        return entries.stream()
                .filter(h -> h.name().equals(name))
                .map(Header::text)
                .toList();
    }

    /** Returns the names in the order of their first appearance. */
    public Set<String> names() {
        Set<String> names = new LinkedHashSet<>();
        entries.forEach(h -> names.add(h.name()));
        return names;
    }

    /** Returns whether a name has a value. */
    public boolean contains(String name) {
        return last(name) != null;
    }

    /** Returns the number of values. */
    public int size() {
        return entries.size();
    }

    /** Returns whether there are none. */
    public boolean isEmpty() {
        return entries.isEmpty();
    }

    /** Returns a copy in which a name has just this value, at the end. */
    public Headers with(String name, String value) {
        return toBuilder().remove(name).add(name, value).build();
    }

    /** Returns a copy without a name. */
    public Headers without(String name) {
        return toBuilder().remove(name).build();
    }

    /** Returns a builder that begins with these headers. */
    public Builder toBuilder() {
        Builder builder = new Builder();
        builder.entries.addAll(entries);
        return builder;
    }

    @Override
    public Iterator<Header> iterator() {
        return entries.iterator();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Headers that && entries.equals(that.entries);
    }

    @Override
    public int hashCode() {
        return entries.hashCode();
    }

    /** Returns the names only: values may be secret. */
    @Override
    public String toString() {
        return "Headers" + names();
    }

    private @Nullable Header last(String name) {
        for (int i = entries.size() - 1; i >= 0; i--) {
            if (entries.get(i).name().equals(name)) {
                return entries.get(i);
            }
        }
        return null;
    }

    /**
     * One value of one name.
     *
     * @param name the name, not empty
     * @param value the value; the array is the header's own: don't change it
     */
    @SuppressWarnings("ArrayRecordComponent") // equals and hashCode compare the bytes
    public record Header(String name, byte[] value) {

        /** Checks the name. */
        public Header {
            Objects.requireNonNull(name, "name");
            Objects.requireNonNull(value, "value");
            if (name.isEmpty()) {
                throw new IllegalArgumentException("a header's name must not be empty");
            }
            Utf8.encode("a header's name", name);
        }

        /** Returns the value as text; bytes that are not UTF-8 become U+FFFD. */
        public String text() {
            return new String(value, StandardCharsets.UTF_8);
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Header that && name.equals(that.name) && Arrays.equals(value, that.value);
        }

        @Override
        public int hashCode() {
            return 31 * name.hashCode() + Arrays.hashCode(value);
        }

        /** Returns the name only: the value may be secret. */
        @Override
        public String toString() {
            return name;
        }
    }

    /** Collects headers. Not thread-safe. */
    public static final class Builder {
        private final List<Header> entries = new ArrayList<>();

        private Builder() {}

        /** Adds a text value; half a surrogate pair is an {@link IllegalArgumentException}, since it has no UTF-8 form. */
        public Builder add(String name, String value) {
            entries.add(new Header(name, Utf8.encode("a header's value", value)));
            return this;
        }

        /** Adds a copy of a value. */
        public Builder add(String name, byte[] value) {
            entries.add(new Header(name, value.clone()));
            return this;
        }

        /** Adds all of the given headers. */
        public Builder addAll(Headers headers) {
            entries.addAll(headers.entries);
            return this;
        }

        /** Removes all values of a name. */
        public Builder remove(String name) {
            entries.removeIf(h -> h.name().equals(name));
            return this;
        }

        /** Returns the headers. */
        public Headers build() {
            return entries.isEmpty() ? EMPTY : new Headers(List.copyOf(entries));
        }
    }
}
