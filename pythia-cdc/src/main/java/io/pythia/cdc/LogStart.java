package io.pythia.cdc;

import io.pythia.BrokerException;
import io.pythia.BrokerListener.Gap;
import io.pythia.DestinationNotFoundException;
import io.pythia.FirstRun;
import org.jspecify.annotations.Nullable;
import org.postgresql.replication.ReplicationSlotInfo;

/**
 * Where the log is begun to be read: behind our place; without one, at the slot's, or at that of a new slot, whose snapshot has what is before
 * it. If the log behind our place is lost, as {@link SlotLoss} says. Belongs to the thread that opens.
 */
final class LogStart {
    /**
     * Where to begin.
     *
     * @param state the place; the caller stores it
     * @param saved what is stored of it, null if it was none of ours until now
     * @param exported the snapshot that came with a new slot, null if none was made
     */
    record Start(
            LogState state,
            @Nullable String saved,
            @Nullable String exported) {
        boolean isNew() {
            return saved == null;
        }
    }

    private final CdcSettings settings;
    private final CdcConfig config;
    private final Database database;
    private final Places places;
    private final Replication replication;
    private final OwnSlot slots;

    LogStart(CdcSettings settings, Database database, Places places, Replication replication, OwnSlot slots) {
        this.settings = settings;
        this.config = settings.config();
        this.database = database;
        this.places = places;
        this.replication = replication;
        this.slots = slots;
    }

    /**
     * Returns where to begin. The slot is looked at before the place: whoever reads from it meanwhile stores its place before it moves the
     * slot.
     *
     * @throws BrokerException if something between the place and the slot is lost, and the policy is to stop; the listener has heard of it
     */
    Start find() throws InterruptedException {
        String system = replication.systemIdentifier();
        ReplicationSlot slot = slots.free();
        String text = places.load();
        if (text != null) {
            return behind(places.parse(text, LogState::read), text, system, slot);
        }
        if (slot != null && slot.isLost() && config.onSlotLoss() == SlotLoss.SNAPSHOT) {
            LogState theirs = new LogState(system, config.slot(), slot.confirmed(), false);
            return anew(theirs, slot, "the server has dropped the log that the slot " + config.slot() + " needs");
        }
        return begin(system, slot, config.firstRun() == FirstRun.ALL);
    }

    private Start behind(LogState saved, String text, String system, @Nullable ReplicationSlot slot) {
        long end = end(); // after the place was loaded: what the slot said of it is older
        if (!saved.system.equals(system)) {
            throw stop(
                    new LogLoss(
                            "this is another server (system identifier " + system + ") than that of our place ("
                                    + saved.system + ", " + Lsn.text(saved.lsn) + "); its log ends at " + Lsn.text(end),
                            end),
                    saved);
        }
        if (!saved.slot.equals(config.slot())) {
            throw new BrokerException(settings.name() + ": our place is one of the slot " + saved.slot + ", not of "
                    + config.slot() + "; use another state-key, or delete it");
        }
        if (saved.lost != null) {
            return anew(saved, slot, saved.lost);
        }
        LogLoss loss = LogLoss.find(slot, saved, end);
        if (loss == null) {
            return new Start(saved, text, null);
        }
        if (config.onSlotLoss() == SlotLoss.STOP) {
            throw stop(loss, saved);
        }
        return anew(saved, slot, loss.problem());
    }

    private long end() {
        return database.read("asking for the end of the log", sql -> {
            try (var statement = sql.prepareStatement("SELECT pg_current_wal_lsn()::text");
                    var row = statement.executeQuery()) {
                row.next();
                return Lsn.parse(row.getString(1));
            }
        });
    }

    /** Without a place of ours the slot's counts, not the end of the log. */
    private Start begin(String system, @Nullable ReplicationSlot slot, boolean withRows) {
        if (slot != null) {
            return new Start(new LogState(system, config.slot(), confirmed(slot), withRows), null, null);
        }
        if (!config.createSlot()) {
            throw new DestinationNotFoundException(
                    settings.name() + ": there is no slot " + config.slot() + ", and create-slot is false");
        }
        ReplicationSlotInfo made = replication.createSlot();
        long lsn = made.getConsistentPoint().asLong();
        return new Start(new LogState(system, config.slot(), lsn, withRows), null, made.getSnapshotName());
    }

    private long confirmed(ReplicationSlot slot) {
        if (slot.isLost()) {
            throw new BrokerException(settings.name() + ": the server has dropped the log that the slot "
                    + config.slot() + " needs; drop the slot to begin anew");
        }
        if (slot.confirmed() == 0) {
            throw new BrokerException(
                    settings.name() + ": the slot " + config.slot() + " is still being made", null, true);
        }
        return slot.confirmed();
    }

    private BrokerException stop(LogLoss loss, LogState state) {
        tell(state, loss.until(), loss.problem() + "; the consumer has stopped");
        return CdcErrors.dataLoss(settings.name() + ": " + loss.problem()
                + "; delete our place (see docs/brokers/cdc.md) to begin anew with a snapshot");
    }

    /**
     * Begins with all rows. That the place counts no more is stored before the slot is touched: a slot that was made anew, or an old place
     * beside it, could look as if nothing were lost to whoever comes after a crash. It counts again when the caller has stored the new one.
     */
    private Start anew(LogState lost, @Nullable ReplicationSlot slot, String problem) {
        if (slot != null && slot.activePid() != 0) {
            throw new BrokerException(
                    settings.name() + ": another consumer reads from the slot " + config.slot(), null, true);
        }
        lost.lost = problem;
        places.save(lost.write());
        ReplicationSlot kept = slot;
        if (slot != null && config.createSlot()) {
            slots.drop();
            kept = null;
        }
        Start start = begin(lost.system, kept, true);
        tell(lost, start.state().lsn, problem + "; all rows are read anew");
        return start;
    }

    private void tell(LogState state, long until, String detail) {
        settings.listener()
                .dataLoss(settings.name(), new Gap(state.slot, Lsn.text(state.lsn), Lsn.text(until), detail));
    }
}
