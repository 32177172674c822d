package io.pythia.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.FirstRun;
import io.pythia.StateStore;
import io.pythia.http.Extraction.ItemPointers;
import java.time.Duration;
import java.util.Map;
import okhttp3.Dns;
import okhttp3.HttpUrl;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PollScheduleTest {
    private static final long SECOND = 1_000_000_000L;

    private static PollSettings settings(
            PollTiming timing, boolean respectMaxAge, double jitter, @Nullable RateLimit limit, HttpConfig config) {
        return settings(timing, respectMaxAge, jitter, limit, config, Map.of(), HttpUrl.get("https://a.example/"));
    }

    static PollSettings settings(Map<String, String> headers, HttpUrl url) {
        return settings(PollTiming.FIXED_DELAY, false, 0, null, HttpConfig.defaults(), headers, url);
    }

    private static PollSettings settings(
            PollTiming timing,
            boolean respectMaxAge,
            double jitter,
            @Nullable RateLimit limit,
            HttpConfig config,
            Map<String, String> headers,
            HttpUrl url) {
        return new PollSettings(
                "n",
                url,
                "s",
                "GET",
                headers,
                null,
                HttpAuth.none(),
                config,
                AddressGuard.forPoller(java.util.List.of()),
                Dns.SYSTEM,
                Duration.ofSeconds(30),
                timing,
                jitter,
                respectMaxAge,
                Duration.ofHours(1),
                limit,
                Extraction.wholeBody(),
                new ItemPointers(null, null, null),
                Pagination.none(),
                1,
                1,
                FirstRun.ALL,
                StateStore.memory(),
                "k",
                Duration.ofSeconds(1),
                100);
    }

    private static PollSchedule schedule(PollSettings settings) {
        return new PollSchedule(settings, () -> Long.MAX_VALUE, 0);
    }

    private static PollSchedule plain(PollTiming timing) {
        return schedule(settings(timing, false, 0, null, HttpConfig.defaults()));
    }

    @Test
    void fixedDelay_countsFromTheEnd_fixedRateFromTheBeginning() {
        PollSchedule delay = plain(PollTiming.FIXED_DELAY);
        delay.succeeded(0, 4 * SECOND, false, null);
        assertThat(delay.dueIn(4 * SECOND)).isEqualTo(30 * SECOND);
        PollSchedule rate = plain(PollTiming.FIXED_RATE);
        rate.succeeded(0, 4 * SECOND, false, null);
        assertThat(rate.dueIn(4 * SECOND)).isEqualTo(26 * SECOND);
        rate.succeeded(0, 65 * SECOND, false, null);
        assertThat(rate.dueIn(65 * SECOND)).isEqualTo(25 * SECOND);
    }

    @Test
    void morePages_areDueAtOnce() {
        PollSchedule schedule = plain(PollTiming.FIXED_DELAY);
        schedule.succeeded(0, SECOND, true, null);
        assertThat(schedule.dueIn(SECOND)).isLessThanOrEqualTo(0);
    }

    @Test
    void maxAge_makesTheIntervalLonger_onlyIfWanted_andNotForEver() {
        PollSchedule deaf = plain(PollTiming.FIXED_DELAY);
        deaf.succeeded(0, 0, false, Duration.ofSeconds(60));
        assertThat(deaf.dueIn(0)).isEqualTo(30 * SECOND);
        PollSchedule schedule = schedule(settings(PollTiming.FIXED_DELAY, true, 0, null, HttpConfig.defaults()));
        schedule.succeeded(0, 0, false, Duration.ofSeconds(60));
        assertThat(schedule.dueIn(0)).isEqualTo(60 * SECOND);
        schedule.succeeded(0, 0, false, Duration.ofSeconds(3));
        assertThat(schedule.dueIn(0)).isEqualTo(30 * SECOND);
        schedule.succeeded(0, 0, false, Duration.ofDays(365));
        assertThat(schedule.dueIn(0)).isEqualTo(300 * SECOND);
    }

    @Test
    void jitter_staysWithinItsPart() {
        for (long drawn : new long[] {0, Long.MAX_VALUE, Long.MIN_VALUE, -1, 1234567890123456789L}) {
            PollSchedule schedule = new PollSchedule(
                    settings(PollTiming.FIXED_DELAY, false, 0.1, null, HttpConfig.defaults()), () -> drawn, 0);
            schedule.succeeded(0, 0, false, null);
            assertThat(schedule.dueIn(0)).isBetween(27 * SECOND, 33 * SECOND);
        }
    }

    @Test
    void failures_areRetriedWithGrowingPauses_thenOncePerInterval_andTheBreakerOpens() {
        HttpConfig config = HttpConfig.builder().circuitBreakerThreshold(5).build();
        PollSchedule schedule = schedule(settings(PollTiming.FIXED_DELAY, false, 0, null, config));
        for (long most : new long[] {1, 2, 4}) {
            assertThat(schedule.tryAcquire(0)).isZero();
            schedule.failed(0, null);
            assertThat(schedule.dueIn(0)).isBetween(0L, most * SECOND);
        }
        for (int i = 0; i < 2; i++) {
            assertThat(schedule.tryAcquire(0)).isZero();
            schedule.failed(0, null);
            assertThat(schedule.dueIn(0)).isEqualTo(30 * SECOND);
        }
        assertThat(schedule.tryAcquire(0)).isGreaterThan(0);
    }

    /** Failed attempts to connect count; the one that succeeds closes the circuit, since it has asked the server. */
    @Test
    void successfulConnect_closesTheCircuit() {
        HttpConfig config = HttpConfig.builder().circuitBreakerThreshold(2).build();
        PollSchedule schedule = schedule(settings(PollTiming.FIXED_DELAY, false, 0, null, config));
        schedule.failed(0, null);
        schedule.failed(0, null);
        schedule.succeeded(0, 0, false, null);
        schedule.connected();
        assertThat(schedule.tryAcquire(0)).isZero();
    }

    @Test
    void breakerThatIsSwitchedOff_neverHoldsARequestBack() {
        HttpConfig config = HttpConfig.builder()
                .enableCircuitBreaker(false)
                .circuitBreakerThreshold(1)
                .build();
        PollSchedule schedule = schedule(settings(PollTiming.FIXED_DELAY, false, 0, null, config));
        for (int i = 0; i < 20; i++) {
            assertThat(schedule.tryAcquire(0)).isZero();
            schedule.failed(0, null);
        }
        PollSchedule broken = schedule(settings(
                PollTiming.FIXED_DELAY,
                false,
                0,
                null,
                config.toBuilder().enableCircuitBreaker(true).build()));
        broken.failed(0, null);
        assertThat(broken.tryAcquire(0)).isGreaterThan(0);
    }

    @Test
    void retryAfter_isKept_alsoForTheNextSession() {
        PollSchedule schedule = plain(PollTiming.FIXED_DELAY);
        schedule.failed(0, Duration.ofSeconds(120));
        assertThat(schedule.dueIn(0)).isEqualTo(120 * SECOND);
        assertThat(schedule.throttledFor(SECOND)).isEqualTo(119 * SECOND);
        assertThat(schedule.throttledFor(121 * SECOND)).isLessThanOrEqualTo(0);
    }

    @Test
    void rateLimit_isKept_byAllWhoShareIt() {
        RateLimit limit = RateLimit.of(60, Duration.ofMinutes(1));
        long now = System.nanoTime() + SECOND;
        PollSchedule one = schedule(settings(PollTiming.FIXED_DELAY, false, 0, limit, HttpConfig.defaults()));
        PollSchedule two = schedule(settings(PollTiming.FIXED_DELAY, false, 0, limit, HttpConfig.defaults()));
        assertThat(one.tryAcquire(now)).isZero();
        assertThat(two.tryAcquire(now + SECOND / 4)).isEqualTo(SECOND * 3 / 4);
        assertThat(two.tryAcquire(now + SECOND)).isZero();
        assertThat(one.tryAcquire(now + SECOND)).isEqualTo(SECOND);
    }
}
