package io.pythia.internal;

import java.security.SecureRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;

/**
 * Ids for messages whose sender chose none: 96 random bits per process and a counter, so that no lock and no entropy is spent per message.
 * The last two digits come from a table and the rest is the same for many, so that an id costs one string.
 */
public final class MessageIds {
    private static final int RADIX = Character.MAX_RADIX;
    private static final String[] LAST_DIGITS = IntStream.range(0, RADIX * RADIX)
            .mapToObj(n -> Integer.toString(n / RADIX, RADIX) + Integer.toString(n % RADIX, RADIX))
            .toArray(String[]::new);
    private static final String PROCESS = process();
    private static final AtomicLong COUNTER = new AtomicLong();
    private static volatile Block block = new Block(0);

    private MessageIds() {}

    /** The ids that differ in their last digits only. */
    private static final class Block {
        private final long number;
        private final String prefix;

        Block(long number) {
            this.number = number;
            this.prefix = PROCESS + Long.toString(number, RADIX);
        }
    }

    /** Returns the next id. */
    public static String next() {
        long count = COUNTER.getAndIncrement();
        long number = count / LAST_DIGITS.length;
        Block current = block;
        if (current.number != number) {
            current = new Block(number);
            block = current;
        }
        return current.prefix.concat(LAST_DIGITS[(int) (count % LAST_DIGITS.length)]);
    }

    private static String process() {
        SecureRandom random = new SecureRandom();
        return Long.toUnsignedString(random.nextLong(), RADIX) + Integer.toUnsignedString(random.nextInt(), RADIX)
                + "-";
    }
}
