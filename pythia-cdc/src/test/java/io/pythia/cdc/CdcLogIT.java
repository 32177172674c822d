package io.pythia.cdc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BrokerAuthenticationException;
import io.pythia.DestinationNotFoundException;
import io.pythia.FirstRun;
import io.pythia.cdc.ChangeEvent.Operation;
import io.pythia.testkit.TestSubscriber;
import io.pythia.testkit.server.TestServers;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** What the log of PostgreSQL gives. */
@Timeout(240)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CdcLogIT {
    private final TestDatabase database = TestDatabase.postgres(TestServers.postgres());
    private LogWorkers workers;
    private String table;

    @BeforeEach
    void create() {
        workers = new LogWorkers(database);
        table = database.newTable();
    }

    @AfterEach
    void dropSlot() {
        if (!workers.slot("slot_name").isEmpty()) {
            workers.dropSlot();
        }
    }

    @Test
    void everyChange_isThere_withItsImages() {
        database.insert(table, 1, "before");
        try (CdcWorker worker = workers.worker(table).build()) {
            Events events = Events.of(worker);
            ChangeEvent read = events.last(1);
            assertThat(read.operation()).isEqualTo(Operation.READ);
            assertThat(read.schema()).isEqualTo("public");
            assertThat(Events.after(read)).containsEntry("name", "before");
            database.insert(table, 2, "two");
            ChangeEvent insert = events.last(2);
            assertThat(insert.operation()).isEqualTo(Operation.INSERT);
            assertThat(insert.before()).isNull();
            assertThat(insert.key()).isEqualTo(Map.of("id", 2L));
            database.update(table, 2, "deux");
            ChangeEvent update = events.last(3);
            assertThat(update.operation()).isEqualTo(Operation.UPDATE);
            assertThat(update.before()).isNull(); // by default the log has no image before of an update
            assertThat(Events.after(update)).containsEntry("name", "deux");
            database.execute("UPDATE " + table + " SET id = 3 WHERE id = 2");
            ChangeEvent moved = events.last(4);
            assertThat(moved.before()).isEqualTo(Map.of("id", 2L));
            assertThat(moved.key()).isEqualTo(Map.of("id", 3L));
            database.execute("DELETE FROM " + table + " WHERE id = 3");
            ChangeEvent delete = events.last(5);
            assertThat(delete.operation()).isEqualTo(Operation.DELETE);
            assertThat(delete.before()).isEqualTo(Map.of("id", 3L));
            assertThat(delete.after()).isNull();
            database.execute("TRUNCATE " + table);
            ChangeEvent truncate = events.last(6);
            assertThat(truncate.operation()).isEqualTo(Operation.TRUNCATE);
            assertThat(truncate.key()).isEmpty();
            assertThat(events.subscriber().messages().get(5).key()).isEqualTo("public." + table);
            assertThat(events.subscriber().messages().get(4).key()).isEqualTo("public." + table + ":3");
        }
    }

    @Test
    void wholeRowAsIdentity_givesTheImageBefore_andTheKeyStaysThePrimaryKey() {
        database.execute("ALTER TABLE " + table + " REPLICA IDENTITY FULL");
        try (CdcWorker worker = workers.worker(table).build()) {
            Events events = Events.of(worker);
            database.insert(table, 1, "one");
            database.update(table, 1, "uno");
            ChangeEvent update = events.last(2);
            assertThat(update.before()).containsEntry("name", "one").containsEntry("id", 1L);
            assertThat(update.key()).isEqualTo(Map.of("id", 1L));
            database.execute("DELETE FROM " + table);
            assertThat(events.last(3).before()).containsEntry("name", "uno");
        }
    }

    @Test
    void transactions_haveOneNumber_andOneTime_andAllPositionsDiffer() {
        try (CdcWorker worker = workers.worker(table).build()) {
            Events events = Events.of(worker);
            database.execute("BEGIN; INSERT INTO " + table + " (id, name) SELECT i, 'n' FROM generate_series(1, 50) i;"
                    + " UPDATE " + table + " SET name = 'm' WHERE id = 7; COMMIT");
            List<ChangeEvent> all = events.await(51);
            assertThat(all.stream().map(ChangeEvent::transaction).distinct())
                    .hasSize(1)
                    .doesNotContainNull();
            assertThat(all.stream().map(ChangeEvent::commitTime).distinct()).hasSize(1);
            assertThat(all.stream().map(ChangeEvent::position).distinct()).hasSize(51);
            assertThat(all.get(50).operation()).isEqualTo(Operation.UPDATE);
            assertThat(events.subscriber().messages().get(3).id())
                    .contains(table + "@")
                    .endsWith("/3");
        }
    }

    private String newPartitionedTable() {
        String parted = TestDatabase.newName("t");
        database.execute(
                "CREATE TABLE " + parted + " (id bigint PRIMARY KEY, name text) PARTITION BY RANGE (id)",
                "CREATE TABLE " + parted + "_a PARTITION OF " + parted + " FOR VALUES FROM (0) TO (100)");
        return parted;
    }

    @Test
    void partitionedTable_isReadAsOne() {
        String parted = newPartitionedTable();
        database.execute("INSERT INTO " + parted + " VALUES (1, 'one')");
        for (int turn = 0; turn < 2; turn++) { // the second time publication and slot are there
            long id = 2 + turn;
            try (CdcWorker worker = workers.worker(parted).build()) {
                Events events = Events.of(worker);
                if (turn == 0) {
                    assertThat(events.last(1).operation()).isEqualTo(Operation.READ);
                }
                database.execute("INSERT INTO " + parted + " VALUES (" + id + ", 'n')");
                ChangeEvent insert = events.last(turn == 0 ? 2 : 1);
                assertThat(insert.table()).isEqualTo(parted);
                assertThat(insert.key()).isEqualTo(Map.of("id", id));
            }
        }
    }

    @Test
    void partitionedTable_isRefused_ifThePublicationTellsItsPartitions() {
        String parted = newPartitionedTable();
        database.execute("CREATE PUBLICATION p_" + workers.name() + " FOR TABLE " + parted);
        try (CdcWorker worker = workers.worker(parted).build()) {
            assertThatThrownBy(() -> TestSubscriber.get(worker.connect()))
                    .hasMessageContaining("publish_via_partition_root");
        }
    }

    @Test
    void tableThatOthersInheritFrom_isRefused() {
        database.execute("CREATE TABLE " + table + "_a () INHERITS (" + table + ")");
        try (CdcWorker worker = workers.worker(table).build()) {
            assertThatThrownBy(() -> TestSubscriber.get(worker.connect())).hasMessageContaining("inherit");
        }
    }

    @Test
    void transactionThatIsRolledBack_isNotThere() {
        try (CdcWorker worker = workers.worker(table).build()) {
            Events events = Events.of(worker);
            database.execute("BEGIN; INSERT INTO " + table + " (id) VALUES (1); ROLLBACK");
            database.insert(table, 2, "two");
            assertThat(events.last(1).key()).isEqualTo(Map.of("id", 2L));
        }
    }

    @Test
    void largeValueThatWasNotChanged_isNotNull() {
        database.execute(
                "ALTER TABLE " + table + " ADD COLUMN doc text",
                "ALTER TABLE " + table + " ALTER COLUMN doc SET STORAGE EXTERNAL");
        try (CdcWorker worker = workers.worker(table).build()) {
            Events events = Events.of(worker);
            database.execute("INSERT INTO " + table + " (id, name, doc) VALUES (1, 'a', repeat('x', 20000))");
            assertThat((String) Events.after(events.last(1)).get("doc")).hasSize(20_000);
            database.update(table, 1, "b");
            ChangeEvent update = events.last(2);
            assertThat(update.unchanged()).containsExactly("doc");
            assertThat(Events.after(update)).doesNotContainKey("doc").containsEntry("name", "b");
            database.execute("UPDATE " + table + " SET doc = NULL");
            assertThat(events.last(3).unchanged()).isEmpty();
            assertThat(Events.after(events.last(3))).containsEntry("doc", null);
        }
    }

    @Test
    void typesOfEveryKind_inTheSnapshotAndInTheLog() {
        String types = TestDatabase.newName("t");
        String mood = TestDatabase.newName("mood");
        database.execute("CREATE TYPE " + mood + " AS ENUM ('sad', 'happy')");
        database.execute(
                "CREATE TABLE " + types + " (id int PRIMARY KEY, big numeric, dec numeric(12,3), f float8, nan float8,"
                        + " b boolean, bytes bytea, d date, ts timestamp, tz timestamptz, u uuid, j jsonb, arr int[], e "
                        + mood + ", n text)");
        String row =
                " 12345678901234567890123, 1.500, 0.1, 'NaN', true, '\\x00ff', '2026-01-02', '2026-01-02 03:04:05.678',"
                        + " '2026-01-02 03:04:05.678901+02', '00000000-0000-0000-0000-000000000001', '{\"a\": 1}', '{1,2}', 'happy', NULL)";
        database.execute("INSERT INTO " + types + " VALUES (1," + row);
        try (CdcWorker worker = workers.worker(types).build()) {
            Events events = Events.of(worker);
            events.await(1);
            database.execute("INSERT INTO " + types + " VALUES (2," + row);
            for (ChangeEvent event : events.await(2)) {
                assertThat(Events.after(event))
                        .containsEntry("big", new BigDecimal("12345678901234567890123"))
                        .containsEntry("dec", new BigDecimal("1.500"))
                        .containsEntry("f", 0.1)
                        .containsEntry("nan", "NaN")
                        .containsEntry("b", true)
                        .containsEntry("bytes", "AP8=")
                        .containsEntry("d", "2026-01-02")
                        .containsEntry("ts", "2026-01-02T03:04:05.678")
                        .containsEntry("tz", "2026-01-02T01:04:05.678901Z")
                        .containsEntry("j", "{\"a\": 1}")
                        .containsEntry("arr", "{1,2}")
                        .containsEntry("e", "happy")
                        .containsEntry("n", null);
                assertThat(event.types()).containsOnlyKeys("arr", "e");
                assertThat(event.types().get("e")).isEqualTo(mood);
            }
        }
    }

    @Test
    void definitionThatChangesInTheStream_isReadAsItWas() {
        try (CdcWorker worker = workers.worker(table).build()) {
            Events events = Events.of(worker);
            database.execute("BEGIN; INSERT INTO " + table + " (id, name) VALUES (1, 'a');"
                    + " ALTER TABLE " + table + " ADD COLUMN extra int DEFAULT 5;"
                    + " INSERT INTO " + table + " (id, name) VALUES (2, 'b');"
                    + " ALTER TABLE " + table + " DROP COLUMN name;"
                    + " INSERT INTO " + table + " (id) VALUES (3);"
                    + " ALTER TABLE " + table + " RENAME COLUMN extra TO more;"
                    + " ALTER TABLE " + table + " ALTER COLUMN more TYPE text;"
                    + " INSERT INTO " + table + " (id, more) VALUES (4, 'text'); COMMIT");
            String renamed = TestDatabase.newName("t");
            database.execute(
                    "ALTER TABLE " + table + " RENAME TO " + renamed, "INSERT INTO " + renamed + " (id) VALUES (5)");
            Map<Object, ChangeEvent> byId = new java.util.HashMap<>();
            events.await(5).forEach(event -> byId.put(event.key().get("id"), event));
            assertThat(Events.after(byId.get(1L))).containsEntry("name", "a").doesNotContainKey("extra");
            assertThat(Events.after(byId.get(2L))).containsEntry("name", "b").containsEntry("extra", 5L);
            assertThat(Events.after(byId.get(3L))).doesNotContainKey("name").containsEntry("extra", 5L);
            assertThat(Events.after(byId.get(4L))).containsEntry("more", "text");
            assertThat(byId.get(5L).table()).isEqualTo(renamed);
        }
    }

    @Test
    void snapshot_thenLog_underLoad_hasEveryRow_andEachRowsLastState() throws InterruptedException {
        database.execute("INSERT INTO " + table + " (id, name) SELECT i, '0' FROM generate_series(1, 3000) i");
        AtomicBoolean writing = new AtomicBoolean(true);
        Thread load = new Thread(
                () -> {
                    for (int i = 1; writing.get(); i++) {
                        database.execute(
                                "UPDATE " + table + " SET name = '" + i + "' WHERE id = " + (1 + i * 7 % 3000),
                                "INSERT INTO " + table + " (id, name) VALUES (" + (10_000 + i) + ", 'new')");
                    }
                },
                "load");
        load.start();
        try (CdcWorker worker = workers.worker(table).build()) {
            Events events = Events.of(worker);
            events.await(3_200);
            writing.set(false);
            load.join();
            String state = "SELECT md5(string_agg(id || ':' || name, ',' ORDER BY id)) FROM " + table;
            String wanted = database.text(state);
            Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> {
                Map<Object, Object> rows = new java.util.TreeMap<>();
                int reads = 0;
                for (ChangeEvent event : events.await(1)) {
                    // Exactly once, in one snapshot: before it nothing of the log, after it nothing that was in it.
                    reads += event.operation() == Operation.READ ? 1 : 0;
                    rows.put(event.key().get("id"), Events.after(event).get("name"));
                }
                assertThat(reads).isGreaterThanOrEqualTo(3_000);
                List<String> pairs = new ArrayList<>();
                rows.forEach((id, name) -> pairs.add(id + ":" + name));
                return database.text("SELECT md5('" + String.join(",", pairs) + "')")
                        .equals(wanted);
            });
            assertThat(events.subscriber().messages().stream()
                            .map(io.pythia.Message::id)
                            .distinct())
                    .hasSize(events.subscriber().count());
        }
    }

    @Test
    void snapshotThatWasInterrupted_goesOnWhereItWas() {
        database.execute("INSERT INTO " + table + " (id, name) SELECT i, 'n' FROM generate_series(1, 1000) i");
        String other = database.newTable();
        database.insert(other, 1, "other");
        Set<Object> keys = new HashSet<>();
        try (CdcWorker worker = workers.worker(table, other).batchSize(50).build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(300);
            worker.consume().subscribe(subscriber);
            subscriber.await(300).forEach(message -> {
                TestSubscriber.get(message.ack());
                keys.add(Events.event(message).key());
            });
            database.insert(table, 2_000, "in between");
        }
        try (CdcWorker worker = workers.worker(table, other).batchSize(50).build()) {
            Events events = Events.of(worker);
            List<ChangeEvent> rest = events.await(702);
            assertThat(rest.get(0).key()).isEqualTo(Map.of("id", 301L));
            rest.stream().filter(event -> event.table().equals(table)).forEach(event -> keys.add(event.key()));
            assertThat(keys).hasSize(1_001);
            // The row of in between may be in the new snapshot and is in the log.
            assertThat(rest).anyMatch(event -> event.table().equals(other));
        }
    }

    @Test
    void onlyNew_leavesTheSnapshotOut() {
        database.insert(table, 1, "old");
        CdcConfig config = workers.config().firstRun(FirstRun.ONLY_NEW).build();
        try (CdcWorker worker = workers.worker(config, table).build()) {
            Events events = Events.of(worker);
            database.insert(table, 2, "new");
            assertThat(events.last(1).key()).isEqualTo(Map.of("id", 2L));
        }
    }

    @Test
    void tableWithoutAKey_isReadToo() {
        String bare = TestDatabase.newName("t");
        database.execute(
                "CREATE TABLE " + bare + " (a int)", "INSERT INTO " + bare + " SELECT generate_series(1, 250)");
        try (CdcWorker worker = workers.worker(bare).build()) {
            Events events = Events.of(worker);
            events.await(250);
            database.execute("INSERT INTO " + bare + " VALUES (251)");
            ChangeEvent last = events.last(251);
            assertThat(last.key()).isEmpty();
            assertThat(Events.after(last)).isEqualTo(Map.of("a", 251L));
        }
    }

    @Test
    void slotMovesOnlyOverWholeAcknowledgedTransactions() {
        try (CdcWorker worker = workers.worker(table).build()) {
            TestSubscriber.get(worker.connect());
            TestSubscriber subscriber = TestSubscriber.requesting(100);
            worker.consume().subscribe(subscriber);
            database.execute("INSERT INTO " + table + " (id) SELECT generate_series(1, 10)");
            List<io.pythia.Message> messages = subscriber.await(10);
            String commit = Events.event(messages.get(9)).position().replaceAll("/[0-9]+$", "");
            String end = database.text("SELECT pg_current_wal_lsn()");
            for (int i = 0; i < 9; i++) {
                messages.get(i).ack();
            }
            database.execute("INSERT INTO " + table + " (id) SELECT generate_series(11, 20)");
            subscriber.await(20).subList(10, 20).forEach(io.pythia.Message::ack);
            // Several reports to the server later it is still before the commit.
            Awaitility.await()
                    .pollDelay(Duration.ofSeconds(2))
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> !slotIsBehind(commit));
            TestSubscriber.get(messages.get(9).ack());
            Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> slotIsBehind(end));
        }
    }

    private boolean slotIsBehind(String place) {
        return Lsn.parse(workers.slot("confirmed_flush_lsn")) > Lsn.parse(place);
    }

    @Test
    void lagAndPosition_areInTheHealth() {
        try (CdcWorker worker = workers.worker(table).build()) {
            Events.of(worker);
            Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> {
                Map<String, String> facts =
                        TestSubscriber.get(worker.healthCheck()).facts();
                return facts.containsKey("lag-bytes")
                        && facts.get("position").contains("/")
                        && facts.get("phase").equals("log");
            });
        }
    }

    @Test
    void statusInterval_isHowOftenTheServerIsTold() {
        try (CdcWorker worker = workers.worker(table).build()) {
            Events.of(worker);
            TreeSet<Instant> told = new TreeSet<>();
            Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> {
                String time = database.text("SELECT to_json(reply_time)#>>'{}' FROM pg_stat_replication JOIN"
                        + " pg_replication_slots ON active_pid = pid WHERE slot_name = '" + workers.name() + "'");
                return !time.isEmpty()
                        && !time.equals("null")
                        && told.add(OffsetDateTime.parse(time).toInstant())
                        && told.size() >= 4;
            });
            // Half a second here, thrice; by default it would be five.
            assertThat(Duration.between(told.first(), told.last())).isLessThan(Duration.ofSeconds(12));
        }
    }

    @Test
    void slotAndPublicationOfAnAdministrator_areUsed_andNothingIsMadeWithoutLeave() {
        CdcConfig careful = workers.config().createSlot(false).build();
        refused(careful, DestinationNotFoundException.class, "no publication");
        database.execute("CREATE PUBLICATION p_" + workers.name() + " FOR TABLE " + table);
        refused(careful, DestinationNotFoundException.class, "no slot");
        database.execute("SELECT pg_create_logical_replication_slot('" + workers.name() + "', 'pgoutput')");
        database.insert(table, 1, "since the slot was made");
        CdcConfig onlyNew = careful.toBuilder().firstRun(FirstRun.ONLY_NEW).build();
        try (CdcWorker worker = workers.worker(onlyNew, table).build()) {
            // Without a place of ours the slot's counts.
            assertThat(Events.of(worker).last(1).key()).isEqualTo(Map.of("id", 1L));
        }
        String second = database.newTable();
        try (CdcWorker worker = workers.worker(careful, table, second).build()) {
            assertThatThrownBy(() -> TestSubscriber.get(worker.connect()))
                    .hasStackTraceContaining("lacks public." + second);
        }
        try (CdcWorker worker = workers.worker(table, second).build()) {
            Events events = Events.of(worker);
            database.insert(second, 1, "added");
            assertThat(events.last(1).table()).isEqualTo(second);
        }
    }

    private void refused(CdcConfig config, Class<? extends Throwable> type, String text) {
        try (CdcWorker worker = workers.worker(config, table).build()) {
            assertThatThrownBy(() -> TestSubscriber.get(worker.connect()))
                    .satisfies(error -> assertThat(PollingCases.root(error))
                            .isInstanceOf(type)
                            .hasMessageStartingWith(worker.name())
                            .hasMessageContaining(text));
        }
    }

    @Test
    void slotOfAnotherPlugin_andOneInUse_areRefused() {
        database.execute("SELECT pg_create_logical_replication_slot('" + workers.name() + "', 'test_decoding')");
        refused(workers.config().build(), io.pythia.BrokerException.class, "pgoutput is needed");
        workers.dropSlot();
        try (CdcWorker first = workers.worker(table).build();
                CdcWorker second = workers.worker(table).build()) {
            TestSubscriber.get(first.connect());
            Events.of(first);
            Awaitility.await()
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> workers.slot("active").equals("t"));
            assertThatThrownBy(() -> TestSubscriber.get(second.connect()))
                    .hasStackTraceContaining("another consumer reads from the slot");
        }
    }

    @Test
    void userWithoutTheRight_isToldWhichOneItLacks() {
        String user = TestDatabase.newName("u");
        database.execute("CREATE ROLE " + user + " LOGIN PASSWORD 'x'");
        CdcConfig config =
                workers.config().user(user).password(io.pythia.Secret.of("x")).build();
        refused(config, BrokerAuthenticationException.class, "REPLICATION");
    }

    @Test
    void dropSlot_dropsIt() {
        try (CdcWorker worker = workers.worker(table).build()) {
            Events.of(worker);
        }
        assertThat(workers.slot("slot_name")).isEqualTo(workers.name());
        try (CdcWorker worker = workers.worker(table).build()) {
            worker.dropSlot();
            worker.dropSlot();
        }
        assertThat(workers.slot("slot_name")).isEmpty();
    }
}
