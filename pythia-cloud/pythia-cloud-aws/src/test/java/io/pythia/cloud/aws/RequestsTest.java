package io.pythia.cloud.aws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class RequestsTest {
    private final List<List<Integer>> made = new CopyOnWriteArrayList<>();
    private final CountDownLatch mayEnd = new CountDownLatch(1);

    private void hold(List<Integer> entries) {
        made.add(entries);
        try {
            mayEnd.await();
        } catch (InterruptedException e) {
            // closed
        }
    }

    private static List<Integer> numbers(int from, int to) {
        return IntStream.range(from, to).boxed().toList();
    }

    private static Requests.Rules<Integer> rules(int parallel, Duration pause, @Nullable AtomicBoolean last) {
        return new Requests.Rules<>("test-request", parallel, 100, entry -> 1, pause, last == null ? null : last::get);
    }

    private void eventually(Runnable check) {
        await().atMost(30, TimeUnit.SECONDS).untilAsserted(check::run);
    }

    @Test
    void fullRequest_goesAtOnce_andTheRestWhenNoneIsUnderWay() throws InterruptedException {
        try (Requests<Integer> requests = new Requests<>(rules(4, Duration.ofHours(1), null), this::hold)) {
            requests.add(numbers(0, 25));
            eventually(() -> assertThat(made).hasSize(2));
            assertThat(requests.waiting()).isEqualTo(5);
            mayEnd.countDown();
            eventually(() -> assertThat(made).hasSize(3));
            assertThat(made.stream().flatMap(List::stream)).containsExactlyInAnyOrderElementsOf(numbers(0, 25));
        }
    }

    @Test
    void parallel_isTheMostThatAreUnderWay_andAddingMoreWaitsABit() throws InterruptedException {
        try (Requests<Integer> requests = new Requests<>(rules(2, Duration.ZERO, null), this::hold)) {
            requests.add(numbers(0, 100));
            eventually(() -> assertThat(made).hasSize(2));
            assertThat(requests.waiting()).isEqualTo(80);
            mayEnd.countDown();
            eventually(() -> assertThat(made).hasSize(10));
        }
    }

    @Test
    void pause_isWaitedFor_unlessNothingMoreCanCome() throws InterruptedException {
        AtomicBoolean last = new AtomicBoolean();
        mayEnd.countDown();
        try (Requests<Integer> requests = new Requests<>(rules(1, Duration.ofHours(1), last), this::hold)) {
            requests.add(List.of(1));
            requests.add(List.of(2));
            assertThat(made).isEmpty();
            last.set(true);
            requests.look();
            eventually(() -> assertThat(made).containsExactly(List.of(1, 2)));
        }
        made.clear();
        try (Requests<Integer> requests =
                new Requests<>(rules(1, Duration.ofMillis(20), new AtomicBoolean()), this::hold)) {
            requests.add(List.of(3));
            eventually(() -> assertThat(made).containsExactly(List.of(3)));
        }
    }

    @Test
    void slowRequest_doesNotHoldUpWhatComesAfterIt() throws InterruptedException {
        try (Requests<Integer> requests = new Requests<>(rules(2, Duration.ofMillis(20), null), this::hold)) {
            requests.add(List.of(1));
            eventually(() -> assertThat(made).hasSize(1));
            requests.add(List.of(2));
            eventually(() -> assertThat(made).containsExactly(List.of(1), List.of(2)));
            mayEnd.countDown();
        }
    }

    @Test
    void bytes_limitARequest_butOneEntryAlwaysGoes() throws InterruptedException {
        mayEnd.countDown();
        Requests.Rules<Integer> rules =
                new Requests.Rules<>("test-request", 1, 10, entry -> entry, Duration.ofHours(1), null);
        try (Requests<Integer> requests = new Requests<>(rules, this::hold)) {
            requests.add(List.of(6, 4, 1, 50, 9));
            eventually(() -> assertThat(made).containsExactly(List.of(6, 4), List.of(1), List.of(50), List.of(9)));
        }
    }

    @Test
    void close_withTime_makesWhatIsLeft_andWithoutGivesUp() throws InterruptedException {
        Requests<Integer> requests = new Requests<>(rules(1, Duration.ofHours(1), new AtomicBoolean()), this::hold);
        requests.add(List.of(1));
        mayEnd.countDown();
        assertThat(requests.close(Duration.ofSeconds(30))).isTrue();
        assertThat(made).containsExactly(List.of(1));
        eventually(() -> assertThat(Thread.getAllStackTraces().keySet())
                .noneMatch(thread -> thread.getName().equals("test-request")));
    }

    @Test
    void interruptThatComesTooLate_andAnError_stopNothing() throws InterruptedException {
        Requests<Integer> requests = new Requests<>(rules(1, Duration.ZERO, null), entries -> {
            made.add(entries);
            if (entries.contains(1)) {
                Thread.currentThread().interrupt();
            } else if (entries.contains(2)) {
                Thread.currentThread().setUncaughtExceptionHandler((thread, error) -> {});
                throw new AssertionError("on purpose");
            }
        });
        try (requests) {
            for (int i = 1; i <= 3; i++) {
                int last = i;
                requests.add(List.of(i));
                eventually(() -> assertThat(made).hasSize(last));
            }
        }
    }

    @Test
    void sleep_ofARequest_isNotEndedByALateInterrupt_butByTheClose() throws InterruptedException {
        AtomicReference<Requests<Integer>> running = new AtomicReference<>();
        List<Boolean> slept = new CopyOnWriteArrayList<>();
        CountDownLatch sleeping = new CountDownLatch(1);
        Requests<Integer> requests = new Requests<>(rules(1, Duration.ZERO, null), entries -> {
            Thread.currentThread().interrupt();
            slept.add(running.get().sleep(1));
            sleeping.countDown();
            slept.add(running.get().sleep(Duration.ofHours(1).toNanos()));
        });
        running.set(requests);
        requests.add(List.of(1));
        sleeping.await();
        assertThat(requests.close(Duration.ofSeconds(30))).isTrue();
        assertThat(slept).containsExactly(true, false);
    }
}
