package io.pythia.http;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.regex.Pattern;
import okhttp3.HttpUrl;

/** Reads URLs strictly: what another parser might read in another way is refused. Errors never have the URL, which may be secret. */
final class Urls {
    private static final Pattern V4 = Pattern.compile("(0|[1-9][0-9]{0,2})(\\.(0|[1-9][0-9]{0,2})){3}");
    private static final Pattern NUMBER = Pattern.compile("[0-9]+|0[xX][0-9a-fA-F]*");
    private static final Pattern HOST = Pattern.compile("[A-Za-z0-9._-]+");
    private static final int MAX_LENGTH = 8_192;

    private Urls() {}

    /**
     * Returns a URL that may be requested.
     *
     * @param setting where it stands, for the error
     * @throws IllegalArgumentException that says what is wrong
     */
    static HttpUrl parse(String setting, String text, boolean allowPlainHttp, AddressGuard guard) {
        String lower = text.toLowerCase(Locale.ROOT);
        boolean plain = lower.startsWith("http://");
        require(plain || lower.startsWith("https://"), setting, "must begin with https://");
        require(
                !plain || allowPlainHttp,
                setting,
                "must begin with https://; allowPlainHttp allows http:// where nobody can listen in");
        require(text.length() <= MAX_LENGTH, setting, "must not be longer than " + MAX_LENGTH + " characters");
        require(
                text.chars().noneMatch(c -> c <= ' ' || c == 0x7f || c == '\\' || c == '#'),
                setting,
                "must have no blank, control character, backslash or #");
        String authority = authority(text.substring(plain ? 7 : 8));
        require(
                authority.indexOf('@') < 0,
                setting,
                "must have no user or password before the host: they would be sent in the clear to wherever it leads");
        checkHost(setting, authority);
        HttpUrl url = HttpUrl.parse(text);
        require(url != null, setting, "is no URL that can be requested");
        java.util.Objects.requireNonNull(url);
        checkLiteral(setting, url, guard);
        return url;
    }

    private static String authority(String rest) {
        int end = 0;
        while (end < rest.length() && "/?".indexOf(rest.charAt(end)) < 0) {
            end++;
        }
        return rest.substring(0, end);
    }

    private static void checkHost(String setting, String authority) {
        if (authority.startsWith("[")) {
            return; // HttpUrl takes only an address between the brackets
        }
        String host = authority.replaceFirst(":[0-9]{1,5}$", "");
        require(
                !host.isEmpty() && HOST.matcher(host).matches(),
                setting,
                "must have a host of plain ASCII letters, digits, dots and hyphens"
                        + " (write an international name in its xn-- form), and a port of digits");
        String[] labels = host.split("\\.", -1);
        String last = labels[labels.length - 1];
        require(
                !last.isEmpty()
                        && (!NUMBER.matcher(last).matches() || V4.matcher(host).matches()),
                setting,
                "must have a name as its host, or an address in its usual form, not a number");
    }

    /** A name is checked when it is looked up; the client does not look up an address. */
    private static void checkLiteral(String setting, HttpUrl url, AddressGuard guard) {
        String host = url.host();
        if (host.indexOf(':') >= 0 || V4.matcher(host).matches()) {
            try {
                guard.check(host, InetAddress.getByName(host));
            } catch (UnknownHostException e) {
                throw new IllegalArgumentException(setting + " can't be used: " + e.getMessage(), e);
            }
        }
    }

    private static void require(boolean ok, String setting, String problem) {
        if (!ok) {
            throw new IllegalArgumentException(setting + " " + problem);
        }
    }

    /** Returns scheme, host and port: what may be shown of the URL of a webhook, whose path and query are often its only secret. */
    static String origin(HttpUrl url) {
        return url.newBuilder().encodedPath("/").query(null).build().toString().replaceFirst("/$", "");
    }

    /** Returns the URL without its query: what may be shown of the URL of a poller. */
    static String withoutQuery(HttpUrl url) {
        return url.newBuilder().query(null).build().toString();
    }
}
