package io.pythia.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.BrokerListener;
import io.pythia.BrokerMetrics;
import io.pythia.Message;
import io.pythia.SendResult;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class SendAllTest {
    private static final Message MESSAGE = Message.of("x");
    private static final long LIMIT = 64L << 20;
    private static final SendResult RESULT = new SendResult("1", "test", Map.of());

    private final Events events = new Events("test", BrokerListener.NONE, BrokerMetrics.NONE);

    /** A subscriber that wants all, and counts. */
    private static final class Counter implements Flow.Subscriber<SendResult> {
        final AtomicInteger results = new AtomicInteger();
        final CompletableFuture<Flow.Subscription> subscription = new CompletableFuture<>();
        /** What it was told at the end, null if that was well. */
        final CompletableFuture<Throwable> ended = new CompletableFuture<>();

        @Override
        public void onSubscribe(Flow.Subscription given) {
            subscription.complete(given);
            given.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(SendResult result) {
            results.incrementAndGet();
        }

        @Override
        public void onError(Throwable cause) {
            ended.complete(cause);
            subscription.completeExceptionally(cause);
        }

        @Override
        public void onComplete() {
            ended.complete(null);
        }
    }

    /** A source that gives at once what is requested. */
    private static Flow.Subscription giving(Flow.Subscriber<Message> to, Runnable onCancel) {
        return new Flow.Subscription() {
            @Override
            public void request(long n) {
                for (long i = 0; i < n; i++) {
                    to.onNext(MESSAGE);
                }
            }

            @Override
            public void cancel() {
                onCancel.run();
            }
        };
    }

    /** A source that never gives anything. */
    private static Flow.Subscription silent(Runnable onCancel) {
        return new Flow.Subscription() {
            @Override
            public void request(long n) {}

            @Override
            public void cancel() {
                onCancel.run();
            }
        };
    }

    /** Each wait would end by its time limit of a second: with one for each window this takes minutes. */
    @Test
    void sourceAndProducerThatAnswerAtOnce_makeNoWindowWait() throws Exception {
        Counter counter = new Counter();
        CountDownLatch enough = new CountDownLatch(100 * 10_000);
        SendAll run = new SendAll(
                events,
                LIMIT,
                size -> true,
                message -> {
                    enough.countDown();
                    return CompletableFuture.completedFuture(RESULT);
                },
                counter);
        run.start();
        run.onSubscribe(giving(run, () -> {}));
        assertThat(enough.await(60, TimeUnit.SECONDS)).isTrue();
        counter.subscription.join().cancel();
    }

    @Test
    void sourceThatFails_isNeverTakenForOneThatHasEnded() throws Exception {
        for (int round = 0; round < 20_000; round++) {
            Counter counter = new Counter();
            SendAll run = new SendAll(events, LIMIT, size -> true, message -> new CompletableFuture<>(), counter);
            run.start();
            run.onSubscribe(silent(() -> {}));
            counter.subscription.join();
            for (int i = 10 * (round % 50); i > 0; i--) {
                Thread.onSpinWait();
            }
            run.onError(new IllegalStateException("the source is broken"));
            assertThat(counter.ended.get(60, TimeUnit.SECONDS)).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void cancelWhileTheSourceComes_cancelsTheSource() throws Exception {
        for (int round = 0; round < 2000; round++) {
            Counter counter = new Counter();
            CountDownLatch cancelled = new CountDownLatch(1);
            SendAll run = new SendAll(events, LIMIT, size -> true, m -> new CompletableFuture<>(), counter);
            run.start();
            Flow.Subscription results = counter.subscription.join();
            Thread canceller = new Thread(results::cancel);
            canceller.start();
            for (int i = 100 * (round % 50); i > 0; i--) {
                Thread.onSpinWait();
            }
            run.onSubscribe(silent(cancelled::countDown));
            assertThat(cancelled.await(60, TimeUnit.SECONDS)).isTrue();
        }
    }
}
