package io.pythia.internal.worker;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Where a stop divides the messages: all up to the newest that is handled are handled, what came after it is given back. A flag would not
 * do: a thread that has taken a message, and is held up before it looks at the flag, would give back one that came before others that are
 * handled; and a broker that stores a position (Kafka) would deliver those again. Thread-safe, without locks.
 */
final class StopLine {
    /** The number of the newest message that is handled; its complement, which is negative, when drawn. */
    private final AtomicLong newest = new AtomicLong();

    /** Draws the line. A second call does nothing. */
    void draw() {
        newest.updateAndGet(number -> number < 0 ? number : ~number);
    }

    /** Returns whether the message with this number is to be handled. The first one has the number 1. */
    boolean passes(long number) {
        while (true) {
            long now = newest.get();
            if (now < 0) {
                return number <= ~now;
            }
            if (number <= now || newest.compareAndSet(now, number)) {
                return true;
            }
        }
    }
}
