package io.pythia.retry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BrokerAuthenticationException;
import io.pythia.BrokerConnectionException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class RetryTest {
    private final List<Duration> pauses = new ArrayList<>();
    private final AtomicInteger calls = new AtomicInteger();

    private Retry retry(RetryConfig config) {
        return new Retry(config, e -> !(e instanceof BrokerAuthenticationException), pauses::add, new Random(1));
    }

    private static RetryConfig withoutJitter() {
        return RetryConfig.builder().jitter(false).build();
    }

    @Test
    void call_succeedsAtLast_withGrowingPauses() throws Exception {
        String result = retry(withoutJitter()).call(() -> {
            if (calls.incrementAndGet() < 4) {
                throw new IOException("call " + calls.get());
            }
            return "done";
        });
        assertThat(result).isEqualTo("done");
        assertThat(pauses).containsExactly(Duration.ofSeconds(1), Duration.ofSeconds(2), Duration.ofSeconds(4));
    }

    @Test
    void call_givesUp_withTheEarlierFailuresSuppressed() {
        assertThatThrownBy(() -> retry(withoutJitter()).call(() -> {
                    throw new IOException("call " + calls.incrementAndGet());
                }))
                .isInstanceOf(IOException.class)
                .hasMessage("call 4")
                .satisfies(e -> assertThat(e.getSuppressed()).hasSize(3));
    }

    @Test
    void errorsInterruptsAndRefusals_areNotTriedAgain() {
        for (Throwable failure :
                List.of(new AssertionError(), new InterruptedException(), new BrokerAuthenticationException("no"))) {
            calls.set(0);
            assertThatThrownBy(() -> retry(withoutJitter()).call(() -> {
                        calls.incrementAndGet();
                        if (failure instanceof Error error) {
                            throw error;
                        }
                        throw (Exception) failure;
                    }))
                    .isSameAs(failure);
            assertThat(calls.get()).isEqualTo(1);
        }
        assertThatThrownBy(() -> Retry.call(RetryConfig.defaults(), () -> {
                    throw new BrokerAuthenticationException("no");
                }))
                .isInstanceOf(BrokerAuthenticationException.class);
    }

    @Test
    void interruptWhileWaiting_endsTheCall() {
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> Retry.call(RetryConfig.forever(), () -> {
                    throw new IOException();
                }))
                .isInstanceOf(InterruptedException.class);
        assertThat(Thread.interrupted()).isFalse();
    }

    @Test
    void callAsync_triesAgain_andCanBeCancelled() {
        ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor();
        try {
            RetryConfig quick = new RetryConfig(5, Duration.ofMillis(1), Duration.ofMillis(1), false, false);
            CompletableFuture<String> result = Retry.of(quick)
                    .callAsync(
                            () -> calls.incrementAndGet() < 3
                                    ? CompletableFuture.failedFuture(new BrokerConnectionException("not now"))
                                    : CompletableFuture.completedFuture("done"),
                            scheduler);
            assertThat(result.orTimeout(30, TimeUnit.SECONDS).join()).isEqualTo("done");
            assertThat(calls.get()).isEqualTo(3);
            CompletableFuture<String> endless = Retry.of(RetryConfig.forever())
                    .callAsync(() -> CompletableFuture.failedFuture(new IOException()), scheduler);
            endless.cancel(false);
            assertThat(endless).isCancelled();
        } finally {
            scheduler.shutdownNow();
        }
    }

    private static final RetryConfig AT_ONCE =
            new RetryConfig(RetryConfig.FOREVER, Duration.ZERO, Duration.ZERO, false, false);

    @Test
    void choiceThatThrows_endsTheCall_withTheFailureSuppressed() {
        Retry retry = Retry.of(AT_ONCE).on(failure -> {
            throw new IllegalStateException("the choice is broken");
        });
        ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor();
        try {
            CompletableFuture<String> result =
                    retry.callAsync(() -> CompletableFuture.failedFuture(new IOException("down")), scheduler);
            assertThatThrownBy(() -> result.get(5, TimeUnit.SECONDS))
                    .cause()
                    .isInstanceOf(IllegalStateException.class)
                    .hasSuppressedException(new IOException("down"));
        } finally {
            scheduler.shutdownNow();
        }
        assertThatThrownBy(() -> retry.call(() -> {
                    throw new IOException("down");
                }))
                .isInstanceOf(IllegalStateException.class)
                .hasSuppressedException(new IOException("down"));
    }

    @Test
    void callAsync_thatIsTriedForLong_keepsNothingOfEarlierTries_andCanBeCancelled() throws Exception {
        ScheduledThreadPoolExecutor scheduler = new ScheduledThreadPoolExecutor(1);
        CountDownLatch many = new CountDownLatch(1_000);
        try {
            CompletableFuture<String> result = Retry.of(AT_ONCE)
                    .callAsync(
                            () -> {
                                many.countDown();
                                return CompletableFuture.failedFuture(new IOException());
                            },
                            scheduler);
            assertThat(many.await(30, TimeUnit.SECONDS)).isTrue();
            assertThat(result.getNumberOfDependents()).isLessThanOrEqualTo(1);
            result.cancel(false);
            scheduler.shutdown();
            assertThat(scheduler.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
        } finally {
            scheduler.shutdownNow();
        }
    }

    @Test
    void callAsync_cancelled_takesBackWhatIsScheduled() {
        ScheduledThreadPoolExecutor scheduler = new ScheduledThreadPoolExecutor(1);
        scheduler.setRemoveOnCancelPolicy(true);
        try {
            RetryConfig rare = new RetryConfig(9, Duration.ofHours(1), Duration.ofHours(1), false, false);
            CompletableFuture<String> result =
                    Retry.of(rare).callAsync(() -> CompletableFuture.failedFuture(new IOException()), scheduler);
            assertThat(scheduler.getQueue()).hasSize(1);
            result.cancel(false);
            assertThat(scheduler.getQueue()).isEmpty();
        } finally {
            scheduler.shutdownNow();
        }
    }

    @Test
    void delay_staysWithinItsBounds_forAnyConfiguration() {
        Random random = new Random(7);
        for (int i = 0; i < 10_000; i++) {
            Duration initial = Duration.ofNanos(random.nextLong(1L << random.nextInt(62)));
            Duration max = initial.plusNanos(random.nextLong(1L << random.nextInt(62)));
            RetryConfig config = new RetryConfig(1, initial, max, random.nextBoolean(), random.nextBoolean());
            Duration delay = config.delay(1 + random.nextInt(Integer.MAX_VALUE - 1), random);
            assertThat(delay).isBetween(Duration.ZERO, max);
        }
    }

    @Test
    void badValues_areNamed() {
        assertThatThrownBy(() -> RetryConfig.defaults().withMaxRetries(-1))
                .hasMessageContaining("maxRetries")
                .hasMessageContaining("-1");
        assertThatThrownBy(() -> RetryConfig.builder()
                        .initialDelay(Duration.ofMillis(-1))
                        .build())
                .hasMessageContaining("initialDelay");
        assertThatThrownBy(() -> RetryConfig.builder().maxDelay(Duration.ZERO).build())
                .hasMessageContaining("maxDelay");
    }
}
