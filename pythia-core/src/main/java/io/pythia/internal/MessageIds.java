package io.pythia.internal;

import java.security.SecureRandom;
import java.util.concurrent.atomic.AtomicLong;

/** Ids for messages whose sender chose none: 96 random bits per process and a counter, so that no lock and no entropy is spent per message. */
public final class MessageIds {
    private static final String PREFIX = prefix();
    private static final AtomicLong COUNTER = new AtomicLong();

    private MessageIds() {}

    /** Returns the next id. */
    public static String next() {
        return PREFIX.concat(Long.toString(COUNTER.getAndIncrement(), Character.MAX_RADIX));
    }

    private static String prefix() {
        SecureRandom random = new SecureRandom();
        return Long.toUnsignedString(random.nextLong(), Character.MAX_RADIX)
                + Integer.toUnsignedString(random.nextInt(), Character.MAX_RADIX) + "-";
    }
}
