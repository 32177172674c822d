package io.pythia.testkit.server.servicebus;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Who is let in: shared-access signatures that are made with the only key, and tokens of Entra ID that were announced. */
final class Access {
    private static final String ALGORITHM = "HmacSHA256";
    private static final long MILLIS = 1000;

    private final String keyName;
    private final String key;
    private final Set<String> tokens = new HashSet<>();

    Access(String keyName, String key) {
        this.keyName = keyName;
        this.key = key;
    }

    /** Lets in whoever has this token of Entra ID. */
    void announce(String token) {
        tokens.add(token);
    }

    /**
     * Returns whether a token lets its bearer in.
     *
     * @param type what it is, as the client says
     */
    boolean allows(String type, String token) {
        return type.equals("jwt") ? tokens.contains(token) : isSigned(token);
    }

    /** Returns whether a token was signed with the key and has not expired. */
    private boolean isSigned(String token) {
        Map<String, String> parts = new HashMap<>();
        for (String part : token.substring(token.indexOf(' ') + 1).split("&", -1)) {
            int equals = part.indexOf('=');
            if (equals > 0) {
                parts.put(part.substring(0, equals), part.substring(equals + 1));
            }
        }
        if (!parts.keySet().containsAll(java.util.List.of("sr", "se", "sig", "skn"))) {
            return false;
        }
        String signed = sign(parts.get("sr") + "\n" + parts.get("se"));
        return signed.equals(decode(parts.get("sig")))
                && keyName.equals(decode(parts.get("skn")))
                && Long.parseLong(parts.getOrDefault("se", "0")) > System.currentTimeMillis() / MILLIS;
    }

    private String sign(String text) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(new SecretKeySpec(key.getBytes(StandardCharsets.UTF_8), ALGORITHM));
            return Base64.getEncoder().encodeToString(mac.doFinal(text.getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the JDK has no " + ALGORITHM, e);
        }
    }

    private static String decode(@org.jspecify.annotations.Nullable String text) {
        return text == null ? "" : URLDecoder.decode(text, StandardCharsets.UTF_8);
    }
}
