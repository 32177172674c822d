package io.pythia.cdc;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.BrokerListener;
import io.pythia.StateStore;
import io.pythia.retry.RetryConfig;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;

/** Workers in log mode, with a slot of their own. */
record LogWorkers(TestDatabase database, String name, StateStore store, Heard heard) {
    static final RetryConfig QUICK =
            new RetryConfig(RetryConfig.FOREVER, Duration.ofMillis(50), Duration.ofMillis(500), true, true);

    /** Settings of a server that soon drops the log that a slot needs. */
    static final Map<String, String> FORGETFUL = Map.of(
            "max_slot_wal_keep_size", "32MB", "min_wal_size", "32MB", "max_wal_size", "48MB", "wal_keep_size", "0");

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
        awaitFree();
        database.execute("SELECT pg_drop_replication_slot('" + name + "')");
    }

    /** Moves it to the end of the log, as only an administrator does. */
    void moveSlot() {
        awaitFree();
        database.execute("SELECT pg_replication_slot_advance('" + name + "', pg_current_wal_lsn())");
    }

    /** A session of the server may outlive its client for a while, longer than a close waits for it. */
    private void awaitFree() {
        Awaitility.await("the end of the session that reads from " + name)
                .atMost(Duration.ofSeconds(60))
                .until(() -> !slot("active").equals("t"));
    }

    /** Has the server drop the log that the slot needs; only a {@link #FORGETFUL} one does. */
    void loseLog() {
        for (int i = 0; i < 40 && !slot("wal_status").equals("lost"); i++) {
            writeLog();
        }
        assertThat(slot("wal_status")).isEqualTo("lost");
    }

    /** Has the server write some megabytes of its log, and drop what it need not keep. */
    void writeLog() {
        database.execute(
                "CREATE TABLE IF NOT EXISTS noise (b text)",
                "INSERT INTO noise SELECT repeat(md5(i::text), 32) FROM generate_series(1, 8192) i",
                "TRUNCATE noise",
                "SELECT pg_switch_wal()",
                "CHECKPOINT");
    }

    /** Returns the place that is stored. */
    String place() throws IOException {
        return String.valueOf(store.load(placeKey())).replaceAll(".*\"lsn\":\"([0-9A-F/]+)\".*", "$1");
    }

    /** Stores a place that the log was never at. */
    void setPlace(String lsn) throws IOException {
        String state = String.valueOf(store.load(placeKey()));
        store.save(placeKey(), state.replaceAll("\"lsn\":\"[0-9A-F/]+\"", "\"lsn\":\"" + lsn + "\""));
    }

    String placeKey() {
        return "log:" + database.url().replaceAll(".*@", "") + "#" + name;
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
