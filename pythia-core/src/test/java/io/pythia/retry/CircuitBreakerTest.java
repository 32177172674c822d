package io.pythia.retry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.retry.CircuitBreaker.State;
import java.io.IOException;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CircuitBreakerTest {
    private static final CircuitBreakerConfig CONFIG = new CircuitBreakerConfig(true, 3, Duration.ofNanos(100));

    private final AtomicLong clock = new AtomicLong();
    private final CircuitBreaker breaker = new CircuitBreaker(CONFIG, clock::get);

    @Test
    void failuresInARow_openIt_andATrialClosesIt() throws Exception {
        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(() -> breaker.call(() -> {
                        throw new IOException("down");
                    }))
                    .isInstanceOf(IOException.class);
        }
        assertThat(breaker.state()).isEqualTo(State.OPEN);
        assertThatThrownBy(() -> breaker.call(() -> "x")).isInstanceOf(CircuitOpenException.class);
        clock.set(100);
        assertThat(breaker.call(() -> "x")).isEqualTo("x");
        assertThat(breaker.state()).isEqualTo(State.CLOSED);
    }

    @Test
    void trialThatFails_opensItAgain_andOnlyOneIsLetThrough() {
        for (int i = 0; i < 3; i++) {
            breaker.onFailure();
        }
        clock.set(100);
        assertThat(breaker.tryAcquire()).isTrue();
        assertThat(breaker.state()).isEqualTo(State.HALF_OPEN);
        assertThat(breaker.tryAcquire()).isFalse();
        breaker.onFailure();
        assertThat(breaker.state()).isEqualTo(State.OPEN);
        assertThat(breaker.untilTrial()).isEqualTo(Duration.ofNanos(100));
    }

    @Test
    void trialThatIsNeverReported_isFollowedByAnother() {
        for (int i = 0; i < 3; i++) {
            breaker.onFailure();
        }
        clock.set(100);
        assertThat(breaker.tryAcquire()).isTrue();
        clock.set(200);
        assertThat(breaker.tryAcquire()).isTrue();
    }

    @Test
    void disabled_neverOpens() {
        CircuitBreaker off = new CircuitBreaker(CircuitBreakerConfig.disabled(), clock::get);
        for (int i = 0; i < 100; i++) {
            off.onFailure();
        }
        assertThat(off.tryAcquire()).isTrue();
    }

    /** Against a model that remembers everything that happened. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void anyHistory_isThatOfTheModel(long seed) {
        Random random = new Random(seed);
        State state = State.CLOSED;
        int failures = 0;
        long since = 0;
        for (int i = 0; i < 10_000; i++) {
            switch (random.nextInt(4)) {
                case 0 -> clock.addAndGet(random.nextInt(60));
                case 1 -> {
                    boolean allowed = state == State.CLOSED || clock.get() - since >= 100;
                    if (allowed && state != State.CLOSED) {
                        state = State.HALF_OPEN;
                        since = clock.get();
                    }
                    assertThat(breaker.tryAcquire()).isEqualTo(allowed);
                }
                case 2 -> {
                    if (state != State.OPEN) {
                        state = State.CLOSED;
                        failures = 0;
                    }
                    breaker.onSuccess();
                }
                default -> {
                    if (state == State.HALF_OPEN || (state == State.CLOSED && ++failures >= 3)) {
                        state = State.OPEN;
                        since = clock.get();
                    }
                    breaker.onFailure();
                }
            }
            assertThat(breaker.state()).isEqualTo(state);
        }
    }
}
