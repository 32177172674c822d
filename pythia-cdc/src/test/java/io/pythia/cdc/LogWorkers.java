package io.pythia.cdc;

import io.pythia.BrokerListener;
import io.pythia.StateStore;
import io.pythia.retry.RetryConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Workers in log mode, with a slot of their own. */
record LogWorkers(TestDatabase database, String name, StateStore store, Heard heard) {
    static final RetryConfig QUICK =
            new RetryConfig(RetryConfig.FOREVER, Duration.ofMillis(50), Duration.ofMillis(500), true, true);

    LogWorkers(TestDatabase database) {
        this(database, TestDatabase.newName("s"), StateStore.memory(), new Heard());
    }

    CdcConfig.Builder config() {
        return CdcConfig.builder()
                .mode(CdcMode.LOG)
                .slot(name)
                .publication("p_" + name)
                .stateKey(name)
                .statusInterval(Duration.ofMillis(500));
    }

    CdcWorker.Builder worker(CdcConfig config, String... tables) {
        return CdcWorker.builder()
                .dbUrl(database.url())
                .tables(tables)
                .config(config)
                .stateStore(store)
                .retry(QUICK)
                .listener(heard);
    }

    CdcWorker.Builder worker(String... tables) {
        return worker(config().build(), tables);
    }

    String slot(String column) {
        return database.text("SELECT " + column + " FROM pg_replication_slots WHERE slot_name = '" + name + "'");
    }

    /** Lets the server forget: it keeps its log for each slot. */
    void dropSlot() {
        database.execute("SELECT pg_drop_replication_slot('" + name + "')");
    }

    /** What a listener was told. */
    static final class Heard implements BrokerListener {
        final List<Gap> gaps = Collections.synchronizedList(new ArrayList<>());
        final List<String> events = Collections.synchronizedList(new ArrayList<>());

        @Override
        public void dataLoss(String broker, Gap gap) {
            gaps.add(gap);
        }

        @Override
        public void connectionLost(String broker, io.pythia.BrokerException cause) {
            events.add("lost");
        }

        @Override
        public void connectionRestored(String broker, Duration outage) {
            events.add("restored");
        }
    }
}
