package io.pythia.cdc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BrokerListener.Gap;
import io.pythia.DestinationNotFoundException;
import io.pythia.FirstRun;
import io.pythia.StateStore;
import io.pythia.cdc.ChangeEvent.Operation;
import io.pythia.testkit.TestSubscriber;
import io.pythia.testkit.server.PostgresTestServer;
import io.pythia.testkit.server.TestServers;
import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** F31, with {@link SlotLoss#SNAPSHOT}: what is done when the server does not keep its log for us, or the slot is another one. */
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CdcSlotLossIT {
    private PostgresTestServer server;
    private TestDatabase database;
    private LogWorkers workers;
    private CdcConfig config;
    private String table;

    /** How the slot is lost while nobody reads. */
    enum Way {
        DROPPED,
        MADE_ANEW,
        MOVED,
        INVALIDATED,
        SET_BACK
    }

    @BeforeAll
    void start() {
        server = TestServers.newPostgres(LogWorkers.FORGETFUL);
        database = TestDatabase.postgres(server);
    }

    @AfterAll
    void stop() {
        TestServers.close(server);
    }

    @BeforeEach
    void consumeSome() {
        workers = new LogWorkers(database);
        config = workers.config().onSlotLoss(SlotLoss.SNAPSHOT).build();
        table = database.newTable();
        try (CdcWorker worker = workers.worker(config, table).build()) {
            Events events = Events.of(worker);
            database.execute("INSERT INTO " + table + " (id, name) SELECT i, 'old' FROM generate_series(1, 3) i");
            events.await(3);
        }
    }

    private void lose(Way way) throws IOException {
        switch (way) {
            case DROPPED -> workers.dropSlot();
            case MADE_ANEW -> {
                workers.dropSlot();
                makeSlot();
            }
            case MOVED -> workers.moveSlot();
            case INVALIDATED -> workers.loseLog();
            case SET_BACK -> workers.setPlace("FFFFFF/0");
        }
    }

    private void makeSlot() {
        database.execute("SELECT pg_create_logical_replication_slot('" + workers.name() + "', 'pgoutput')");
    }

    private void changeSome() {
        database.update(table, 1, "new");
        database.execute("DELETE FROM " + table + " WHERE id = 2");
        database.insert(table, 4, "new");
    }

    /** All that there is, once, and what comes later, once. */
    @ParameterizedTest
    @EnumSource(Way.class)
    void rows_areReadAnew_andLaterChangesFollow(Way way) throws IOException {
        changeSome();
        lose(way);
        String before = workers.place();
        try (CdcWorker worker = workers.worker(config, table).build()) {
            Events events = Events.of(worker);
            Map<Object, Object> rows = new TreeMap<>();
            for (ChangeEvent event : events.await(3)) {
                assertThat(event.operation()).isEqualTo(Operation.READ);
                rows.put(event.key().get("id"), Events.after(event).get("name"));
            }
            assertThat(rows).isEqualTo(Map.of(1L, "new", 3L, "old", 4L, "new"));
            Gap gap = assertOneGap();
            assertThat(gap.from()).isEqualTo(before);
            String start = events.await(1).get(0).position().replaceAll("/snapshot.*", "");
            assertThat(gap.to()).isEqualTo(start);
            database.update(table, 3, "newer");
            database.insert(table, 5, "newer");
            assertThat(events.await(5).stream().map(ChangeEvent::operation).skip(3))
                    .containsExactly(Operation.UPDATE, Operation.INSERT);
        }
        assertGoesOn(5);
    }

    private Gap assertOneGap() {
        assertThat(workers.heard().gaps).hasSize(1);
        Gap gap = workers.heard().gaps.get(0);
        assertThat(gap.source()).isEqualTo(workers.name());
        assertThat(gap.detail()).contains("all rows are read anew");
        return gap;
    }

    /** A new session has nothing to tell but what is new. */
    private void assertGoesOn(long last) {
        int gaps = workers.heard().gaps.size();
        try (CdcWorker worker = workers.worker(table).build()) {
            Events events = Events.of(worker);
            database.insert(table, last + 1, "last");
            assertThat(events.last(1).key()).isEqualTo(Map.of("id", last + 1));
        }
        assertThat(workers.heard().gaps).hasSize(gaps);
        workers.dropSlot();
    }

    @Test
    void handOver_underLoad_isAtOnePlace() throws InterruptedException {
        database.execute("INSERT INTO " + table + " (id, name) SELECT i, '0' FROM generate_series(10, 3000) i");
        workers.dropSlot();
        AtomicBoolean writing = new AtomicBoolean(true);
        Thread load = new Thread(
                () -> {
                    for (int i = 1; writing.get(); i++) {
                        database.execute(
                                "UPDATE " + table + " SET name = '" + i + "' WHERE id = " + (10 + i * 7 % 2991),
                                "INSERT INTO " + table + " (id, name) VALUES (" + (10_000 + i) + ", 'new')");
                    }
                },
                "load");
        load.start();
        try (CdcWorker worker = workers.worker(config, table).build()) {
            Events events = Events.of(worker);
            events.await(3_200);
            writing.set(false);
            load.join();
            database.insert(table, 1_000_000, "end");
            Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> {
                List<io.pythia.Message> all = events.subscriber().messages();
                return all.get(all.size() - 1).key().endsWith(":1000000");
            });
            Map<Object, Object> rows = new TreeMap<>();
            Set<Object> made = new HashSet<>();
            for (ChangeEvent event : events.await(1)) {
                Object id = event.key().get("id");
                rows.put(id, Events.after(event).get("name"));
                // A row is in the snapshot, or its insert is in the log: never both.
                assertThat(event.operation() != Operation.UPDATE && !made.add(id))
                        .as("row %s comes twice", id)
                        .isFalse();
            }
            StringBuilder text = new StringBuilder();
            rows.forEach((id, name) -> text.append(id).append(':').append(name).append(','));
            assertThat(text.toString())
                    .isEqualTo(
                            database.text("SELECT string_agg(id || ':' || name || ',', '' ORDER BY id) FROM " + table));
        } finally {
            writing.set(false);
        }
        workers.dropSlot();
    }

    /** The place is stored twice: that the old one counts no more, and the new one. Behind each it may end. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void placeThatCannotBeStored_inTheMiddle_skipsNothing(int failing) throws IOException {
        changeSome();
        workers.dropSlot();
        // The server was set back: the place is ahead of a new slot, and when the log has grown nobody sees that it is
        // wrong.
        workers.setPlace(database.text("SELECT pg_current_wal_lsn() + 1000000"));
        FailingStore store = new FailingStore(workers.store(), failing, workers::writeLog);
        try (CdcWorker worker =
                workers.worker(config, table).stateStore(store).batchSize(1).build()) {
            assertRowsOf(worker);
            assertThat(store.saves).hasValueGreaterThanOrEqualTo(failing);
        }
        assertGoesOn(4);
    }

    private void assertRowsOf(CdcWorker worker) {
        TestSubscriber subscriber = TestSubscriber.acknowledging();
        worker.consume().subscribe(subscriber);
        Set<Object> keys = new HashSet<>();
        for (int count = 1; !keys.equals(Set.of(1L, 3L, 4L)); count++) {
            subscriber
                    .await(count)
                    .forEach(each -> keys.add(Events.event(each).key().get("id")));
        }
        assertThat(workers.heard().gaps).isNotEmpty();
    }

    /** Fails once. */
    private static final class FailingStore implements StateStore {
        private final StateStore store;
        private final int failing;
        private final Runnable before;
        private final AtomicInteger saves = new AtomicInteger();

        FailingStore(StateStore store, int failing, Runnable before) {
            this.store = store;
            this.failing = failing;
            this.before = before;
        }

        @Override
        public @Nullable String load(String key) throws IOException {
            return store.load(key);
        }

        @Override
        public void save(String key, String state) throws IOException {
            if (saves.incrementAndGet() == failing) {
                before.run();
                throw new IOException("no room");
            }
            store.save(key, state);
        }
    }

    @Test
    void newSnapshotThatIsInterrupted_goesOnWhereItWas() {
        database.execute("INSERT INTO " + table + " (id) SELECT generate_series(11, 1010)");
        workers.dropSlot();
        try (CdcWorker worker = workers.worker(config, table).batchSize(50).build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(300);
            worker.consume().subscribe(subscriber);
            subscriber.await(300).forEach(message -> TestSubscriber.get(message.ack()));
        }
        try (CdcWorker worker = workers.worker(config, table).batchSize(50).build()) {
            Events events = Events.of(worker);
            assertThat(events.await(703).get(0).key()).isEqualTo(Map.of("id", 308L));
            database.insert(table, 2_000, "last");
            assertThat(events.last(704).key()).isEqualTo(Map.of("id", 2_000L));
        }
        assertOneGap();
        workers.dropSlot();
    }

    @Test
    void logThatIsLostDuringTheSnapshot_beginsAnew() {
        database.execute("INSERT INTO " + table + " (id) SELECT generate_series(11, 1010)");
        workers.dropSlot();
        try (CdcWorker worker = workers.worker(config, table).batchSize(50).build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(100);
            worker.consume().subscribe(subscriber);
            subscriber.await(100).forEach(io.pythia.Message::ack);
            workers.loseLog();
            database.insert(table, 5, "while it was lost");
            int before = subscriber.count();
            subscriber.request(Long.MAX_VALUE);
            Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> {
                subscriber.messages().forEach(io.pythia.Message::ack);
                return workers.heard().gaps.size() >= 2
                        && subscriber.messages().stream()
                                .skip(before)
                                .anyMatch(each -> Events.event(each).key().containsValue(5L));
            });
        }
        workers.dropSlot();
    }

    @Test
    void logThatIsLostWhileItIsRead_beginsAnew() {
        try (CdcWorker worker = workers.worker(config, table).build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(Long.MAX_VALUE);
            worker.consume().subscribe(subscriber);
            database.insert(table, 4, "unsettled"); // holds the slot
            subscriber.await(1);
            while (workers.heard().gaps.isEmpty()) {
                workers.writeLog();
            }
            Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> {
                subscriber.messages().forEach(io.pythia.Message::ack);
                Set<Object> read = new HashSet<>();
                subscriber.messages().stream()
                        .map(Events::event)
                        .filter(each -> each.operation() == Operation.READ)
                        .forEach(each -> read.add(each.key().get("id")));
                return read.equals(Set.of(1L, 2L, 3L, 4L));
            });
        }
        workers.dropSlot();
    }

    @Test
    void slotThatSomebodyElseReadsFrom_isLeftAlone() throws IOException {
        LogWorkers others = new LogWorkers(database, workers.name(), StateStore.memory(), new LogWorkers.Heard());
        String before = String.valueOf(workers.store().load(workers.placeKey()));
        try (CdcWorker other = others.worker(table).build()) {
            Events events = Events.of(other);
            changeSome();
            events.ofRow(4L);
            Awaitility.await()
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> !workers.slot("confirmed_flush_lsn").equals(workers.place()));
            String pid = workers.slot("active_pid");
            try (CdcWorker worker = workers.worker(config, table).build()) {
                assertThatThrownBy(() -> TestSubscriber.get(worker.connect()))
                        .hasStackTraceContaining("another consumer reads from the slot");
            }
            assertThat(workers.slot("active_pid")).isEqualTo(pid);
            assertThat(workers.store().load(workers.placeKey())).isEqualTo(before);
            assertThat(workers.heard().gaps).isEmpty();
        }
        try (CdcWorker worker = workers.worker(config, table).build()) {
            assertRowsOf(worker);
        }
        assertGoesOn(4);
    }

    /** It waits for the slot while the other moves slot and place. */
    @Test
    void consumerThatTakesOver_seesNoLoss() {
        CdcWorker second = workers.worker(config, table)
                .connectPolicy(io.pythia.ConnectPolicy.WAIT)
                .build();
        try (CdcWorker first = workers.worker(config, table).build()) {
            Events events = Events.of(first);
            database.insert(table, 4, "four");
            events.await(1);
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            second.consume().subscribe(subscriber);
            Awaitility.await()
                    .atMost(Duration.ofSeconds(60))
                    .until(() ->
                            database.number("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'walsender'")
                                    == 2);
            database.insert(table, 5, "five");
            events.await(2);
            first.close();
            database.insert(table, 6, "six");
            assertThat(Events.event(subscriber.await(1).get(0)).key()).isEqualTo(Map.of("id", 6L));
        } finally {
            second.close();
        }
        assertThat(workers.heard().gaps).isEmpty();
        workers.dropSlot();
    }

    @Test
    void slotOfAnotherDatabase_isLeftAlone() {
        workers.dropSlot();
        TestDatabase other = database.newDatabase();
        other.execute("SELECT pg_create_logical_replication_slot('" + workers.name() + "', 'pgoutput')");
        try (CdcWorker worker = workers.worker(config, table).build()) {
            assertThatThrownBy(() -> TestSubscriber.get(worker.connect()))
                    .hasStackTraceContaining("is one of the database d_");
        }
        assertThat(workers.slot("database")).startsWith("d_");
        assertThat(workers.heard().gaps).isEmpty();
        workers.dropSlot();
        database.execute("DROP DATABASE " + other.url().replaceAll(".*/", ""));
    }

    @Test
    void slotOfAnAdministrator_isUsedAsItIs() {
        workers.dropSlot();
        CdcConfig careful = config.toBuilder().createSlot(false).build();
        try (CdcWorker worker = workers.worker(careful, table).build()) {
            assertThatThrownBy(() -> TestSubscriber.get(worker.connect()))
                    .isInstanceOf(DestinationNotFoundException.class)
                    .hasStackTraceContaining("create-slot is false");
        }
        changeSome();
        makeSlot();
        String start = workers.slot("confirmed_flush_lsn");
        try (CdcWorker worker = workers.worker(careful, table).build()) {
            assertRowsOf(worker);
            assertThat(assertOneGap().to()).isEqualTo(start);
        }
        assertGoesOn(4);
    }

    /** "Only when needed": no rows at the first run, all of them when the slot is lost. */
    @Test
    void onlyNewAtTheFirstRun_readsTheRowsAllTheSame() {
        changeSome();
        workers.dropSlot();
        CdcConfig onlyNew = config.toBuilder().firstRun(FirstRun.ONLY_NEW).build();
        try (CdcWorker worker = workers.worker(onlyNew, table).build()) {
            assertRowsOf(worker);
            assertOneGap();
        }
        assertGoesOn(4);
    }

    @Test
    void slotThatIsLostBeforeAPlaceIsStored_isMadeAnew() throws IOException {
        LogWorkers fresh = new LogWorkers(database);
        fresh.database().execute("SELECT pg_create_logical_replication_slot('" + fresh.name() + "', 'pgoutput')");
        fresh.loseLog();
        CdcConfig anew = fresh.config().onSlotLoss(SlotLoss.SNAPSHOT).build();
        try (CdcWorker worker = fresh.worker(anew, table).build()) {
            assertThat(Events.of(worker).await(3).stream().map(ChangeEvent::operation))
                    .containsOnly(Operation.READ);
            assertThat(fresh.heard().gaps).hasSize(1);
        }
        fresh.dropSlot();
        workers.dropSlot();
    }
}
