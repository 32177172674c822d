package io.pythia.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/**
 * A place in the source. Immutable.
 *
 * @param position the lasting one: a cursor, an offset, a time; null at the beginning
 * @param page that within one round over all pages: the next page's URL, token or number; null at the beginning of a round
 * @param known what is known of the first page of a round, or of the page at the position: while it is the same, there is nothing new
 * @param pending what will be known when the round that is under way has ended
 */
record PollCursor(@Nullable String position, @Nullable String page, Validators known, Validators pending) {
    static final PollCursor START = new PollCursor(null, null, Validators.NONE, Validators.NONE);

    /** What a page is recognized by: {@code ETag}, {@code Last-Modified}, and a hash of the body. */
    record Validators(
            @Nullable String etag,
            @Nullable String lastModified,
            @Nullable String hash) {
        static final Validators NONE = new Validators(null, null, null);

        void write(ObjectNode node) {
            node.put("etag", etag).put("lastModified", lastModified).put("hash", hash);
        }

        static Validators read(JsonNode node) {
            return new Validators(text(node, "etag"), text(node, "lastModified"), text(node, "hash"));
        }
    }

    /** Returns the beginning of the next round, in which the page that was seen first is known. */
    PollCursor roundEnded(Validators ofThisPage) {
        return new PollCursor(position, null, page == null ? ofThisPage : pending, Validators.NONE);
    }

    /** Returns the beginning of the next round after a page that could not be read: behind it nothing was seen, so all must be asked for. */
    PollCursor roundBrokenOff(Validators ofThisPage) {
        return new PollCursor(position, null, page == null ? ofThisPage : Validators.NONE, Validators.NONE);
    }

    /** Returns the next page of the round. */
    PollCursor onPage(String next, Validators ofThisPage) {
        return new PollCursor(position, next, known, page == null ? ofThisPage : pending);
    }

    /** Returns another position, of which nothing is known. */
    PollCursor at(String next) {
        return new PollCursor(next, null, Validators.NONE, Validators.NONE);
    }

    /** Without the place: a next page's URL, or its token, may be as good as a password. */
    @Override
    public String toString() {
        return "PollCursor[hasPosition=" + (position != null) + ", hasPage=" + (page != null) + "]";
    }

    void write(ObjectNode node) {
        node.put("position", position).put("page", page);
        known.write(node.putObject("known"));
        pending.write(node.putObject("pending"));
    }

    static PollCursor read(JsonNode node) {
        return new PollCursor(
                text(node, "position"),
                text(node, "page"),
                Validators.read(node.path("known")),
                Validators.read(node.path("pending")));
    }

    private static @Nullable String text(JsonNode node, String name) {
        JsonNode value = node.path(name);
        return value.isTextual() ? value.asText() : null;
    }
}
