package io.pythia.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BrokerAuthenticationException;
import io.pythia.BrokerConnectionException;
import io.pythia.BrokerTimeoutException;
import io.pythia.ConnectPolicy;
import io.pythia.Health;
import io.pythia.internal.ScriptedSource.Collector;
import io.pythia.internal.ScriptedSource.Consumer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What {@code connect()} tells, and how often it is tried. */
@Timeout(120)
class ReceiveConnectTest extends ReceiveEngineFixture {
    @Test
    void openFails_isTriedAgain_asOftenAsAllowed() {
        AtomicInteger failures = new AtomicInteger(3);
        source.onOpen = () -> {
            if (failures.getAndDecrement() > 0) {
                throw ScriptedSource.lost();
            }
        };
        source.add(0, 1);
        try (Consumer consumer = builder().build()) {
            consumer.consume().subscribe(Collector.acknowledging());
            eventually().until(() -> source.settled.size() == 1);
            assertThat(source.opened.get()).isEqualTo(4);
        }
        failures.set(Integer.MAX_VALUE);
        try (Consumer consumer = builder().retry(QUICK.withMaxRetries(2)).build()) {
            Collector collector = Collector.acknowledging();
            consumer.consume().subscribe(collector);
            assertThat(collector.end.join()).isInstanceOf(BrokerConnectionException.class);
            assertThat(source.opened.get()).isEqualTo(7);
            assertThat(health(consumer).status()).isEqualTo(Health.Status.DOWN);
        }
    }

    @Test
    void sessionsLostAtOnce_arePaced_andGivenUp() {
        source.onReceive = () -> {
            throw ScriptedSource.lost();
        };
        try (Consumer consumer = builder().retry(QUICK.withMaxRetries(5)).build()) {
            Collector collector = Collector.acknowledging();
            consumer.consume().subscribe(collector);
            assertThat(collector.end.join()).isInstanceOf(BrokerConnectionException.class);
            assertThat(source.opened.get()).isBetween(5, 20);
        }
    }

    @Test
    void openRefused_isNotTriedAgain() {
        source.onOpen = () -> {
            throw new BrokerAuthenticationException("wrong password");
        };
        try (Consumer consumer = builder().build()) {
            Collector collector = Collector.acknowledging();
            consumer.consume().subscribe(collector);
            assertThat(collector.end.join()).isInstanceOf(BrokerAuthenticationException.class);
            assertThat(source.opened.get()).isEqualTo(1);
        }
    }

    @Test
    void connect_failsFastOrWaits_byPolicy() {
        AtomicInteger failures = new AtomicInteger(2);
        source.onOpen = () -> {
            if (failures.getAndDecrement() > 0) {
                throw ScriptedSource.lost();
            }
        };
        try (Consumer consumer = builder().build()) {
            assertThatThrownBy(() -> consumer.connect().get(60, TimeUnit.SECONDS))
                    .isInstanceOf(ExecutionException.class)
                    .hasCauseInstanceOf(BrokerConnectionException.class);
        }
        try (Consumer consumer = builder().connectPolicy(ConnectPolicy.WAIT).build()) {
            consumer.connect().join();
            assertThat(health(consumer).isUp()).isTrue();
        }
    }

    @Test
    void connectThatHangs_failsInTime_andItsDriverIsClosed() {
        CountDownLatch never = new CountDownLatch(1);
        source.onOpen = never::await;
        try (Consumer consumer =
                builder().connectTimeout(Duration.ofMillis(100)).build()) {
            assertThatThrownBy(() -> consumer.connect().get(60, TimeUnit.SECONDS))
                    .hasCauseInstanceOf(BrokerTimeoutException.class);
        }
        eventually().until(() -> source.closed.get() == 1);
    }

    @Test
    void connect_thatFailsFast_isToldSo_alsoWhenSomebodyHasSubscribed_whoseStreamGoesOn() {
        CountDownLatch subscribed = new CountDownLatch(1);
        AtomicBoolean away = new AtomicBoolean(true);
        source.onOpen = () -> {
            subscribed.await();
            if (away.get()) {
                throw ScriptedSource.lost();
            }
        };
        source.add(0, 1);
        try (Consumer consumer = builder().build()) {
            CompletableFuture<Void> connected = consumer.connect();
            consumer.consume().subscribe(Collector.acknowledging());
            subscribed.countDown();
            assertThatThrownBy(() -> connected.get(60, TimeUnit.SECONDS))
                    .hasCauseInstanceOf(BrokerConnectionException.class);
            away.set(false);
            eventually().until(() -> source.acknowledged().equals(List.of(0)));
            consumer.connect().join();
        }
    }
}
