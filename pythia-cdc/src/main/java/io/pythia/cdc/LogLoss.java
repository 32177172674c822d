package io.pythia.cdc;

import org.jspecify.annotations.Nullable;

/**
 * That the server has not all of the log that follows our place.
 *
 * @param problem why, with both places
 * @param until where the log begins that it has
 */
record LogLoss(String problem, long until) {

    /**
     * Compares slot and log with our place. The server itself does not refuse a slot that is ahead of it, nor a place that its log has not
     * reached: it would leave out what is between.
     *
     * @param slot the slot, null if there is none
     * @param end where the log ends
     * @return what is lost, null if nothing is
     */
    static @Nullable LogLoss find(@Nullable ReplicationSlot slot, LogState state, long end) {
        String ours = Lsn.text(state.lsn);
        if (slot == null) {
            return new LogLoss(
                    "there is no slot " + state.slot + " any more; our place is " + ours + ", the log ends at "
                            + Lsn.text(end),
                    end);
        }
        if (slot.isLost()) {
            return new LogLoss(
                    "the server has dropped the log that the slot " + state.slot
                            + " needs (max_slot_wal_keep_size); our place is " + ours + ", the log ends at "
                            + Lsn.text(slot.current()),
                    slot.current());
        }
        if (slot.isAheadOf(state.lsn)) {
            return new LogLoss(
                    "the slot " + state.slot + " is at " + Lsn.text(slot.confirmed()) + ", ahead of our place " + ours
                            + ": it was made anew, or moved by somebody else",
                    slot.confirmed());
        }
        if (Long.compareUnsigned(state.lsn, end) > 0) {
            return new LogLoss(
                    "our place " + ours + " is beyond the end of the log, " + Lsn.text(end)
                            + ": the server was set back to an earlier time, or replaced by a standby that was behind",
                    end);
        }
        return null;
    }
}
