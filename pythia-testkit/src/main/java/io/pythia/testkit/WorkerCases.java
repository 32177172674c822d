package io.pythia.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.AckPolicy;
import io.pythia.Message;
import io.pythia.MessageProducer;
import io.pythia.Ordering;
import io.pythia.Worker;
import io.pythia.retry.RetryConfig;
import io.pythia.spi.Capabilities;
import io.pythia.spi.Capabilities.Guarantee;
import io.pythia.spi.Capabilities.Support;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The worker means the same on every broker. */
interface WorkerCases extends ConformanceCases {
    RetryConfig ONE_RETRY = new RetryConfig(1, Duration.ofMillis(1), Duration.ofMillis(1), false, false);

    /** Starts a worker, and sends so many messages when they can be received. */
    private Worker start(String destination, Worker.Builder builder, int count) {
        Worker worker =
                builder.retry(ONE_RETRY).closeTimeout(Duration.ofSeconds(10)).build();
        try {
            if (can().persistent()) {
                send(destination, count);
                worker.start();
            } else {
                worker.start();
                eventually("a worker that is connected")
                        .until(() -> worker.health().isUp());
                send(destination, count);
            }
            return worker;
        } catch (RuntimeException | Error e) {
            worker.close();
            throw e;
        }
    }

    private Worker.Builder worker(String destination) {
        return Worker.from(consumer(destination, GROUP));
    }

    /** Returns what a new consumer still gets. */
    private Set<String> leftOver(String destination, int atLeast) {
        Set<String> left = ConcurrentHashMap.newKeySet();
        Worker reader = worker(destination)
                .onMessage(message -> left.add(message.text()))
                .start();
        try {
            eventually("what is left over").until(() -> left.size() >= atLeast);
            if (atLeast == 0) {
                // Nothing is expected: a message that is sent now would come after what is there.
                send(destination, 1_000, 1);
                eventually("the message sent last").until(() -> left.contains("1000"));
                left.remove("1000");
            }
        } finally {
            reader.close();
        }
        return left;
    }

    @Test
    @DisplayName("W01 onSuccess")
    default void onSuccess_acknowledgesWhatSucceeded_andPutsAsideWhatFailed() {
        String destination = harness().newDestination();
        String letters = harness().newDestination();
        Map<String, AtomicInteger> calls = new ConcurrentHashMap<>();
        try (MessageProducer toLetters = producer(letters);
                Worker worker = start(
                        destination,
                        worker(destination).deadLetter(toLetters).concurrency(2).onMessage(message -> {
                            calls.computeIfAbsent(message.text(), t -> new AtomicInteger())
                                    .incrementAndGet();
                            if (message.text().equals("3")) {
                                throw new IllegalStateException("three fails");
                            }
                        }),
                        10)) {
            eventually("all done with")
                    .until(() -> worker.stats().handled() == 9 && worker.stats().deadLettered() == 1);
            assertThat(calls.getOrDefault("3", new AtomicInteger()).get()).isEqualTo(2);
            assertThat(calls.getOrDefault("4", new AtomicInteger()).get()).isEqualTo(1);
        }
        requires(can().persistent(), "persistent messages");
        assertThat(leftOver(destination, 0)).isEmpty();
        assertThat(leftOver(letters, 1)).containsExactly("3");
    }

    @Test
    @DisplayName("W02 beforeHandler")
    default void beforeHandler_neverDeliversAgain() {
        String destination = harness().newDestination();
        try (Worker worker = start(
                destination,
                worker(destination).ackPolicy(AckPolicy.BEFORE_HANDLER).onMessage(message -> {
                    if (message.text().equals("3")) {
                        throw new IllegalStateException("three fails");
                    }
                }),
                10)) {
            eventually("all done with")
                    .until(() -> worker.stats().handled() == 9 && worker.stats().lost() == 1);
        }
        requires(can().persistent(), "persistent messages");
        assertThat(leftOver(destination, 0)).isEmpty();
    }

    @Test
    @DisplayName("W03 manual")
    default void manual_leavesUnsettledWhatTheHandlerLeaves() {
        requires(can().guarantee() == Guarantee.AT_LEAST_ONCE && can().persistent(), "at least once");
        String destination = harness().newDestination();
        List<Message> kept = Collections.synchronizedList(new ArrayList<>());
        try (Worker worker = start(
                destination,
                worker(destination).ackPolicy(AckPolicy.MANUAL).onMessage(message -> {
                    if (message.text().equals("9")) {
                        kept.add(message);
                    } else {
                        message.ack();
                    }
                }),
                10)) {
            eventually("all handled").until(() -> worker.stats().handled() == 10);
            assertThat(kept).hasSize(1);
        }
        assertThat(leftOver(destination, 1)).contains("9");
    }

    @Test
    @DisplayName("W04 redelivery")
    default void redelivery_bringsTheMessageAgain_withItsAttempt() {
        requires(can().delayedNack() != Support.NONE, "delayed nack");
        String destination = harness().newDestination();
        List<Integer> attempts = Collections.synchronizedList(new ArrayList<>());
        try (Worker worker = start(
                destination,
                worker(destination).redelivery(ONE_RETRY).onMessage(message -> {
                    attempts.add(message.attempt());
                    if (message.attempt() == 1) {
                        throw new IllegalStateException("the first time");
                    }
                }),
                1)) {
            eventually("handled").until(() -> worker.stats().handled() == 1);
            assertThat(attempts).containsExactly(1, 1, 2);
            assertThat(worker.stats().redelivered()).isEqualTo(1);
        }
    }

    @Test
    @DisplayName("W05 keyOrder")
    default void keyOrder_isKept_withManyHandlersAndFailures() {
        requires(can().keys() && can().ordering() != Capabilities.Ordering.NONE, "keys, order");
        String destination = harness().newDestination();
        Map<String, List<Integer>> handled = new ConcurrentHashMap<>();
        Set<String> failedOnce = ConcurrentHashMap.newKeySet();
        try (Worker worker = start(
                destination,
                worker(destination).concurrency(8).ordering(Ordering.KEY).onMessage(message -> {
                    if (Integer.parseInt(message.text()) % 7 == 0 && failedOnce.add(message.text())) {
                        throw new IllegalStateException("one of seven, once");
                    }
                    handled.computeIfAbsent(
                                    String.valueOf(message.key()), k -> Collections.synchronizedList(new ArrayList<>()))
                            .add(Integer.parseInt(message.text()));
                }),
                800)) {
            eventually("all handled").until(() -> worker.stats().handled() == 800);
        }
        assertThat(handled)
                .hasSize(16)
                .allSatisfy((key, numbers) -> assertThat(numbers).isSorted().hasSize(50));
    }

    @Test
    @DisplayName("W06 pipe")
    default void pipe_acknowledgesAfterTheDestinationHasConfirmed() {
        String destination = harness().newDestination();
        String copies = harness().newDestination();
        requires(can().persistent(), "persistent messages");
        try (MessageProducer to = producer(copies);
                Worker worker = start(destination, worker(destination).to(to), 200)) {
            eventually("all sent on").until(() -> worker.stats().handled() == 200);
        }
        assertThat(leftOver(copies, 200)).containsExactlyInAnyOrderElementsOf(bodies(200));
        assertThat(leftOver(destination, 0)).isEmpty();
    }

    @Test
    @DisplayName("W07 stopUnderLoad")
    default void stopUnderLoad_losesNothing_andHandlesNothingTwice() {
        requires(can().persistent(), "persistent messages");
        String destination = harness().newDestination();
        List<String> handled = Collections.synchronizedList(new ArrayList<>());
        int before;
        try (Worker worker = start(
                destination,
                worker(destination).concurrency(4).onMessage(message -> handled.add(message.text())),
                3_000)) {
            eventually("some progress").until(() -> worker.stats().handled() > 100);
            get(worker.stop());
            before = handled.size();
            assertThat(worker.stats().handled()).isEqualTo(before);
        }
        Set<String> left = leftOver(destination, 3_000 - before);
        assertThat(left).hasSize(3_000 - before).doesNotContainAnyElementsOf(handled);
    }
}
