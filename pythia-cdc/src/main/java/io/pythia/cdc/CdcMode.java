package io.pythia.cdc;

/** How changes are found. */
public enum CdcMode {
    /** The tables are asked at intervals for what has changed: states of rows, on any database that is supported. */
    POLLING,
    /** The log of PostgreSQL is read: every committed change. */
    LOG
}
