package io.pythia.cdc;

import io.pythia.BrokerException;
import io.pythia.BrokerListener;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/**
 * What the server says about the slot.
 *
 * @param plugin its output plugin
 * @param database the database that it is of
 * @param activePid the server process that reads from it, 0 for none
 * @param confirmed what was confirmed to it, 0 if nothing is known
 * @param status its {@code wal_status}
 * @param lag how many bytes of the log are behind that
 * @param current where the log ends
 * @param sent how far the server has sent the log to who reads from it, 0 if nobody does, or if it does not say
 */
record ReplicationSlot(
        String plugin,
        String database,
        int activePid,
        long confirmed,
        String status,
        long lag,
        long current,
        long sent) {

    private static final String QUERY = "SELECT plugin, database, coalesce(active_pid, 0),"
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

    /**
     * Compares the slot with our place. The server itself does not refuse a slot that is ahead of it: it would leave out what is between.
     *
     * @throws BrokerException if something between is lost; the listener has heard of it
     */
    static void check(@Nullable ReplicationSlot slot, LogState state, long end, String name, BrokerListener listener) {
        String ours = Lsn.text(state.lsn);
        String problem;
        long until;
        if (slot == null) {
            problem = "there is no slot " + state.slot + " any more; our place is " + ours + ", the log ends at "
                    + Lsn.text(end);
            until = end;
        } else if (slot.status.equals("lost")) {
            problem = "the server has dropped the log that the slot " + state.slot
                    + " needs (max_slot_wal_keep_size); our" + " place is " + ours + ", the log ends at "
                    + Lsn.text(slot.current);
            until = slot.current;
        } else if (Long.compareUnsigned(slot.confirmed, state.lsn) > 0) {
            problem = "the slot " + state.slot + " is at " + Lsn.text(slot.confirmed) + ", ahead of our place " + ours
                    + ": it was made anew, or moved by somebody else";
            until = slot.confirmed;
        } else {
            return;
        }
        throw loss(problem, state, until, name, listener);
    }

    static BrokerException loss(String problem, LogState state, long until, String name, BrokerListener listener) {
        String advice = "; delete our place (see docs/brokers/cdc.md) to begin anew with a snapshot";
        listener.dataLoss(
                name,
                new BrokerListener.Gap(
                        state.slot, Lsn.text(state.lsn), Lsn.text(until), problem + "; the consumer has stopped"));
        return CdcErrors.dataLoss(name + ": " + problem + advice);
    }
}
