/**
 * Change data capture: the changes of database tables as messages.
 *
 * <h2>What it is</h2>
 * Two modes. {@code polling} asks tables at intervals for rows that have changed since the last time; it works on PostgreSQL, MariaDB,
 * MySQL, SQLite and H2 and sees states of rows, not each change. {@code log} reads the write-ahead log of PostgreSQL by logical decoding
 * ({@code pgoutput}) and sees every committed change.
 *
 * <h2>Words</h2>
 * Table: source. Row or change: message ({@link io.pythia.cdc.ChangeEvent}). Primary key: key. Cursor, LSN: the place in the source. Slot:
 * what makes PostgreSQL keep its log for us. Publication: the list of tables in the log. Snapshot: the rows that are there at the beginning.
 *
 * <h2>Delivery guarantee</h2>
 * At least once: polling of row states, in the order of the cursor within a table; log of every committed change, in the order of commits.
 * The place is stored when everything before it is acknowledged, and only then is the slot told.
 *
 * <h2>Settling</h2>
 * ack: the place moves over it as soon as nothing before it is unsettled; in the log, as soon as its whole transaction is acknowledged.
 * nack: delivered again by the engine, the place waits. reject: to the dead letters of the engine, then as ack. extend: there are no leases.
 *
 * <h2>Threads</h2>
 * Polling uses the engine's, and {@code pythia-<name>-read}, which reads the next page while one is with the application. Log mode has {@code pythia-<name>-log}, which reads the replication stream without pause, answers the server's
 * keep-alives and stores the place. The connection pool has a housekeeper of its own.
 *
 * <h2>Escape hatch</h2>
 * {@code Message.unwrap(ChangeEvent.class)}; an own {@code DataSource}; the driver's properties, from an allow-list, by
 * {@code CdcConfig.properties}.
 */
@NullMarked
package io.pythia.cdc;

import org.jspecify.annotations.NullMarked;
