package io.pythia.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.BrokerListener;
import io.pythia.BrokerMetrics;
import io.pythia.retry.RetryConfig;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class ConnectorTest {
    private final AtomicInteger closed = new AtomicInteger();
    private final CountDownLatch woken = new CountDownLatch(1);

    private Connector<AutoCloseable> connector(Connector.Open<AutoCloseable> open) {
        return new Connector<>(
                new Events("test", BrokerListener.NONE, BrokerMetrics.NONE),
                RetryConfig.defaults(),
                Duration.ofSeconds(60),
                () -> closed::incrementAndGet,
                open,
                woken::countDown);
    }

    @Test
    void cancel_closesADriverThatIsOpenAndThatNobodyHasTaken() throws InterruptedException {
        CountDownLatch release = new CountDownLatch(1);
        Connector<AutoCloseable> connector = connector(driver -> release.await());
        assertThat(connector.poll(System.nanoTime())).isNull();
        release.countDown();
        assertThat(woken.await(60, TimeUnit.SECONDS)).isTrue();
        connector.cancel();
        assertThat(closed.get()).isEqualTo(1);
        connector.cancel();
        assertThat(closed.get()).isEqualTo(1);
    }

    @Test
    void cancel_leavesADriverThatWasTakenAlone() throws InterruptedException {
        CountDownLatch release = new CountDownLatch(1);
        Connector<AutoCloseable> connector = connector(driver -> release.await());
        assertThat(connector.poll(System.nanoTime())).isNull();
        release.countDown();
        assertThat(woken.await(60, TimeUnit.SECONDS)).isTrue();
        assertThat(connector.poll(System.nanoTime())).isNotNull();
        connector.cancel();
        assertThat(closed.get()).isZero();
    }

    @Test
    void cancel_whileADriverOpens_closesItOnceWhenItComesBack() {
        CountDownLatch release = new CountDownLatch(1);
        Connector<AutoCloseable> connector = connector(driver -> release.await());
        connector.poll(System.nanoTime());
        connector.cancel();
        release.countDown();
        Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> closed.get() == 1);
    }
}
