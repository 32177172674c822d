package io.pythia.http;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import io.pythia.BrokerException;
import io.pythia.http.Extraction.Extracted;
import io.pythia.http.PollCursor.Validators;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import okhttp3.HttpUrl;
import org.jspecify.annotations.Nullable;

/**
 * How a source that does not fit into one answer is read. A <em>position</em> lasts: the next poll goes on there, and only what is new comes.
 * A <em>round</em> begins at the first page each time, if that has changed: it is for lists with the newest first. Give the items ids, so
 * that those that came before are left out. Immutable and thread-safe.
 */
public final class Pagination {
    /** A page that was fetched. */
    record Page(HttpUrl url, PollResponse response, List<Extracted> items, Validators validators) {
        /** Returns whether it is something else than a page, such as what a proxy says in the service's place. */
        boolean isUnreadable() {
            return items.size() == 1 && items.get(0).isWholeAnswer();
        }

        /** Without the URL, whose query may be secret. */
        @Override
        public String toString() {
            return "Page[" + response + ", items=" + items.size() + "]";
        }
    }

    /**
     * Where to go on.
     *
     * @param more whether to go on at once
     */
    record Step(PollCursor cursor, boolean more) {}

    private interface Mode {
        HttpUrl url(HttpUrl base, PollCursor at);

        Step next(HttpUrl base, PollCursor at, Page page);
    }

    private final Mode mode;
    private final @Nullable JsonPointer sincePointer;

    private Pagination(Mode mode, @Nullable JsonPointer sincePointer) {
        this.mode = mode;
        this.sincePointer = sincePointer;
    }

    /** Returns that one answer has all. */
    public static Pagination none() {
        return new Pagination(new Rounds(null, (at, page) -> null), null);
    }

    /** Returns rounds over pages, each of which names the next in its header {@code Link} with {@code rel="next"} (RFC 8288). */
    public static Pagination link() {
        return new Pagination(
                new Rounds(
                        null,
                        (at, page) ->
                                LinkHeader.next(page.url(), page.response().headers())),
                null);
    }

    /**
     * Returns rounds over pages, each of which has the token of the next; the last has none.
     *
     * @param pointer where it stands in the answer, a JSON pointer
     * @param parameter of the URL in which it is sent
     */
    public static Pagination pageToken(String pointer, String parameter) {
        JsonPointer compiled = Json.pointer("the pointer of the page token", pointer);
        return new Pagination(new Rounds(parameter, (at, page) -> value(page.response(), compiled)), null);
    }

    /** Returns rounds over numbered pages; the first that has no item ends the round. */
    public static Pagination page(String parameter, int first) {
        return new Pagination(
                new Rounds(
                        parameter,
                        (at, page) -> page.items().isEmpty() || page.isUnreadable()
                                ? null
                                : Long.toString((at.page() == null ? first : Long.parseLong(at.page())) + 1)),
                null);
    }

    /**
     * Returns a position: each answer has the cursor from which to go on, also the last one.
     *
     * @param pointer where it stands in the answer, a JSON pointer
     * @param parameter of the URL in which it is sent
     */
    public static Pagination cursor(String pointer, String parameter) {
        JsonPointer compiled = Json.pointer("the pointer of the cursor", pointer);
        return new Pagination(
                new Positions(parameter, Duration.ZERO, (at, page) -> value(page.response(), compiled)), null);
    }

    /** Returns a position that is the number of items read so far: for sources to which is only added. */
    public static Pagination offset(String parameter) {
        return new Pagination(
                new Positions(
                        parameter,
                        Duration.ZERO,
                        (at, page) -> page.isUnreadable()
                                ? at.position() // how many items it would have had nobody knows
                                : Long.toString((at.position() == null ? 0 : Long.parseLong(at.position()))
                                        + page.items().size())),
                null);
    }

    /**
     * Returns a position that is the latest time of an item: ISO-8601 with an offset, or seconds or milliseconds since 1970.
     *
     * @param parameter of the URL in which it is sent
     * @param itemPointer where it stands in an item, a JSON pointer; own extraction functions set {@link PollItem#timestamp}
     * @param overlap by how much earlier each request begins, for items that become visible late: give the items ids, since they come again
     */
    public static Pagination since(String parameter, String itemPointer, Duration overlap) {
        if (overlap.isNegative()) {
            throw new IllegalArgumentException("overlap must not be negative, but is " + overlap);
        }
        return new Pagination(
                new Positions(parameter, overlap, (at, page) -> latest(at.position(), page.items())),
                Json.pointer("the pointer of the time", itemPointer));
    }

    /** Returns the URL to request. */
    HttpUrl url(HttpUrl base, PollCursor at) {
        return mode.url(base, at);
    }

    Step next(HttpUrl base, PollCursor at, Page page) {
        return mode.next(base, at, page);
    }

    @Nullable
    JsonPointer sincePointer() {
        return sincePointer;
    }

    private static @Nullable String latest(@Nullable String soFar, List<Extracted> items) {
        String latest = soFar;
        Instant latestTime = Since.instant(soFar);
        for (Extracted item : items) {
            Instant time = Since.instant(item.since());
            if (time != null && (latestTime == null || time.isAfter(latestTime))) {
                latest = item.since();
                latestTime = time;
            }
        }
        return latest;
    }

    /** An answer that is no JSON is poison and has no cursor: the place stays. */
    private static @Nullable String value(PollResponse response, JsonPointer pointer) {
        try {
            JsonNode root = Json.MAPPER.readTree(response.utf8());
            return Json.text(root, pointer);
        } catch (IOException | IllegalArgumentException e) {
            return null;
        }
    }

    private interface Next {
        @Nullable
        String after(PollCursor at, Page page);
    }

    /** From the first page to the last, then again; without a parameter a page is named by its URL. */
    private record Rounds(@Nullable String parameter, Next nextPage) implements Mode {
        @Override
        public HttpUrl url(HttpUrl base, PollCursor at) {
            if (at.page() == null) {
                return base;
            }
            if (parameter != null) {
                return base.newBuilder().setQueryParameter(parameter, at.page()).build();
            }
            return onSameHost(base, at.page());
        }

        private static HttpUrl onSameHost(HttpUrl base, String page) {
            HttpUrl next = base.resolve(page);
            if (next == null
                    || !next.scheme().equals(base.scheme())
                    || !next.host().equals(base.host())
                    || next.port() != base.port()) {
                throw new BrokerException(
                        "the answer from " + Urls.origin(base)
                                + " names a next page on another host; it is not followed, since it would be given our headers");
            }
            return next;
        }

        @Override
        public Step next(HttpUrl base, PollCursor at, Page page) {
            String next = nextPage.after(at, page);
            if (next == null && page.isUnreadable()) {
                return new Step(at.roundBrokenOff(page.validators()), false);
            }
            if (next == null || next.equals(at.page())) {
                return new Step(at.roundEnded(page.validators()), false);
            }
            if (parameter == null) {
                onSameHost(base, next); // before anything is entered: it must not become the place
            }
            return new Step(at.onPage(next, page.validators()), true);
        }
    }

    /** Ever onward from the position. */
    private record Positions(String parameter, Duration overlap, Next nextPosition) implements Mode {
        @Override
        public HttpUrl url(HttpUrl base, PollCursor at) {
            return at.position() == null
                    ? base
                    : base.newBuilder()
                            .setQueryParameter(parameter, Since.minus(Objects.requireNonNull(at.position()), overlap))
                            .build();
        }

        @Override
        public Step next(HttpUrl base, PollCursor at, Page page) {
            String next = nextPosition.after(at, page);
            if (next == null
                    || next.equals(at.position())
                    || (at.position() == null && page.items().isEmpty() && next.equals("0"))) {
                return new Step(at.roundEnded(page.validators()), false);
            }
            return new Step(at.at(next), !page.items().isEmpty());
        }
    }
}
