package io.pythia;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.retry.RetryConfig;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How a worker bears that the destination of what it sends on is down. */
@Timeout(120)
class WorkerDestinationTest extends WorkerFixture {
    private static final String COPIES = "copies";

    private final AtomicBoolean down = new AtomicBoolean(true);
    private final AtomicInteger failedSends = new AtomicInteger();
    private final AtomicInteger underWay = new AtomicInteger();
    private final AtomicInteger mostAtOnce = new AtomicInteger();

    /** A destination that is away; it says so on a thread of the executor. */
    private MessageProducer away(Executor executor) {
        return new ForwardingProducer(producer(COPIES)) {
            @Override
            public CompletableFuture<SendResult> send(Message message) {
                if (!down.get()) {
                    return super.send(message);
                }
                int now = underWay.incrementAndGet();
                if (failedSends.get() > 150) { // those that were under way when the outage was noticed are gone
                    mostAtOnce.accumulateAndGet(now, Math::max);
                }
                return CompletableFuture.supplyAsync(
                        () -> {
                            underWay.decrementAndGet();
                            failedSends.incrementAndGet();
                            throw new BrokerConnectionException("the destination is away");
                        },
                        executor);
            }
        };
    }

    private Worker.Builder pipe(MessageProducer to) {
        return worker().retry(RetryConfig.none())
                .outageAfter(10)
                .outagePauses(new RetryConfig(1, Duration.ofMillis(5), Duration.ofMillis(20), true, false))
                .deadLetter(producer(LETTERS))
                .to(to);
    }

    private void assertThatAnOutageIsBorne(Worker worker) {
        eventually("the outage noticed", () -> worker.stats().outage());
        eventually("a good many tries", () -> failedSends.get() > 200);
        assertThat(worker.stats().outage()).isTrue();
        assertThat(worker.health().detail()).contains("the destination is away");
        assertThat(mostAtOnce.get()).isEqualTo(1);
        long letters = worker.stats().deadLettered();
        assertThat(letters).isLessThanOrEqualTo(9);
        down.set(false);
        eventually("all the others", () -> worker.stats().handled() == 200 - letters && unsettled() == 0);
        assertThat(worker.stats().outage()).isFalse();
        assertThat(worker.stats().deadLettered()).isEqualTo(letters);
        assertThat(read(COPIES, (int) (200 - letters))).hasSize((int) (200 - letters));
    }

    @Test
    void destinationThatRefusesAtOnce_isAnOutage_andFillsNoDeadLetters() {
        send(200, i -> Message.of("m" + i));
        assertThatAnOutageIsBorne(start(pipe(away(Runnable::run))));
    }

    @Test
    void destinationThatAnswersLate_isAnOutage_andHasOneMessageAtATime() {
        send(200, i -> Message.of("m" + i));
        assertThatAnOutageIsBorne(start(pipe(away(CompletableFuture.delayedExecutor(10, TimeUnit.MILLISECONDS)))));
    }

    @Test
    void asyncHandlersBeforeADestinationThatIsAway_areHeldUpInTheSameWay() {
        send(200, i -> Message.of("m" + i));
        assertThatAnOutageIsBorne(start(pipe(away(CompletableFuture.delayedExecutor(10, TimeUnit.MILLISECONDS)))
                .concurrency(4)
                .onMessageAsync(message -> CompletableFuture.runAsync(() -> {}))));
    }

    @Test
    void messageThatTheDestinationRefusesForGood_endsNoOutage_andHoldsUpNothing() {
        send(60, i -> Message.of(i % 3 == 0 ? "large" : "m" + i));
        MessageProducer to = new ForwardingProducer(producer(COPIES)) {
            @Override
            public CompletableFuture<SendResult> send(Message message) {
                if (message.text().equals("large")) {
                    return CompletableFuture.failedFuture(new MessageException("too large"));
                }
                failedSends.incrementAndGet();
                return down.get()
                        ? CompletableFuture.failedFuture(new BrokerConnectionException("the destination is away"))
                        : super.send(message);
            }
        };
        Worker worker = start(pipe(to));
        eventually("the large ones put aside", () -> worker.stats().deadLettered() >= 20 && failedSends.get() > 30);
        assertThat(worker.stats().outage()).isTrue();
        assertThat(worker.stats().deadLettered()).isLessThanOrEqualTo(29);
        down.set(false);
        eventually("the rest", () -> unsettled() == 0);
        assertThat(worker.stats().handled() + worker.stats().deadLettered()).isEqualTo(60);
    }
}
