package io.pythia.http;

import io.pythia.Headers;
import java.util.Locale;
import okhttp3.HttpUrl;
import org.jspecify.annotations.Nullable;

/** Reads the header {@code Link} (RFC 8288). */
final class LinkHeader {
    private static final int MAX_LENGTH = 16_384;

    private LinkHeader() {}

    /** Returns the URL of the next page, absolute; null if none is named. */
    static @Nullable String next(HttpUrl base, Headers headers) {
        for (String value : headers.all("link")) {
            String next = value.length() > MAX_LENGTH ? null : next(value);
            HttpUrl resolved = next == null ? null : base.resolve(next);
            if (resolved != null) {
                return resolved.toString();
            }
        }
        return null;
    }

    private static @Nullable String next(String value) {
        for (int at = value.indexOf('<'); at >= 0; at = value.indexOf('<', at + 1)) {
            int end = value.indexOf('>', at);
            if (end < 0) {
                return null;
            }
            int nextLink = endOfParameters(value, end + 1);
            if (isNext(value.substring(end + 1, nextLink))) {
                return value.substring(at + 1, end);
            }
            at = Math.max(at, nextLink - 1);
        }
        return null;
    }

    /** A comma ends the parameters of a link, but not one between quotes. */
    private static int endOfParameters(String value, int from) {
        boolean quoted = false;
        for (int i = from; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '"') {
                quoted = !quoted;
            } else if (c == ',' && !quoted) {
                return i;
            }
        }
        return value.length();
    }

    private static boolean isNext(String parameters) {
        for (String parameter : parameters.split(";", -1)) {
            String[] parts = parameter.split("=", 2);
            if (parts.length == 2 && parts[0].strip().equalsIgnoreCase("rel")) {
                String names = parts[1].strip().replace("\"", "").toLowerCase(Locale.ROOT);
                return (" " + names + " ").contains(" next ");
            }
        }
        return false;
    }
}
