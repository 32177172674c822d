package io.pythia.cdc;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/**
 * What the server says about the slot.
 *
 * @param plugin its output plugin
 * @param elsewhere the database that it is of, null if that is the one that was asked
 * @param activePid the server process that reads from it, 0 for none
 * @param confirmed what was confirmed to it, 0 if nothing is known
 * @param status its {@code wal_status}
 * @param lag how many bytes of the log are behind that
 * @param current where the log ends
 * @param sent how far the server has sent the log to who reads from it, 0 if nobody does, or if it does not say
 */
record ReplicationSlot(
        String plugin,
        @Nullable String elsewhere,
        int activePid,
        long confirmed,
        String status,
        long lag,
        long current,
        long sent) {

    private static final String QUERY = "SELECT plugin, nullif(database, current_database()), coalesce(active_pid, 0),"
            + " confirmed_flush_lsn::text, coalesce(wal_status, 'reserved'),"
            + " coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn), 0)::bigint,"
            + " pg_current_wal_lsn()::text, restart_lsn IS NULL,"
            + " (SELECT sent_lsn::text FROM pg_stat_replication WHERE pid = active_pid) FROM pg_replication_slots"
            + " WHERE slot_name = ? AND slot_type = 'logical'";

    /** Returns the slot, null if there is none. */
    static @Nullable ReplicationSlot find(Connection connection, String name) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(QUERY)) {
            statement.setString(1, name);
            try (ResultSet row = statement.executeQuery()) {
                if (!row.next()) {
                    return null;
                }
                String confirmed = row.getString(4);
                String sent = row.getString(9);
                return new ReplicationSlot(
                        row.getString(1),
                        row.getString(2),
                        row.getInt(3),
                        confirmed == null ? 0 : Lsn.parse(confirmed),
                        row.getBoolean(8) ? "lost" : row.getString(5),
                        row.getLong(6),
                        Lsn.parse(row.getString(7)),
                        sent == null ? 0 : Lsn.parse(sent));
            }
        }
    }

    /** Drops a slot, if there is one of that name. The server refuses that while somebody reads from it. Returns whether there was one. */
    static boolean drop(Connection connection, String name) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = ?")) {
            statement.setString(1, name);
            try (ResultSet row = statement.executeQuery()) {
                return row.next();
            }
        }
    }

    /** Returns whether the server has dropped log that it needs. */
    boolean isLost() {
        return status.equals("lost");
    }

    boolean isAheadOf(long lsn) {
        return Long.compareUnsigned(confirmed, lsn) > 0;
    }
}
