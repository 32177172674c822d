package io.pythia.cdc;

/**
 * A column of a table.
 *
 * @param name its name, as the database has it
 * @param typeName the database's name of its type, which may stand in a cast
 * @param kind how its values are read
 * @param keyPart its place in the primary key, from 1; 0 if it is not in it
 */
record Column(String name, String typeName, Kind kind, int keyPart) {

    /** How values of a type become those of an event. */
    enum Kind {
        INTEGER,
        DECIMAL,
        FLOAT,
        BOOLEAN,
        TEXT,
        BYTES,
        DATE,
        TIME,
        /** A date and a time of no zone. */
        TIMESTAMP,
        /** A point in time. */
        INSTANT,
        /** The database's own text, which the event names the type of. */
        OTHER
    }

    boolean isKey() {
        return keyPart > 0;
    }
}
