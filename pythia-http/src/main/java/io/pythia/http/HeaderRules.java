package io.pythia.http;

import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** What a request header may be. The client itself lets some of it through, and puts the value into the text of its error. */
final class HeaderRules {
    private static final String TOKEN_SIGNS = "!#$%&'*+-.^_`|~";
    private static final int MAX_HEADERS = 64;
    private static final int MAX_NAME = 256;
    private static final int MAX_VALUE = 8_192;

    /** Headers of the connection, which only the client may set: a second {@code Content-Length} smuggles a request. */
    private static final Set<String> CONNECTION = Set.of(
            "host",
            "content-length",
            "transfer-encoding",
            "connection",
            "keep-alive",
            "proxy-connection",
            "proxy-authorization",
            "proxy-authenticate",
            "te",
            "trailer",
            "upgrade",
            "expect",
            "http2-settings",
            "accept-encoding",
            "content-encoding");

    /** What a receiver trusts. */
    private static final Set<String> SIGNATURE = Set.of("webhook-id", "webhook-timestamp", "webhook-signature");

    private HeaderRules() {}

    /**
     * Checks the headers of a request.
     *
     * @throws IllegalArgumentException that names the header, never its value
     */
    static Map<String, String> check(Map<String, String> headers) {
        require(headers.size() <= MAX_HEADERS, "headers", "must not be more than " + MAX_HEADERS);
        headers.forEach(HeaderRules::check);
        return Map.copyOf(headers);
    }

    static void check(String name, String value) {
        checkName(name);
        require(
                value.length() <= MAX_VALUE && isVisible(value) && value.equals(value.strip()),
                "header " + name,
                "must have a value of at most " + MAX_VALUE
                        + " visible ASCII characters, blanks and tabs between them");
    }

    /** Checks a name alone: of a message's header that is to be sent along. */
    static void checkName(String name) {
        require(isToken(name), "header " + shown(name), "must have a name of letters, digits and " + TOKEN_SIGNS);
        String lower = name.toLowerCase(Locale.ROOT);
        require(!CONNECTION.contains(lower), "header " + name, "is set by the client alone");
        require(!SIGNATURE.contains(lower), "header " + name, "is set by this library alone: receivers trust it");
    }

    private static boolean isToken(String name) {
        return !name.isEmpty()
                && name.length() <= MAX_NAME
                && name.chars()
                        .allMatch(c -> (c >= 'a' && c <= 'z')
                                || (c >= 'A' && c <= 'Z')
                                || (c >= '0' && c <= '9')
                                || TOKEN_SIGNS.indexOf(c) >= 0);
    }

    private static boolean isVisible(String value) {
        return value.chars().allMatch(c -> c == '\t' || (c >= ' ' && c < 0x7f));
    }

    /** A name that is none may hold anything. */
    private static String shown(String name) {
        String clean = name.replaceAll("[^\\x21-\\x7e]", "?");
        return "\"" + (clean.length() > 40 ? clean.substring(0, 40) + "..." : clean) + "\"";
    }

    private static void require(boolean ok, String what, String problem) {
        if (!ok) {
            throw new IllegalArgumentException(what + " " + problem);
        }
    }
}
