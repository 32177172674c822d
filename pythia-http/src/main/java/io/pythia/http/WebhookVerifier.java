package io.pythia.http;

import io.pythia.Secret;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Verifies webhooks on the receiver's side, by the Standard Webhooks specification 1.0.0: signature, age, and, if wanted, whether the same
 * one came before. Works with any server: it is given a function from a header's name to its value. Thread-safe.
 *
 * <pre>{@code
 * WebhookVerifier verifier = WebhookVerifier.builder().secret(Secret.of("whsec_...")).build();
 * String id = verifier.verify(request::getHeader, body); // throws WebhookVerificationException
 * }</pre>
 */
public final class WebhookVerifier {
    private static final int MAX_SIGNATURES = 32;
    private static final int MAX_HEADER = 8_192;

    private final List<WebhookKey> keys;
    private final Duration tolerance;
    private final InstantSource clock;
    private final @Nullable ReplayCache seen;

    private WebhookVerifier(Builder builder) {
        this.keys = List.copyOf(builder.keys);
        this.tolerance = builder.tolerance;
        this.clock = builder.clock;
        // Who is too old is refused by its age: the cache needs to reach no further back.
        this.seen = builder.replayCache == 0
                ? null
                : new ReplayCache(builder.replayCache, tolerance.multipliedBy(2).toSeconds() + 1);
    }

    /** Returns a builder. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Returns the id of a webhook that is genuine: the key by which to see whether it was processed before.
     *
     * @param headers gives the value of a header by its name in lower case, null if there is none
     * @param body the body, byte for byte as it came
     * @throws WebhookVerificationException if it is not genuine, too old, from the future, or was seen before; says which
     */
    public String verify(UnaryOperator<@Nullable String> headers, byte[] body) {
        String id = required(headers, "webhook-id");
        String time = required(headers, "webhook-timestamp");
        String signatures = required(headers, "webhook-signature");
        if (!WebhookKey.isId(id)) {
            throw new WebhookVerificationException("webhook-id is not one that can be signed");
        }
        long timestamp = timestamp(time);
        if (!isSigned(id, timestamp, body, signatures)) {
            throw new WebhookVerificationException("no signature is that of a known secret");
        }
        ReplayCache cache = seen;
        if (cache != null && !cache.add(id, clock.instant().getEpochSecond())) {
            throw new WebhookVerificationException("this webhook was received before");
        }
        return id;
    }

    /** Forgets an id, so that the sender's next attempt is not taken for a replay: for a webhook that could not be processed. */
    public void forget(String id) {
        if (seen != null) {
            seen.remove(id);
        }
    }

    private static String required(UnaryOperator<@Nullable String> headers, String name) {
        String value = headers.apply(name);
        if (value == null || value.isEmpty() || value.length() > MAX_HEADER) {
            throw new WebhookVerificationException(
                    value == null || value.isEmpty() ? name + " is missing" : name + " is too long");
        }
        return value;
    }

    private long timestamp(String text) {
        if (!text.matches("[0-9]{1,12}")) {
            throw new WebhookVerificationException("webhook-timestamp is no time in whole seconds");
        }
        long timestamp = Long.parseLong(text);
        long age = clock.instant().getEpochSecond() - timestamp;
        if (age > tolerance.toSeconds()) {
            throw new WebhookVerificationException("webhook-timestamp is too old");
        }
        if (-age > tolerance.toSeconds()) {
            throw new WebhookVerificationException("webhook-timestamp is in the future");
        }
        return timestamp;
    }

    /** Compares all with all, each in constant time; how long it takes says how many there are, and nothing about the keys. */
    private boolean isSigned(String id, long timestamp, byte[] body, String signatures) {
        List<byte[]> given = new ArrayList<>();
        for (String signature : signatures.split(" ", MAX_SIGNATURES + 1)) {
            if (signature.startsWith(WebhookKey.VERSION) && given.size() < MAX_SIGNATURES) {
                byte[] bytes = decoded(signature.substring(WebhookKey.VERSION.length()));
                if (bytes != null) {
                    given.add(bytes);
                }
            }
        }
        boolean found = false;
        for (WebhookKey key : keys) {
            byte[] wanted = key.mac(id, timestamp, body);
            for (byte[] signature : given) {
                found |= MessageDigest.isEqual(wanted, signature);
            }
        }
        return found;
    }

    private static byte @Nullable [] decoded(String base64) {
        try {
            return Base64.getDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    /** The ids of late, the oldest first. */
    private static final class ReplayCache {
        private final LinkedHashMap<String, Long> ids = new LinkedHashMap<>();
        private final int max;
        private final long seconds;

        ReplayCache(int max, long seconds) {
            this.max = max;
            this.seconds = seconds;
        }

        synchronized boolean add(String id, long now) {
            for (Iterator<Long> oldest = ids.values().iterator(); oldest.hasNext() && now - oldest.next() > seconds; ) {
                oldest.remove();
            }
            if (ids.putIfAbsent(id, now) != null) {
                return false;
            }
            if (ids.size() > max) {
                ids.remove(ids.keySet().iterator().next());
            }
            return true;
        }

        synchronized void remove(String id) {
            ids.remove(id);
        }
    }

    /** Builds verifiers. Not thread-safe. */
    public static final class Builder {
        private final List<WebhookKey> keys = new ArrayList<>();
        private Duration tolerance = Duration.ofMinutes(5);
        private InstantSource clock = InstantSource.system();
        private int replayCache;

        private Builder() {}

        /** Adds a secret, {@code whsec_} and Base64; while secrets are rotated there are two. At least one is required. */
        public Builder secret(Secret secret) {
            keys.add(WebhookKey.of(secret));
            return this;
        }

        /** Sets how far a webhook's time may be from now, in both directions. Default: 5 min. */
        public Builder tolerance(Duration tolerance) {
            if (tolerance.isNegative()) {
                throw new IllegalArgumentException("tolerance must not be negative, but is " + tolerance);
            }
            this.tolerance = tolerance;
            return this;
        }

        /** Sets what time it is. Default: the system's clock. */
        public Builder clock(InstantSource clock) {
            this.clock = Objects.requireNonNull(clock, "clock");
            return this;
        }

        /**
         * Refuses an id that came before within the tolerance, of the last so many. Default: 0, none: a sender that had no answer sends the
         * same id again, and whoever makes processing idempotent by the id needs no cache.
         */
        public Builder replayCache(int ids) {
            if (ids < 0) {
                throw new IllegalArgumentException("replayCache must not be negative, but is " + ids);
            }
            this.replayCache = ids;
            return this;
        }

        /** Returns the verifier. */
        public WebhookVerifier build() {
            if (keys.isEmpty()) {
                throw new IllegalArgumentException("secret must be set");
            }
            return new WebhookVerifier(this);
        }
    }
}
