package io.pythia.testkit.server;

import static io.pythia.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class NativeProcessTest {
    private static final List<String> CHATTY = List.of(
            ProcessHandle.current().info().command().orElse("java"),
            "-cp",
            NativeProcess.classPath(),
            Chatty.class.getName());

    @Test
    void stopped_doesNothingMore_untilItIsToldTo() throws InterruptedException {
        try (NativeProcess process = new NativeProcess("chatty")) {
            start(process);
            for (int i = 0; i < 20; i++) {
                process.signal("STOP");
                long size = process.log().toFile().length();
                TimeUnit.MILLISECONDS.sleep(5); // for it to go on, were it not stopped
                assertThat(process.log().toFile().length()).isEqualTo(size);
                process.signal("CONT");
                eventually("more", () -> process.log().toFile().length() > size);
            }
        }
    }

    @Test
    void signalThatThereIsNone_isTold() {
        try (NativeProcess process = new NativeProcess("chatty")) {
            start(process);
            assertThatThrownBy(() -> process.signal("HELLO"))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("HELLO");
        }
    }

    private static void start(NativeProcess process) {
        process.start(CHATTY, Map.of(), printed -> printed.contains("on"), Duration.ofSeconds(60));
    }

    /** A program with so many threads that some are running, or about to, whenever a signal comes. */
    static final class Chatty {
        public static void main(String[] args) {
            for (int i = 0; i < 20; i++) {
                new Thread(() -> {
                            while (true) {
                                System.out.println("on");
                                LockSupport.parkNanos(100_000);
                            }
                        })
                        .start();
            }
        }
    }
}
