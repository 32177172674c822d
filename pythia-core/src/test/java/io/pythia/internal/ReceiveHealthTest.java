package io.pythia.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.Health;
import io.pythia.internal.ScriptedSource.Collector;
import io.pythia.internal.ScriptedSource.Consumer;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the health takes for stuck, and what it remembers of a session that is over. */
@Timeout(120)
class ReceiveHealthTest extends ReceiveEngineFixture {
    private static long oldestMillis(Consumer consumer) {
        return Long.parseLong(Objects.requireNonNull(health(consumer).facts().get("oldest-unsettled-ms")));
    }

    @Test
    void pingThatFailed_doesNotCountAgainstTheNextSession() {
        AtomicBoolean silent = new AtomicBoolean();
        source.onPing = () -> {
            if (silent.getAndSet(false)) {
                throw ScriptedSource.lost();
            }
        };
        try (Consumer consumer = builder().build()) {
            Collector collector = Collector.acknowledging();
            consumer.consume().subscribe(collector);
            for (int session = 1; session <= 2; session++) {
                eventually().until(() -> health(consumer).isUp());
                silent.set(true);
                eventually().until(() -> !health(consumer).isUp() || !silent.get());
                // The second one comes when the receiving thread has looked at its session.
                for (int received = collector.messages.size() + 1, last = received + 1; received <= last; received++) {
                    int count = received;
                    source.add(0, 1);
                    eventually().until(() -> collector.messages.size() == count);
                }
                assertThat(source.opened).hasValue(session);
                int next = session + 1;
                source.loseSession();
                eventually().until(() -> source.opened.get() == next);
            }
        }
    }

    @Test
    void messageThatWaitsToBeDeliveredAgain_isNotStuck() {
        source.add(0, 1);
        try (Consumer consumer = builder()
                .closeTimeout(Duration.ZERO)
                .stuckAfter(Duration.ofMillis(1))
                .build()) {
            consumer.consume().subscribe(new Collector(Long.MAX_VALUE, message -> message.nack(Duration.ofHours(1))));
            eventually().until(() -> "1".equals(health(consumer).facts().get("waiting-for-redelivery")));
            long since = System.nanoTime();
            eventually().until(() -> System.nanoTime() - since > 5_000_000);
            assertThat(health(consumer).status()).isEqualTo(Health.Status.UP);
            assertThat(oldestMillis(consumer)).isZero();
        }
    }

    @Test
    void messageBesideOneThatWaits_isStuckAllTheSame() {
        source.add(0, 2);
        try (Consumer consumer = builder()
                .closeTimeout(Duration.ZERO)
                .stuckAfter(Duration.ofMillis(1))
                .build()) {
            consumer.consume().subscribe(new Collector(Long.MAX_VALUE, message -> {
                if (message.id().equals("0")) {
                    message.nack(Duration.ofHours(1));
                }
            }));
            eventually()
                    .until(() -> "1".equals(health(consumer).facts().get("waiting-for-redelivery"))
                            && health(consumer).detail().contains("message 1 "));
            assertThat(health(consumer).status()).isEqualTo(Health.Status.DOWN);
        }
    }

    @Test
    void messageDeliveredAgain_isAsOldAsThatDelivery() {
        source.add(0, 1);
        long first = System.nanoTime();
        Duration delay = Duration.ofMillis(500);
        try (Consumer consumer = builder().closeTimeout(Duration.ZERO).build()) {
            Collector collector = new Collector(Long.MAX_VALUE, message -> {
                if (message.attempt() == 1) {
                    message.nack(delay);
                }
            });
            consumer.consume().subscribe(collector);
            eventually().until(() -> collector.messages.size() == 2);
            long age = oldestMillis(consumer);
            long sinceFirst = Duration.ofNanos(System.nanoTime() - first).toMillis();
            assertThat(age).isLessThanOrEqualTo(sinceFirst - delay.toMillis());
        }
    }
}
