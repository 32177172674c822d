package io.pythia.testkit;

import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.awaitility.Awaitility;

/** Waits for what must happen, for long, since a broker that was killed needs time and the machine may be busy. Thread-safe. */
public final class Eventually {
    /** How long {@link #eventually} waits. */
    public static final long LIMIT_SECONDS = 120;

    private Eventually() {}

    /**
     * Waits until a condition holds, which is asked each 20 ms.
     *
     * @param what what is waited for, for the error
     * @throws org.awaitility.core.ConditionTimeoutException if it does not hold within {@link #LIMIT_SECONDS}
     */
    public static void eventually(String what, BooleanSupplier condition) {
        Awaitility.await(what)
                .atMost(LIMIT_SECONDS, TimeUnit.SECONDS)
                .pollDelay(0, TimeUnit.MILLISECONDS)
                .pollInterval(20, TimeUnit.MILLISECONDS)
                .until(condition::getAsBoolean);
    }
}
