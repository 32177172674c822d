package io.pythia;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A password, token or key. Prints as {@code ***} wherever it is printed, compares in constant time, and can be wiped. Thread-safe.
 */
public final class Secret implements AutoCloseable {
    private static final String MASK = "***";

    private final char[] value;
    private volatile boolean wiped;

    private Secret(char[] value) {
        this.value = value;
    }

    /** Returns a secret. */
    public static Secret of(String value) {
        return new Secret(value.toCharArray());
    }

    /** Returns a secret with a copy of the characters. */
    public static Secret of(char[] value) {
        return new Secret(value.clone());
    }

    /**
     * Returns the value, in the clear.
     *
     * @throws IllegalStateException if it was wiped
     */
    public String reveal() {
        if (wiped) {
            throw new IllegalStateException("the secret was wiped");
        }
        return new String(value);
    }

    /** Overwrites the value; {@link #reveal} then throws. */
    @Override
    public void close() {
        wiped = true;
        Arrays.fill(value, '\0');
    }

    /** Compares in a time that does not depend on where the values differ. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Secret that && MessageDigest.isEqual(bytes(), that.bytes());
    }

    /** The same for all secrets: a hash would tell something about the value. */
    @Override
    public int hashCode() {
        return 0;
    }

    @Override
    public String toString() {
        return MASK;
    }

    private byte[] bytes() {
        return new String(value).getBytes(StandardCharsets.UTF_8);
    }
}
