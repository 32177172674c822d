package io.pythia.http;

import io.pythia.Secret;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** A key of the Standard Webhooks specification 1.0.0: HMAC-SHA256 over id, timestamp and body. Immutable and thread-safe. */
final class WebhookKey {
    static final String VERSION = "v1,";
    private static final String PREFIX = "whsec_";
    private static final String ALGORITHM = "HmacSHA256";
    private static final int MIN_BYTES = 24;
    private static final int MAX_BYTES = 64;
    private static final int MAX_ID = 256;

    private final SecretKeySpec key;

    private WebhookKey(SecretKeySpec key) {
        this.key = key;
    }

    /**
     * Returns a key.
     *
     * @param secret {@code whsec_} and 24 to 64 bytes in Base64; the prefix may be missing
     * @throws IllegalArgumentException if it is something else; nothing of it is in the text
     */
    static WebhookKey of(Secret secret) {
        String text = secret.reveal();
        byte[] bytes;
        try {
            bytes = Base64.getDecoder().decode(text.startsWith(PREFIX) ? text.substring(PREFIX.length()) : text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("the secret of a webhook must be whsec_ and Base64");
        }
        if (bytes.length < MIN_BYTES || bytes.length > MAX_BYTES) {
            throw new IllegalArgumentException("the secret of a webhook must have " + MIN_BYTES + " to " + MAX_BYTES
                    + " bytes before Base64, but has " + bytes.length);
        }
        return new WebhookKey(new SecretKeySpec(bytes, ALGORITHM));
    }

    /** Returns whether an id can be signed: a dot would let one signature stand for two messages. */
    static boolean isId(String id) {
        return !id.isEmpty() && id.length() <= MAX_ID && id.chars().allMatch(c -> c > ' ' && c < 0x7f && c != '.');
    }

    /**
     * Returns the signature of a message, {@code v1,} and Base64.
     *
     * @param timestamp seconds since 1970
     * @throws IllegalArgumentException if the id can't be signed
     */
    String sign(String id, long timestamp, byte[] body) {
        if (!isId(id)) {
            throw new IllegalArgumentException(
                    "the id of a webhook must have 1 to " + MAX_ID + " visible ASCII characters, and no dot");
        }
        return VERSION + Base64.getEncoder().encodeToString(mac(id, timestamp, body));
    }

    byte[] mac(String id, long timestamp, byte[] body) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(key);
            mac.update((id + "." + timestamp + ".").getBytes(StandardCharsets.UTF_8));
            return mac.doFinal(body);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this JDK has no " + ALGORITHM, e);
        }
    }
}
