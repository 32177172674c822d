package io.pythia.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** The wish of the user to stop (Ctrl-C, SIGTERM): the command drains, and only then the process ends. */
final class StopSignal {
    /** Longer than any close timeout by default: the drain must be able to end. */
    private static final long DRAIN_SECONDS = 30;

    private final CountDownLatch finished = new CountDownLatch(1);
    private volatile boolean requested;
    private volatile boolean exiting;

    /** Makes signals a wish to stop instead of the end. */
    void listen() {
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> {
                            if (exiting) {
                                return;
                            }
                            requested = true;
                            try {
                                if (!finished.await(DRAIN_SECONDS, TimeUnit.SECONDS)) {
                                    System.err.println(
                                            "pythia: could not stop in an orderly way within " + DRAIN_SECONDS + " s");
                                }
                            } catch (InterruptedException e) {
                                Thread.currentThread().interrupt();
                            }
                        },
                        "pythia-cli-stop"));
    }

    void request() {
        requested = true;
    }

    boolean isRequested() {
        return requested;
    }

    /** The command is done. Returns whether a signal is ending the process. */
    boolean finished() {
        exiting = !requested;
        finished.countDown();
        return requested;
    }
}
