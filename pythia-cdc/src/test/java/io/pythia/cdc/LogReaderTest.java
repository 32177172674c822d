package io.pythia.cdc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BrokerException;
import io.pythia.spi.Received;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.postgresql.replication.LogSequenceNumber;
import org.postgresql.replication.PGReplicationStream;

@Timeout(120)
class LogReaderTest {
    private static final int OURS = 1;
    private static final int FOREIGN = 2;

    private final CdcSettings settings = NoDatabase.settings(
            "postgresql://localhost/test",
            null,
            CdcConfig.builder().statusInterval(Duration.ofMillis(100)).build(),
            Map.of());
    private final Progress<LogState> progress = new Progress<>(new LogState("1", "slot", 0, false));
    private final ChangeBuffer buffer = new ChangeBuffer(100_000);

    private LogReader reader(InvocationHandler stream) {
        return new LogReader(
                settings,
                (PGReplicationStream) Proxy.newProxyInstance(
                        getClass().getClassLoader(), new Class<?>[] {PGReplicationStream.class}, stream),
                buffer,
                progress,
                new LogPlace(new Places(settings, new Database(settings)), progress),
                new PgOutput(Map.of()),
                List.of(new TableSchema("public", "t" + OURS, List.of())),
                () -> new ReplicationSlot("pgoutput", "test", 1, 0, "reserved", 0, 0, 0));
    }

    /** Returns a reader of this log, that says which method of the stream it calls. */
    private LogReader reader(Queue<ByteBuffer> log, Consumer<String> called) {
        return reader((proxy, method, arguments) -> {
            called.accept(method.getName());
            return switch (method.getName()) {
                case "readPending" -> log.poll();
                case "isClosed" -> false;
                case "getLastReceiveLSN", "getLastFlushedLSN" -> LogSequenceNumber.INVALID_LSN;
                default -> null;
            };
        });
    }

    @Test
    void errorOfTheThread_isTold() throws InterruptedException {
        LogReader reader = reader((proxy, method, arguments) -> {
            throw new OutOfMemoryError("a very long row");
        });
        Thread thread = new Thread(reader, "reader");
        thread.setUncaughtExceptionHandler((of, error) -> {});
        thread.start();
        thread.join();
        assertThat(buffer.size()).isZero();
        assertThatThrownBy(() -> buffer.take(1, Duration.ZERO))
                .isInstanceOf(BrokerException.class)
                .hasRootCauseInstanceOf(OutOfMemoryError.class);
    }

    @Test
    void transactionsOfOtherTables_takeNoMemory_whileAMessageIsUnsettled() throws InterruptedException {
        Queue<ByteBuffer> log = new ArrayDeque<>(List.of(relation(OURS), relation(FOREIGN)));
        transaction(log, 1, OURS);
        for (int i = 2; i <= 10_001; i++) {
            transaction(log, i, FOREIGN);
        }
        transaction(log, 10_002, OURS);
        CountDownLatch read = new CountDownLatch(1);
        LogReader reader = reader(log, method -> {
            if (log.isEmpty()) {
                read.countDown();
            }
        });
        Thread thread = new Thread(reader, "reader");
        thread.start();
        read.await();
        List<Received<ChangeRecord>> ours = new ArrayList<>();
        while (ours.size() < 2) {
            ours.addAll(buffer.take(2 - ours.size(), Duration.ofSeconds(60)));
        }
        assertThat(progress.open()).isLessThanOrEqualTo(2 * ours.size());
        ours.forEach(each -> progress.acknowledge((Progress.Step<?>) each.receipt().place));
        awaitPlace(10_002);
        reader.stop();
        thread.join();
    }

    @Test
    void messageThatIsNeverSettled_stopsTheReading_andTheServerHearsOfUsStill() throws InterruptedException {
        int count = 250_000;
        Queue<ByteBuffer> log = new ConcurrentLinkedQueue<>(List.of(relation(OURS)));
        for (int i = 1; i <= count; i++) {
            transaction(log, i, OURS);
        }
        AtomicInteger told = new AtomicInteger();
        LogReader reader = reader(log, method -> {
            if (method.equals("forceUpdateStatus")) {
                told.incrementAndGet();
            }
        });
        Thread thread = new Thread(reader, "reader");
        thread.start();
        Received<ChangeRecord> first = buffer.take(1, Duration.ofSeconds(60)).get(0);
        int read = 1 + acknowledgeUntilFull();
        assertThat(read).isBetween(30_000, 110_000);
        int before = told.get();
        Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> told.get() > before + 1);
        read += acknowledgeUntilFull(); // of what was on its way into the buffer
        assertThat(buffer.size()).isZero();
        progress.acknowledge((Progress.Step<?>) first.receipt().place);
        while (read < count) {
            read += acknowledge(buffer.take(1_000, Duration.ofSeconds(1)));
        }
        awaitPlace(count);
        reader.stop();
        thread.join();
    }

    /** The end of the last transaction is read after its row. */
    private void awaitPlace(long lsn) {
        Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> (long) progress.look(state -> state.lsn) == lsn);
    }

    private int acknowledgeUntilFull() throws InterruptedException {
        int read = 0;
        int some;
        do {
            some = acknowledge(buffer.take(1_000, Duration.ofMillis(100)));
            read += some;
        } while (some > 0 || !progress.isFull());
        return read;
    }

    private int acknowledge(List<Received<ChangeRecord>> some) {
        some.forEach(each -> progress.acknowledge((Progress.Step<?>) each.receipt().place));
        return some.size();
    }

    /** With a row of that table. */
    private static void transaction(Queue<ByteBuffer> log, long number, int table) {
        log.add(message(
                buffer -> buffer.put((byte) 'B').putLong(number).putLong(0).putInt((int) number)));
        log.add(message(
                buffer -> buffer.put((byte) 'I').putInt(table).put((byte) 'N').putShort((short) 0)));
        log.add(message(buffer -> buffer.put((byte) 'C')
                .put((byte) 0)
                .putLong(number)
                .putLong(number)
                .putLong(0)));
    }

    private static ByteBuffer relation(int id) {
        return message(buffer -> buffer.put((byte) 'R')
                .putInt(id)
                .put(("public\0t" + id + "\0d").getBytes(StandardCharsets.UTF_8))
                .putShort((short) 0));
    }

    private static ByteBuffer message(java.util.function.Consumer<ByteBuffer> write) {
        ByteBuffer buffer = ByteBuffer.allocate(50);
        write.accept(buffer);
        return buffer.flip();
    }
}
