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

    @Test
    void callFromBeforeItOpened_thatSucceedsDuringTheTrial_changesNothing() throws Exception {
        breaker.call(() -> openAndBeginTrial());
        assertThat(breaker.state()).isEqualTo(State.HALF_OPEN);
        breaker.onSuccess();
        assertThat(breaker.state()).isEqualTo(State.CLOSED);
    }

    @Test
    void callFromBeforeItOpened_thatFailsDuringTheTrial_changesNothing() {
        assertThatThrownBy(() -> breaker.call(() -> {
                    openAndBeginTrial();
                    throw new IOException("at last");
                }))
                .isInstanceOf(IOException.class);
        assertThat(breaker.state()).isEqualTo(State.HALF_OPEN);
    }

    private State openAndBeginTrial() {
        for (int i = 0; i < 3; i++) {
            breaker.onFailure();
        }
        clock.addAndGet(100);
        assertThat(breaker.tryAcquire()).isTrue();
        return breaker.state();
    }

    /** Against a model that remembers everything that happened. Calls overlap: within one there are others. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void anyHistory_isThatOfTheModel(long seed) throws Exception {
        new Model(new Random(seed)).steps(10_000, 0);
    }

    private final class Model {
        private final Random random;
        private State state = State.CLOSED;
        private int failures;
        private int openings;
        private long since;

        Model(Random random) {
            this.random = random;
        }

        void steps(int count, int depth) throws Exception {
            for (int i = 0; i < count; i++) {
                switch (random.nextInt(depth < 3 ? 5 : 4)) {
                    case 0 -> clock.addAndGet(random.nextInt(60));
                    case 1 -> assertThat(breaker.tryAcquire()).isEqualTo(acquired());
                    case 2 -> {
                        succeeded();
                        breaker.onSuccess();
                    }
                    case 3 -> {
                        failed();
                        breaker.onFailure();
                    }
                    default -> call(depth);
                }
                assertThat(breaker.state()).isEqualTo(state);
            }
        }

        private void call(int depth) throws Exception {
            boolean allowed = acquired();
            int before = openings;
            boolean fails = random.nextBoolean();
            try {
                breaker.call(() -> {
                    steps(random.nextInt(20), depth + 1);
                    if (fails) {
                        throw new IOException("down");
                    }
                    return "x";
                });
                assertThat(allowed && !fails).isTrue();
            } catch (CircuitOpenException e) {
                assertThat(allowed).isFalse();
                return;
            } catch (IOException e) {
                assertThat(fails).isTrue();
            }
            if (openings > before) {
                return;
            }
            if (fails) {
                failed();
            } else {
                succeeded();
            }
        }

        private boolean acquired() {
            boolean allowed = state == State.CLOSED || clock.get() - since >= 100;
            if (allowed && state != State.CLOSED) {
                state = State.HALF_OPEN;
                since = clock.get();
            }
            return allowed;
        }

        private void succeeded() {
            if (state != State.OPEN) {
                state = State.CLOSED;
                failures = 0;
            }
        }

        private void failed() {
            if (state == State.HALF_OPEN || (state == State.CLOSED && ++failures >= 3)) {
                state = State.OPEN;
                openings++;
                since = clock.get();
            }
        }
    }
}
