package io.pythia.spi;

import io.pythia.ConfigException;
import io.pythia.Secret;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A URL of a consumer or producer, taken apart strictly: what is odd is refused, since a lenient parser sends credentials to another host.
 * Two forms: {@code kafka://h1:9092,h2:9092/orders?consumer-group=g} and {@code memory:orders?consumer-group=g}. In the second, what is
 * between the scheme and the settings is the connector's own; if that is a URL itself, its settings stand in the fragment:
 * {@code http-poller:https://api.example.com/events?limit=5#poll-interval=30s}.
 *
 * <p>No message and no {@link #toString} ever has the password, or the text that was refused.
 *
 * @param scheme the name of the connector, lower case
 * @param user the user, null for none
 * @param password the password, null for none
 * @param hosts the hosts with their ports, as they stand there; empty in the second form
 * @param path the segments of the path, decoded; in the second form a single one, as it stands there
 * @param settings the settings, decoded
 */
public record BrokerUri(
        String scheme,
        @Nullable String user,
        @Nullable Secret password,
        List<String> hosts,
        List<String> path,
        Map<String, String> settings) {

    private static final Pattern SCHEME = Pattern.compile("[a-z][a-z0-9-]{0,40}");
    private static final Pattern HOST =
            Pattern.compile("(\\[[0-9a-fA-F:.]{2,50}]|[A-Za-z0-9._-]{1,255})(:[0-9]{1,5})?");
    private static final int MAX_PORT = 65_535;

    /**
     * Takes a URL apart.
     *
     * @throws ConfigException that says what is wrong, without the URL
     */
    public static BrokerUri parse(String url) {
        int colon = url.indexOf(':');
        if (colon <= 0) {
            throw bad(
                    "it must begin with the name of a connector and a colon, for instance kafka://localhost:9092/orders");
        }
        String scheme = url.substring(0, colon).toLowerCase(Locale.ROOT);
        if (!SCHEME.matcher(scheme).matches()) {
            throw bad("the name of a connector has only letters, digits and hyphens");
        }
        if (url.chars().anyMatch(c -> Character.isISOControl(c) || Character.isWhitespace(c))) {
            throw bad("it must not have blanks or control characters; write them as %20 and so on");
        }
        String rest = url.substring(colon + 1);
        return rest.startsWith("//") ? hierarchical(scheme, rest.substring(2)) : opaque(scheme, rest);
    }

    private static BrokerUri opaque(String scheme, String rest) {
        int fragment = rest.indexOf('#');
        if (fragment >= 0) {
            return new BrokerUri(
                    scheme,
                    null,
                    null,
                    List.of(),
                    List.of(rest.substring(0, fragment)),
                    query(rest.substring(fragment + 1)));
        }
        int first = rest.indexOf('?');
        boolean isUrl = (first < 0 ? rest : rest.substring(0, first)).contains("://");
        int question = isUrl ? -1 : first;
        String name = question < 0 ? rest : rest.substring(0, question);
        return new BrokerUri(
                scheme,
                null,
                null,
                List.of(),
                name.isEmpty() ? List.of() : List.of(isUrl ? name : decode(name)),
                question < 0 ? Map.of() : query(rest.substring(question + 1)));
    }

    private static BrokerUri hierarchical(String scheme, String rest) {
        if (rest.indexOf('#') >= 0) {
            throw bad("it must not have a fragment; write # as %23");
        }
        int question = rest.indexOf('?');
        String beforeQuery = question < 0 ? rest : rest.substring(0, question);
        int slash = beforeQuery.indexOf('/');
        String authority = slash < 0 ? beforeQuery : beforeQuery.substring(0, slash);
        int at = authority.indexOf('@');
        if (at != authority.lastIndexOf('@')
                || beforeQuery.substring(authority.length()).contains("@")) {
            throw bad("it has a second @; in a user name or a password write it as %40, in a path too");
        }
        String user = null;
        Secret password = null;
        if (at >= 0) {
            String[] parts = authority.substring(0, at).split(":", -1);
            if (parts.length > 2 || parts[0].isEmpty()) {
                throw bad("before the @ stands user:password; a colon in one of them is written as %3A");
            }
            user = decode(parts[0]);
            password = parts.length == 2 ? Secret.of(decode(parts[1])) : null;
        }
        return new BrokerUri(
                scheme,
                user,
                password,
                hosts(authority.substring(at + 1)),
                segments(slash < 0 ? "" : beforeQuery.substring(slash + 1)),
                question < 0 ? Map.of() : query(rest.substring(question + 1)));
    }

    private static List<String> hosts(String text) {
        List<String> hosts = new ArrayList<>();
        for (String host : text.isEmpty() ? new String[0] : text.split(",", -1)) {
            if (!HOST.matcher(host).matches()) {
                throw bad(
                        "each host is host:port, with commas between them; IPv6 in brackets; is a / before the path missing?");
            }
            int colon = host.lastIndexOf(':');
            boolean hasPort = colon > host.lastIndexOf(']') && colon >= 0;
            if (hasPort
                    && (Integer.parseInt(host.substring(colon + 1)) > MAX_PORT
                            || Integer.parseInt(host.substring(colon + 1)) == 0)) {
                throw bad("a port is between 1 and " + MAX_PORT);
            }
            hosts.add(host);
        }
        return List.copyOf(hosts);
    }

    private static List<String> segments(String path) {
        List<String> segments = new ArrayList<>();
        for (String segment : path.isEmpty() ? new String[0] : path.split("/", -1)) {
            segments.add(decode(segment));
        }
        return List.copyOf(segments);
    }

    private static Map<String, String> query(String query) {
        Map<String, String> settings = new LinkedHashMap<>();
        for (String pair : query.isEmpty() ? new String[0] : query.split("&", -1)) {
            int equals = pair.indexOf('=');
            if (equals <= 0) {
                throw bad("its settings are name=value, with & between them");
            }
            String key = decode(pair.substring(0, equals));
            if (settings.put(key, decode(pair.substring(equals + 1))) != null) {
                throw bad("the setting " + Conversions.shown(key) + " is there twice");
            }
        }
        return settings;
    }

    /** Decodes percent signs; a plus is a plus. */
    private static String decode(String text) {
        if (text.indexOf('%') < 0) {
            return text;
        }
        try {
            ByteBuffer given = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
            ByteBuffer bytes = ByteBuffer.allocate(given.remaining());
            while (given.hasRemaining()) {
                byte next = given.get();
                bytes.put(next == '%' ? hexadecimal(given) : next);
            }
            return StandardCharsets.UTF_8.newDecoder().decode(bytes.flip()).toString();
        } catch (CharacterCodingException e) {
            throw bad("what stands behind % is not UTF-8");
        }
    }

    private static byte hexadecimal(ByteBuffer given) {
        int high = given.hasRemaining() ? Character.digit(given.get(), 16) : -1;
        int low = given.hasRemaining() ? Character.digit(given.get(), 16) : -1;
        if (high < 0 || low < 0) {
            throw bad("a % is followed by two hexadecimal digits; a plain one is written as %25");
        }
        return (byte) (high * 16 + low);
    }

    private static ConfigException bad(String problem) {
        return new ConfigException("the URL can't be used", problem);
    }

    /** Returns hosts and ports with commas between, empty if there are none. */
    public String hostList() {
        return String.join(",", hosts);
    }

    /** Returns the path as it was, decoded, without its first slash. */
    public String pathText() {
        return String.join("/", path);
    }

    /** Returns the URL without password and settings. */
    @Override
    public String toString() {
        return scheme + ":" + (hosts.isEmpty() ? "" : "//" + (user == null ? "" : user + "@") + hostList() + "/")
                + (pathText().contains("@") ? "***" : pathText());
    }
}
