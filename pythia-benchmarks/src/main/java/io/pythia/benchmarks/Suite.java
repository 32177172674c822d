package io.pythia.benchmarks;

import org.jspecify.annotations.Nullable;

/** Pythia beside the raw client of one kind of server. */
interface Suite {
    /**
     * How much is measured.
     *
     * @param messages how many messages a run has; a suite says which of its runs have fewer
     * @param rounds how often each variant runs, interleaved with the others
     * @param server {@code host:port} of a server that runs already, null for the suite's own; always null if it takes none
     */
    record Plan(int messages, int rounds, @Nullable String server) {}

    /** Returns whether it can measure on a server that runs already. */
    default boolean takesServer() {
        return false;
    }

    /** Returns how many messages make a run of a few seconds, after which the compiler has done its work. */
    int messages();

    /** Measures. Throws what makes the figures worthless. */
    Result run(Plan plan) throws Exception;
}
