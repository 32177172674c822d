package io.pythia.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BrokerListener;
import io.pythia.BrokerMetrics;
import io.pythia.Message;
import io.pythia.SendResult;
import io.pythia.UncertainSendException;
import io.pythia.spi.Outgoing;
import io.pythia.spi.ProducerOptions;
import io.pythia.spi.SendDriver;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class SendWatchTest {
    private static final String HANGS = "hangs";

    private final CountDownLatch released = new CountDownLatch(1);

    private final class Driver implements SendDriver {
        @Override
        public void open() {}

        @Override
        public void send(List<? extends Outgoing> batch) {
            for (Outgoing each : batch) {
                if (each.message().text().equals(HANGS)) {
                    SendEngineFixture.awaitUninterruptibly(released);
                }
                each.succeed(new SendResult(each.message().id(), "test", Map.of()));
            }
        }

        @Override
        public void ping() {}

        @Override
        public void close() {}
    }

    /** After some idle seconds it sleeps for a day: only the call that begins, and the end, wake it. */
    @Test
    void watchThatSleeps_isWokenByACall_andByTheEnd() {
        ProducerOptions options = new ProducerOptions(
                SendEngineFixture.QUICK,
                ProducerOptions.defaults().connectPolicy(),
                Duration.ofSeconds(60),
                Duration.ofSeconds(60),
                Duration.ofMillis(200),
                1 << 20,
                10);
        SendEngine engine =
                new SendEngine(new Events("sleepy", BrokerListener.NONE, BrokerMetrics.NONE), options, Driver::new);
        engine.connect().join();
        awaitSleep(engine);
        CompletableFuture<SendResult> hanging = engine.send(Message.of(HANGS));
        assertThatThrownBy(() -> hanging.get(60, TimeUnit.SECONDS)).hasCauseInstanceOf(UncertainSendException.class);
        released.countDown();
        awaitSleep(engine);
        engine.disconnect().join();
        Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> threads("sleepy") == 0);
        assertThat(engine.isEnded()).isTrue();
    }

    private static void awaitSleep(SendEngine engine) {
        Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> engine.loop.watch.sleeping);
    }

    private static long threads(String owner) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith(Threads.name(owner, "")))
                .count();
    }
}
