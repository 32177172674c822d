package io.pythia.internal;

import io.pythia.Codec;

/** Makes JSON codecs if Jackson is there; the class that needs it is not loaded otherwise. */
public final class JsonCodecs {
    private JsonCodecs() {}

    /** Returns a codec of a type. */
    public static <T> Codec<T> of(Class<T> type) {
        try {
            return new JacksonCodec<>(type);
        } catch (NoClassDefFoundError e) {
            throw new IllegalStateException(
                    "JSON bodies need Jackson: add the dependency com.fasterxml.jackson.core:jackson-databind", e);
        }
    }
}
