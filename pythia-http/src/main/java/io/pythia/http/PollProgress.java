package io.pythia.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which place may be stored: the one behind the last page of which, and of all pages before which, every message was acknowledged. And what
 * was acknowledged beyond it, so that it is not delivered again. Thread-safe.
 */
final class PollProgress {
    private static final int VERSION = 1;

    /** A page of which not all is acknowledged, or that stands behind one; with those behind it that brought nothing new. */
    static final class OpenPage {
        private PollCursor after;
        /** The oldest first, each once. */
        private final LinkedHashSet<String> ids = new LinkedHashSet<>();

        private final List<String> fingerprints = new ArrayList<>();
        private int open;

        OpenPage(PollCursor after) {
            this.after = after;
        }
    }

    private final int maxSeen;
    private final ArrayDeque<OpenPage> pages = new ArrayDeque<>();
    /** Fingerprints of what was delivered and is not acknowledged. */
    private final Set<String> delivered = new HashSet<>();
    /** Fingerprints of what is acknowledged in pages that are open. */
    private final Set<String> ackedBeyond = new HashSet<>();
    /** The same of an earlier session, as long as it has not come again: its pages have not all been read yet. */
    private final Set<String> restored = new HashSet<>();
    /** Fingerprints of ids that were acknowledged of late, the oldest first. */
    private final LinkedHashSet<String> seen = new LinkedHashSet<>();

    private PollCursor stored;
    private long version;

    private PollProgress(int maxSeen, PollCursor stored) {
        this.maxSeen = maxSeen;
        this.stored = stored;
    }

    /**
     * Returns the progress that a text has.
     *
     * @param state null if there is none yet
     * @param maxSeen how many ids are kept to recognize items by
     * @throws JsonProcessingException if the text is none of ours
     */
    static PollProgress read(@Nullable String state, int maxSeen) throws JsonProcessingException {
        if (state == null) {
            return new PollProgress(maxSeen, PollCursor.START);
        }
        JsonNode root = Json.MAPPER.readTree(state);
        if (root.path("version").asInt() != VERSION) {
            throw new JsonProcessingException("it has no version that is known here") {
                private static final long serialVersionUID = 1L;
            };
        }
        PollProgress progress = new PollProgress(maxSeen, PollCursor.read(root.path("cursor")));
        root.path("seen").forEach(node -> progress.remember(node.asText()));
        root.path("acked").forEach(node -> progress.restored.add(node.asText()));
        return progress;
    }

    /** Returns what is to be stored now. */
    synchronized String write() {
        ObjectNode root = Json.MAPPER.createObjectNode().put("version", VERSION);
        stored.write(root.putObject("cursor"));
        write(root, "seen", seen);
        Set<String> acked = new HashSet<>(ackedBeyond);
        acked.addAll(restored);
        write(root, "acked", acked);
        return root.toString();
    }

    private static void write(ObjectNode root, String name, Collection<String> fingerprints) {
        if (!fingerprints.isEmpty()) {
            fingerprints.forEach(root.putArray(name)::add);
        }
    }

    /** Returns a number that changes whenever what is to be stored does. */
    synchronized long version() {
        return version;
    }

    /** Returns the place behind all pages that are complete. */
    synchronized PollCursor stored() {
        return stored;
    }

    /** Returns whether an item has been acknowledged, or is with the application. */
    synchronized boolean isKnown(String fingerprint) {
        return delivered.contains(fingerprint)
                || ackedBeyond.contains(fingerprint)
                || restored.contains(fingerprint)
                || seen.contains(fingerprint);
    }

    /** Enters an item that is about to be delivered. */
    synchronized void deliver(PolledMessage message) {
        delivered.add(message.fingerprint);
        message.page.open++;
        message.page.fingerprints.add(message.fingerprint);
        if (message.hasExplicitId()) {
            message.page.ids.add(message.fingerprint);
        }
    }

    /** Enters an item that is known, and so is not delivered. */
    synchronized void skip(OpenPage page, String fingerprint, boolean hasId) {
        if (restored.remove(fingerprint)) {
            ackedBeyond.add(fingerprint);
            page.fingerprints.add(fingerprint);
        }
        if (hasId) {
            page.ids.add(fingerprint);
        }
    }

    /** All pages have been read that an earlier session had: of what it acknowledged, what has not come again is gone or has changed. */
    synchronized void forgetRestored() {
        restored.clear();
    }

    /** Enters a page whose items have been entered. */
    synchronized void add(OpenPage page) {
        OpenPage last = pages.peekLast();
        if (last != null && page.open == 0) {
            last.after = page.after;
            last.fingerprints.addAll(page.fingerprints);
            last.ids.removeAll(page.ids);
            last.ids.addAll(page.ids);
            trim(last.ids);
        } else {
            pages.add(page);
            complete();
        }
    }

    /** Removes the oldest, which are first. */
    private void trim(Set<String> fingerprints) {
        Iterator<String> oldest = fingerprints.iterator();
        for (int excess = fingerprints.size() - maxSeen; excess > 0; excess--) {
            oldest.next();
            oldest.remove();
        }
    }

    /** Enters an acknowledgement; a second one changes nothing. */
    synchronized void ack(PolledMessage message) {
        if (message.acked) {
            return;
        }
        message.acked = true;
        message.page.open--;
        delivered.remove(message.fingerprint);
        ackedBeyond.add(message.fingerprint);
        version++;
        complete();
    }

    private void complete() {
        for (OpenPage first = pages.peek(); first != null && first.open == 0; first = pages.peek()) {
            pages.remove();
            stored = first.after;
            version++;
            first.ids.forEach(this::remember);
            first.fingerprints.forEach(ackedBeyond::remove);
        }
    }

    private void remember(String fingerprint) {
        seen.remove(fingerprint);
        seen.add(fingerprint);
        trim(seen);
    }

    /** Returns how many acknowledged messages are kept because an earlier one is unsettled. */
    synchronized int ackedBeyond() {
        return ackedBeyond.size();
    }

    /** Returns how many pages, and ids of theirs, are kept because an earlier message is unsettled. */
    synchronized int kept() {
        return pages.stream().mapToInt(page -> 1 + page.ids.size()).sum();
    }

    /** Returns how many messages are with the application or wait for it. */
    synchronized int open() {
        return delivered.size();
    }
}
