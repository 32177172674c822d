package io.pythia.cloud.gcp;

import io.pythia.Headers;
import io.pythia.internal.Utf8;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Headers as attributes, which have no order, one text for each name, and names of their own. A header is an attribute of its name and
 * text; a further one of the same name, one whose bytes are no text, or one whose name is reserved gets a name that says so:
 * {@code pythia-h1:name} for the second text, {@code pythia-b0:name} for bytes in Base64. If the order of the headers is not that of the
 * attributes' names, {@code pythia-order} has the places.
 */
final class Attributes {
    /** Carries an id that the sender chose. */
    static final String ID = "pythia-id";
    /** Carries a key that is not the ordering key. */
    static final String KEY = "pythia-key";
    /** Carries the places of the headers among the sorted names of their attributes. */
    static final String ORDER = "pythia-order";
    /** Stands for a body that is empty: the service takes no message with nothing in it. */
    static final String EMPTY = "pythia-empty";

    private static final int MAX_NAME = 256;
    private static final int MAX_VALUE = 1_024;
    private static final int MAX_COUNT = 100;
    private static final String MARK = "pythia-";
    private static final String GOOGLES = "goog";
    private static final Set<String> OURS = Set.of(ID, KEY, ORDER, EMPTY);

    private Attributes() {}

    /**
     * Adds headers to attributes.
     *
     * @throws IllegalArgumentException if they don't fit, with the name at fault and never a value
     */
    static void write(Headers headers, Map<String, String> attributes) {
        if (headers.isEmpty()) {
            return;
        }
        List<String> names = new ArrayList<>(headers.size());
        Map<String, Integer> seen = new HashMap<>();
        for (Headers.Header header : headers) {
            int number = seen.merge(header.name(), 1, Integer::sum) - 1;
            String text = Utf8.decode(header.value());
            boolean plain = text != null && number == 0 && !isReserved(header.name());
            String name = plain ? header.name() : MARK + (text == null ? 'b' : 'h') + number + ':' + header.name();
            put(attributes, name, text == null ? Base64.getEncoder().encodeToString(header.value()) : text);
            names.add(name);
        }
        List<String> sorted = new ArrayList<>(new TreeSet<>(names));
        if (!sorted.equals(names)) {
            StringBuilder places = new StringBuilder();
            names.forEach(name -> places.append(places.isEmpty() ? "" : ",").append(sorted.indexOf(name)));
            put(attributes, ORDER, places.toString());
        }
        if (attributes.size() > MAX_COUNT - 3) { // room for id, key and the mark of an empty body
            throw new IllegalArgumentException("more than " + (MAX_COUNT - 3) + " headers don't fit into a message");
        }
    }

    /** Adds an attribute. */
    static void put(Map<String, String> attributes, String name, String value) {
        if (isLonger(name, MAX_NAME)) {
            throw new IllegalArgumentException(
                    "a header's name of " + name.length() + " characters is too long: an attribute has 256 bytes");
        }
        if (isLonger(value, MAX_VALUE)) {
            throw new IllegalArgumentException(
                    "the value of " + name + " is too long: an attribute has 1024 bytes at most");
        }
        attributes.put(name, value);
    }

    /** Returns the headers: in the sender's order if it is this library, else by name. */
    static Headers read(Map<String, String> attributes) {
        List<String> names = new ArrayList<>(new TreeSet<>(attributes.keySet()));
        names.removeIf(name -> OURS.contains(name) || name.isEmpty());
        if (names.isEmpty()) {
            return Headers.empty();
        }
        Headers.Builder headers = Headers.builder();
        for (String name : inOrder(names, attributes.get(ORDER))) {
            add(headers, name, String.valueOf(attributes.get(name)));
        }
        return headers.build();
    }

    private static void add(Headers.Builder headers, String name, String value) {
        int colon = name.startsWith(MARK) ? name.indexOf(':') : -1;
        if (colon > MARK.length() + 1 && colon < name.length() - 1 && isMark(name, colon)) {
            String original = name.substring(colon + 1);
            if (name.charAt(MARK.length()) == 'h') {
                headers.add(original, value);
                return;
            }
            try {
                headers.add(original, Base64.getDecoder().decode(value));
                return;
            } catch (IllegalArgumentException e) {
                // of another program: it stays as it is
            }
        }
        headers.add(name, value);
    }

    /** Returns whether what stands between {@code pythia-} and the colon is h or b with a number. */
    private static boolean isMark(String name, int colon) {
        char kind = name.charAt(MARK.length());
        return (kind == 'h' || kind == 'b')
                && name.substring(MARK.length() + 1, colon).chars().allMatch(Character::isDigit);
    }

    private static List<String> inOrder(List<String> sorted, @Nullable String order) {
        if (order == null) {
            return sorted;
        }
        String[] places = order.split(",", -1);
        List<String> ordered = new ArrayList<>(sorted.size());
        boolean[] taken = new boolean[sorted.size()];
        for (String each : places) {
            int place = number(each);
            if (place < 0 || place >= taken.length || taken[place]) {
                return sorted; // somebody on the way has changed the attributes
            }
            taken[place] = true;
            ordered.add(sorted.get(place));
        }
        return ordered.size() == sorted.size() ? ordered : sorted;
    }

    private static int number(String text) {
        return text.length() >= 1 && text.length() <= 3 && text.chars().allMatch(c -> c >= '0' && c <= '9')
                ? Integer.parseInt(text)
                : -1;
    }

    private static boolean isReserved(String name) {
        int colon = name.startsWith(MARK) ? name.indexOf(':') : -1;
        return OURS.contains(name) || name.startsWith(GOOGLES) || (colon > MARK.length() + 1 && isMark(name, colon));
    }

    static boolean isLonger(String text, int bytes) {
        return text.length() > bytes
                || (text.length() > bytes / 3 && text.getBytes(StandardCharsets.UTF_8).length > bytes);
    }
}
