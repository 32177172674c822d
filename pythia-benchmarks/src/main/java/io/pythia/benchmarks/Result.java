package io.pythia.benchmarks;

import java.util.List;

/** What a suite has found. */
interface Result {
    /** Returns a text with a table. */
    String markdown();

    /** Returns the figures that compare both sides; none if a suite has no raw side. */
    default List<Row> rows() {
        return List.of();
    }
}
