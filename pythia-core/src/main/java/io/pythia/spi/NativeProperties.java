package io.pythia.spi;

import java.util.AbstractMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** The client's own settings: an immutable map whose {@link #toString} has the names only, since a value may be a secret. */
public final class NativeProperties extends AbstractMap<String, String> {
    private final Map<String, String> values;

    private NativeProperties(Map<String, String> values) {
        this.values = values;
    }

    /** Returns a copy of a map; neither keys nor values may be null. */
    public static NativeProperties copyOf(Map<String, String> values) {
        return values instanceof NativeProperties same ? same : new NativeProperties(Map.copyOf(values));
    }

    @Override
    public Set<Entry<String, String>> entrySet() {
        return values.entrySet();
    }

    /** Returns the names, sorted, as in {@code {linger.ms, retries}}. */
    @Override
    public String toString() {
        return values.keySet().stream().sorted().collect(Collectors.joining(", ", "{", "}"));
    }
}
