package io.pythia.benchmarks;

import io.pythia.FirstRun;
import io.pythia.Message;
import io.pythia.cdc.CdcConfig;
import io.pythia.cdc.CdcMode;
import io.pythia.cdc.CdcWorker;
import io.pythia.cdc.ChangeEvent;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.replication.LogSequenceNumber;
import org.postgresql.replication.PGReplicationStream;

/** One run in a fresh JVM: {@code CdcRun <variant> <jdbc> <count>}. Prints one RESULT line. */
public final class CdcRun {
    private static final Duration WITHOUT_PAUSE = Duration.ofNanos(1);
    private static final int PAGE = 1_000;
    private static final int PASSES = 3;
    private static final String PLACE =
            "INSERT INTO place VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET state = excluded.state";

    private final String jdbc;
    private final int count;

    private CdcRun(String jdbc, int count) {
        this.jdbc = jdbc;
        this.count = count;
    }

    /** Runs one variant. */
    public static void main(String[] args) throws Exception {
        CdcRun run = new CdcRun(args[1], Integer.parseInt(args[2]));
        // A table is read in two seconds: the first passes are for the compiler, the last one's figures count.
        int passes = args[0].contains("-poll") ? PASSES : 1;
        for (int pass = 0; pass < passes; pass++) {
            run.run(args[0]);
        }
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }

    private void run(String variant) throws Exception {
        switch (variant) {
            case "raw-log" -> rawLog();
            case "pythia-log" -> consume(CdcMode.LOG, message -> 0);
            case "raw-poll" -> rawPoll();
            case "pythia-poll" -> consume(CdcMode.POLLING, message -> 0);
            case "pythia-poll-read" -> consume(CdcMode.POLLING, CdcRun::read);
            case "raw-empty" -> rawEmpty();
            case "pythia-empty" -> empty();
            default -> throw new IllegalArgumentException("unknown variant " + variant);
        }
    }

    private int warmUp() {
        return count / 4;
    }

    /** Reads the stream, counts the inserts, and confirms each transaction. */
    private void rawLog() throws SQLException {
        Properties properties = new Properties();
        properties.put("replication", "database");
        properties.put("assumeMinServerVersion", "13");
        properties.put("preferQueryMode", "simple");
        try (Connection connection = DriverManager.getConnection(jdbc, properties)) {
            PGReplicationStream stream = connection
                    .unwrap(PGConnection.class)
                    .getReplicationAPI()
                    .replicationStream()
                    .logical()
                    .withSlotName("run")
                    .withSlotOption("proto_version", 1)
                    .withSlotOption("publication_names", "bench")
                    .start();
            Measurement measurement = new Measurement();
            for (int read = 0; read < count; ) {
                ByteBuffer message = Objects.requireNonNull(stream.read());
                byte kind = message.get();
                if (kind == 'I' && ++read == warmUp()) {
                    measurement = new Measurement();
                } else if (kind == 'C') {
                    LogSequenceNumber end = LogSequenceNumber.valueOf(message.getLong(message.position() + 9));
                    stream.setFlushedLSN(end);
                    stream.setAppliedLSN(end);
                }
            }
            measurement.report(count - warmUp());
        }
    }

    private CdcWorker.Builder worker(CdcMode mode) {
        return CdcWorker.builder()
                .dbUrl(jdbc)
                .tables("bench")
                .pollInterval(WITHOUT_PAUSE)
                .batchSize(PAGE)
                .config(CdcConfig.builder()
                        .mode(mode)
                        .slot("run")
                        .publication("bench")
                        .stateKey(UUID.randomUUID().toString())
                        .firstRun(mode == CdcMode.LOG ? FirstRun.ONLY_NEW : FirstRun.ALL)
                        .build());
    }

    /** Looks at what the raw loop looks at. */
    private static int read(Message message) {
        ChangeEvent event = message.unwrap(ChangeEvent.class).orElseThrow();
        Map<String, @Nullable Object> row = Objects.requireNonNull(event.after());
        return String.valueOf(row.get("body")).length()
                + String.valueOf(row.get("created_at")).length();
    }

    private void consume(CdcMode mode, ToIntFunction<Message> work) throws InterruptedException {
        CdcWorker worker = worker(mode).build();
        worker.connect().join();
        Counter counter = new Counter(work);
        worker.consume().subscribe(counter);
        counter.done.await();
        counter.measurement.report(count - warmUp());
        worker.close();
        System.err.println(counter.length);
    }

    private final class Counter implements Flow.Subscriber<Message> {
        private final ToIntFunction<Message> work;
        private final CountDownLatch done = new CountDownLatch(1);
        private volatile Measurement measurement = new Measurement();
        private int received;
        private long length;

        Counter(ToIntFunction<Message> work) {
            this.work = work;
        }

        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            subscription.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(Message message) {
            length += work.applyAsInt(message);
            message.ack();
            received++;
            if (received == warmUp()) {
                measurement = new Measurement();
            } else if (received == count) {
                done.countDown();
            }
        }

        @Override
        public void onError(Throwable error) {
            error.printStackTrace();
            Runtime.getRuntime().halt(1);
        }

        @Override
        public void onComplete() {}
    }

    private PreparedStatement page(Connection connection) throws SQLException {
        return connection.prepareStatement("SELECT id::text, body::text, created_at::text, updated_at::text FROM bench"
                + " WHERE (updated_at, id) > (CAST(? AS timestamptz), CAST(? AS bigint))"
                + " ORDER BY bench.updated_at, bench.id LIMIT " + PAGE);
    }

    /** Pages by the key, and the place stored after each. */
    private void rawPoll() throws SQLException {
        try (Connection reading = DriverManager.getConnection(jdbc);
                Connection storing = DriverManager.getConnection(jdbc);
                PreparedStatement page = page(reading);
                PreparedStatement place = storing.prepareStatement(PLACE)) {
            reading.setAutoCommit(false);
            reading.setReadOnly(true);
            String time = "-infinity";
            String id = "0";
            long length = 0;
            Measurement measurement = new Measurement();
            boolean warm = false;
            int read = 0;
            while (read < count) {
                page.setString(1, time);
                page.setString(2, id);
                try (ResultSet rows = page.executeQuery()) {
                    for (; rows.next(); read++) {
                        id = rows.getString(1);
                        length += rows.getString(2).length() + rows.getString(3).length();
                        time = rows.getString(4);
                    }
                }
                reading.commit();
                place.setString(1, "raw");
                place.setString(2, time + "/" + id);
                place.executeUpdate();
                if (!warm && read >= warmUp()) {
                    warm = true;
                    measurement = new Measurement();
                }
            }
            measurement.report(count - warmUp());
            System.err.println(length);
        }
    }

    private void rawEmpty() throws SQLException {
        try (Connection reading = DriverManager.getConnection(jdbc);
                PreparedStatement page = page(reading)) {
            reading.setAutoCommit(false);
            reading.setReadOnly(true);
            Measurement measurement = new Measurement();
            for (int i = 0; i < count; i++) {
                if (i == warmUp()) {
                    measurement = new Measurement();
                }
                page.setString(1, "infinity");
                page.setString(2, "0");
                page.executeQuery().close();
                reading.commit();
            }
            measurement.report(count - warmUp());
        }
    }

    private void empty() {
        CdcWorker idle = CdcWorker.builder()
                .dbUrl(jdbc)
                .tables("bench")
                .pollInterval(WITHOUT_PAUSE)
                .config(CdcConfig.builder()
                        .stateKey(UUID.randomUUID().toString())
                        .firstRun(FirstRun.ONLY_NEW)
                        .build())
                .build();
        idle.connect().join();
        idle.consume().subscribe(new Counter(message -> 0));
        awaitPolls(idle, warmUp());
        long before = polls(idle);
        Measurement measurement = new Measurement();
        java.util.concurrent.locks.LockSupport.parkNanos(2_000_000_000L); // to ask more often would measure the asking
        measurement.report(polls(idle) - before);
        idle.close();
    }

    private static long polls(CdcWorker worker) {
        return Long.parseLong(worker.healthCheck().join().facts().getOrDefault("polls", "0"));
    }

    private static void awaitPolls(CdcWorker worker, int count) {
        while (polls(worker) < count) {
            java.util.concurrent.locks.LockSupport.parkNanos(50_000_000);
        }
    }
}
