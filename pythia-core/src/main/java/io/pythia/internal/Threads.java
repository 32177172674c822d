package io.pythia.internal;

/** Makes the engine's threads: daemons with a name that says which consumer or producer they belong to. */
public final class Threads {
    private Threads() {}

    /** Returns a new thread {@code pythia-<owner>-<role>}, not started. */
    public static Thread create(String owner, String role, Runnable task) {
        Thread thread = new Thread(null, task, name(owner, role), 0, false);
        thread.setDaemon(true);
        return thread;
    }

    /** Returns the name of such a thread. */
    public static String name(String owner, String role) {
        return "pythia-" + owner + "-" + role;
    }
}
