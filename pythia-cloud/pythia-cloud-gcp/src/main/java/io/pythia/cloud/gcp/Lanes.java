package io.pythia.cloud.gcp;

import com.google.pubsub.v1.PubsubMessage;
import io.pythia.spi.Outgoing;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Messages on their way to the service. Those of an ordering key go in one request after the other, so that none overtakes another; those
 * without one in several at once, of which each must be the fuller the more there are. What arrives meanwhile is the next request: no
 * timer holds anything back. Thread-safe.
 */
final class Lanes {
    /** A message and what is published for it. */
    record Item(Outgoing outgoing, PubsubMessage message) {}

    /** Messages of one ordering key, which is empty for none. */
    record Request(String key, List<Item> items) {}

    private static final class Lane {
        final Deque<Item> waiting = new ArrayDeque<>();
        long waitingBytes;
        int underWay;

        void add(Item item) {
            waiting.add(item);
            waitingBytes += item.message.getSerializedSize();
        }

        Item remove() {
            Item item = waiting.remove();
            waitingBytes -= item.message.getSerializedSize();
            return item;
        }

        List<Item> removeAll() {
            List<Item> all = List.copyOf(waiting);
            waiting.clear();
            waitingBytes = 0;
            return all;
        }
    }

    private final int maxMessages;
    private final int maxBytes;
    private final int maxRequests;
    private final Map<String, Lane> lanes = new HashMap<>();
    private final Set<Request> underWay = Collections.newSetFromMap(new IdentityHashMap<>());

    /**
     * Creates them, empty.
     *
     * @param maxRequests how many requests without an ordering key are under way at once
     */
    Lanes(int maxMessages, int maxBytes, int maxRequests) {
        this.maxMessages = maxMessages;
        this.maxBytes = maxBytes;
        this.maxRequests = maxRequests;
    }

    /** Adds messages and returns the requests that can be made now. */
    synchronized List<Request> add(List<Item> items) {
        Set<String> touched = new LinkedHashSet<>();
        for (Item item : items) {
            String key = item.message.getOrderingKey();
            lanes.computeIfAbsent(key, k -> new Lane()).add(item);
            touched.add(key);
        }
        List<Request> ready = new ArrayList<>();
        for (String key : touched) {
            for (Request next = next(key); next != null; next = next(key)) {
                ready.add(next);
            }
        }
        return ready;
    }

    private @Nullable Request next(String key) {
        Lane lane = lanes.get(key);
        if (lane == null || lane.waiting.isEmpty() || !mayGo(lane, key.isEmpty() ? maxRequests : 1)) {
            return null;
        }
        List<Item> items = new ArrayList<>();
        long bytes = 0;
        for (Item item = lane.waiting.peek(); item != null; item = lane.waiting.peek()) {
            bytes += item.message.getSerializedSize();
            if (items.size() == maxMessages || (bytes > maxBytes && !items.isEmpty())) {
                break;
            }
            items.add(lane.remove());
        }
        lane.underWay++;
        Request request = new Request(key, items);
        underWay.add(request);
        return request;
    }

    /** The first goes at once; many small ones would cost more than they bring. */
    private boolean mayGo(Lane lane, int most) {
        long share = (long) lane.underWay * lane.underWay;
        long whole = (long) most * most;
        return lane.underWay < most
                && (lane.waiting.size() * whole >= share * maxMessages
                        || lane.waitingBytes * whole >= share * maxBytes);
    }

    /** A request has been answered. Returns the next of its lane, null if none can be made now. */
    synchronized @Nullable Request done(Request request) {
        Lane lane = lanes.get(request.key);
        if (lane == null) {
            return null;
        }
        lane.underWay--;
        underWay.remove(request);
        Request next = next(request.key);
        if (lane.underWay == 0 && lane.waiting.isEmpty()) {
            lanes.remove(request.key);
        }
        return next;
    }

    /** Takes out what waits behind a request of an ordering key that has failed: it must not go before it. */
    synchronized List<Item> takeBehind(Request failed) {
        Lane lane = failed.key.isEmpty() ? null : lanes.get(failed.key);
        if (lane == null) {
            return List.of();
        }
        return lane.removeAll();
    }

    /** Takes out what was published and has no answer. */
    synchronized List<Item> takeUnderWay() {
        List<Item> open = new ArrayList<>();
        underWay.forEach(request -> open.addAll(request.items));
        underWay.clear();
        return open;
    }

    /** Takes out what was not published. */
    synchronized List<Item> takeWaiting() {
        List<Item> all = new ArrayList<>();
        lanes.values().forEach(lane -> all.addAll(lane.removeAll()));
        return all;
    }

    synchronized int size() {
        int size = 0;
        for (Lane lane : lanes.values()) {
            size += lane.waiting.size();
        }
        for (Request request : underWay) {
            size += request.items.size();
        }
        return size;
    }
}
