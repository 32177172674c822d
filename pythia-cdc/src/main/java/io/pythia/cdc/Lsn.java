package io.pythia.cdc;

import org.postgresql.replication.LogSequenceNumber;

/** Places in PostgreSQL's log as numbers, and how they are written: {@code 0/16B3748}. */
final class Lsn {
    private Lsn() {}

    static long parse(String text) {
        return LogSequenceNumber.valueOf(text).asLong();
    }

    static String text(long lsn) {
        return LogSequenceNumber.valueOf(lsn).asString();
    }
}
