package io.pythia.internal;

import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes the engine's threads: daemons with a name that says which consumer or producer they belong to. */
public final class Threads {
    /**
     * The system property that asks for virtual threads where a thread of a consumer or producer mostly waits: {@code true} or
     * {@code false}, the default. Read whenever a consumer or producer is connected; needs Java 21.
     */
    public static final String VIRTUAL_PROPERTY = "pythia.virtual-threads";

    private static final Logger LOG = LoggerFactory.getLogger(Threads.class);
    private static final AtomicBoolean WARNED = new AtomicBoolean();

    private Threads() {}

    /** Returns a new thread {@code pythia-<owner>-<role>}, not started. */
    public static Thread create(String owner, String role, Runnable task) {
        Thread thread = new Thread(null, task, name(owner, role), 0, false);
        thread.setDaemon(true);
        return thread;
    }

    /** The same for a task that lasts as long as its owner and mostly waits: on a virtual thread where {@link #VIRTUAL_PROPERTY} asks for it. */
    static Thread createWaiting(String owner, String role, Runnable task) {
        if (!Boolean.getBoolean(VIRTUAL_PROPERTY)) {
            return create(owner, role, task);
        }
        if (!VirtualThreads.AVAILABLE) {
            if (WARNED.compareAndSet(false, true)) {
                LOG.warn(
                        "{}=true has no effect: Java {} has no virtual threads; use Java 21 or later",
                        VIRTUAL_PROPERTY,
                        Runtime.version().feature());
            }
            return create(owner, role, task);
        }
        return VirtualThreads.factory(name(owner, role)).newThread(task);
    }

    /** Returns the name of such a thread. */
    public static String name(String owner, String role) {
        return "pythia-" + owner + "-" + role;
    }
}
