package io.pythia.cdc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BrokerException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.postgresql.replication.PGReplicationStream;

class LogReaderTest {
    @Test
    void errorOfTheThread_isTold() throws InterruptedException {
        CdcSettings settings = NoDatabase.settings();
        PGReplicationStream stream = (PGReplicationStream) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {PGReplicationStream.class}, (proxy, method, arguments) -> {
                    throw new OutOfMemoryError("a very long row");
                });
        Progress<LogState> progress = new Progress<>(new LogState("1", "slot", 0, false));
        ChangeBuffer buffer = new ChangeBuffer(10);
        LogReader reader = new LogReader(
                settings,
                stream,
                buffer,
                progress,
                new LogPlace(new Places(settings, new Database(settings)), progress),
                new PgOutput(Map.of()),
                List.of(),
                () -> {
                    throw new IllegalStateException("not asked");
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
}
