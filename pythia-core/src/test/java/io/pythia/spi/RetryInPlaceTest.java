package io.pythia.spi;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.BrokerAuthenticationException;
import io.pythia.BrokerConnectionException;
import io.pythia.BrokerException;
import io.pythia.UncertainSendException;
import io.pythia.retry.RetryConfig;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RetryInPlaceTest {
    private static final BrokerException AWAY = new BrokerConnectionException("away");
    private static final BrokerException REFUSED = new BrokerAuthenticationException("refused");
    private static final BrokerException UNCERTAIN = new UncertainSendException("who knows");

    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 1); // System.nanoTime() may overflow

    private RetryInPlace retry(int maxRetries, Duration sendTimeout) {
        RetryConfig pauses = new RetryConfig(maxRetries, Duration.ofMillis(100), Duration.ofMillis(300), true, false);
        return new RetryInPlace(ProducerOptions.defaults().with(pauses).withSendTimeout(sendTimeout), now::get);
    }

    @Test
    void pauses_growAsConfigured_upToTheLastRetry() {
        RetryInPlace retry = retry(4, Duration.ofSeconds(30));
        assertThat(retry.failed(AWAY)).isEqualTo(Duration.ofMillis(100));
        assertThat(retry.failed(UNCERTAIN)).isEqualTo(Duration.ofMillis(200));
        assertThat(retry.failed(AWAY)).isEqualTo(Duration.ofMillis(300));
        assertThat(retry.failed(AWAY)).isEqualTo(Duration.ofMillis(300));
        assertThat(retry.failed(AWAY)).isNull();
    }

    @Test
    void jitter_isThatOfTheConfiguration() {
        RetryConfig even =
                new RetryConfig(RetryConfig.FOREVER, Duration.ofMillis(100), Duration.ofMillis(100), false, true);
        RetryInPlace retry = new RetryInPlace(ProducerOptions.defaults().with(even), now::get);
        for (int i = 0; i < 100; i++) {
            assertThat(retry.failed(AWAY)).isBetween(Duration.ZERO, Duration.ofMillis(100));
        }
    }

    @Test
    void refusal_isNotTriedAgain() {
        assertThat(retry(4, Duration.ofSeconds(30)).failed(REFUSED)).isNull();
        assertThat(retry(0, Duration.ofSeconds(30)).failed(AWAY)).isNull();
        UncertainSendException last = new UncertainSendException("who knows, and the engine must not", null, false);
        assertThat(retry(4, Duration.ofSeconds(30)).failed(last)).isNull();
    }

    @Test
    void timeThatIsUsedUp_alsoByTheNextPause_endsIt() {
        RetryInPlace retry = retry(RetryConfig.FOREVER, Duration.ofSeconds(1));
        now.addAndGet(Duration.ofMillis(899).toNanos());
        assertThat(retry.failed(AWAY)).isEqualTo(Duration.ofMillis(100));
        now.addAndGet(Duration.ofMillis(100).toNanos());
        assertThat(retry.failed(AWAY)).isNull();
    }

    @Test
    void timeWithoutEnd_neverEnds() {
        RetryInPlace retry = retry(RetryConfig.FOREVER, Duration.ofSeconds(Long.MAX_VALUE));
        now.addAndGet(Duration.ofDays(1_000).toNanos());
        assertThat(retry.failed(AWAY)).isEqualTo(Duration.ofMillis(100));
    }

    @Test
    void outcome_isTheLastError_unlessAnEarlierTryMayHaveArrived() {
        RetryInPlace retry = retry(4, Duration.ofSeconds(30));
        retry.failed(AWAY);
        assertThat(retry.outcome(AWAY)).isSameAs(AWAY);
        assertThat(retry.outcome(REFUSED)).isSameAs(REFUSED);
        retry.failed(UNCERTAIN);
        retry.failed(AWAY);
        retry.failed(REFUSED);
        assertThat(retry.outcome(REFUSED)).isSameAs(UNCERTAIN);
    }
}
