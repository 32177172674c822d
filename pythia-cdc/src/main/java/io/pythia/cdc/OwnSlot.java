package io.pythia.cdc;

import io.pythia.BrokerException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The slot that the configuration names, as the server's catalogue has it. Thread-safe. */
final class OwnSlot {
    private static final Duration RELEASE_TIMEOUT = Duration.ofSeconds(3);

    private final CdcSettings settings;
    private final Database database;
    private final Replication replication;

    OwnSlot(CdcSettings settings, Database database, Replication replication) {
        this.settings = settings;
        this.database = database;
        this.replication = replication;
    }

    private String name() {
        return settings.config().slot();
    }

    /** Returns the slot, null if there is none. */
    @Nullable
    ReplicationSlot find() {
        return database.read("looking for the slot", sql -> ReplicationSlot.find(sql, name()));
    }

    /** Returns the slot when a former session of this consumer has left it; null if there is none. */
    @Nullable
    ReplicationSlot free() throws InterruptedException {
        ReplicationSlot slot = find();
        if (slot != null && slot.elsewhere() != null) {
            throw new BrokerException(
                    settings.name() + ": the slot " + name() + " is one of the database " + slot.elsewhere());
        }
        if (slot != null && !slot.plugin().equals("pgoutput")) {
            throw new BrokerException(settings.name() + ": the slot " + name() + " is one of the plugin "
                    + slot.plugin() + ", but pgoutput is needed");
        }
        if (slot == null || slot.activePid() == 0) {
            return slot;
        }
        replication.endFormerSession(slot.activePid());
        return awaitRelease(slot.activePid());
    }

    /** Waits for a while until a server process has left the slot. Returns the slot as it is then, null if there is none. */
    @Nullable
    ReplicationSlot awaitRelease(int holder) throws InterruptedException {
        long deadline = System.nanoTime() + RELEASE_TIMEOUT.toNanos();
        ReplicationSlot slot = find();
        while (slot != null && slot.activePid() == holder && System.nanoTime() < deadline) {
            Thread.sleep(20); // the server tells nobody
            slot = find();
        }
        return slot;
    }

    /** Drops it, if it is there. The server refuses that while somebody reads from it. */
    void drop() {
        database.write("dropping the slot", sql -> ReplicationSlot.drop(sql, name()));
    }
}
