package io.pythia.redis;

import io.pythia.spi.Received;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Reads that are sent before their messages are wanted, in their order, and what of them was not wanted yet. While there is plenty, the
 * server works on the next ones while the application works on the last one. Only the receiving thread.
 */
final class ReadAhead<R> {
    /** So many that the server, the network and the client's thread each have one to work on, and one is in hand. */
    private static final int READS = 4;

    private final Deque<Begun<R>> underWay = new ArrayDeque<>();
    private List<Received<R>> left = List.of();
    private long leftSince;
    private boolean plenty;

    private record Begun<R>(int asked, Read<R> read, long at) {}

    /** Waits for the answer of a read, and returns what came. */
    interface Read<R> {
        List<Received<R>> await() throws InterruptedException;
    }

    /** Sends a read that does not wait for what is not there. */
    interface Begin<R> {
        Read<R> begin(int max);
    }

    /** Notes what came of a read that was not ahead. */
    void received(int asked, int came) {
        plenty = came == asked;
    }

    /** Sends reads of that size, as long as there is plenty, and no more is asked for than is wanted. */
    void begin(int size, int wanted, Begin<R> begin) {
        int free =
                wanted - left.size() - underWay.stream().mapToInt(Begun::asked).sum();
        while (plenty && underWay.size() < READS && free > 0) {
            int asked = Math.min(size, free);
            underWay.add(new Begun<>(asked, begin.begin(asked), System.nanoTime()));
            free -= asked;
        }
    }

    /** Returns what came next, at once or when the answer is there; nothing if nothing came of any. */
    List<Received<R>> peek() throws InterruptedException {
        while (left.isEmpty() && !underWay.isEmpty()) {
            Begun<R> first = underWay.remove();
            left = first.read.await();
            leftSince = first.at;
            plenty = left.size() == first.asked;
        }
        return left;
    }

    /** Returns how long ago the server may have given out what came next, in nanoseconds. */
    long age() {
        return System.nanoTime() - leftSince;
    }

    /** Replaces what came next by what is left of it at some later time. */
    void keep(List<Received<R>> kept, long at) {
        left = kept;
        leftSince = at;
    }

    /** Takes as many of what came next. */
    List<Received<R>> take(int max) throws InterruptedException {
        List<Received<R>> all = peek();
        int end = Math.min(max, all.size());
        left = all.subList(end, all.size());
        return all.subList(0, end);
    }

    /** Takes all that came or comes. */
    List<Received<R>> takeAll() throws InterruptedException {
        List<Received<R>> all = new ArrayList<>();
        while (!peek().isEmpty()) {
            all.addAll(take(Integer.MAX_VALUE));
        }
        return all;
    }

    /** Forgets what came, and the answers that may come. */
    void clear() {
        underWay.clear();
        left = List.of();
        plenty = false;
    }
}
