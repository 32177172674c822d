package io.pythia.benchmarks;

import io.pythia.Message;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What the engine costs per consumed and acknowledged message, over a driver that does nothing. Run with {@code -prof gc} for bytes:
 * {@code gc.alloc.rate.norm} includes what the driver allocates, 48 bytes a message.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class EngineBenchmark {
    private static final int MESSAGES = 1_000_000;

    /** How many messages a receive returns at most. */
    @Param({"100", "500"})
    private int batchSize;

    private NullConsumer consumer = NullConsumer.builder().build();
    private Acknowledging subscriber = new Acknowledging();

    /** Makes a consumer that waits for requests. */
    @Setup
    public void connect() {
        consumer = NullConsumer.builder().batchSize(batchSize).build();
        subscriber = new Acknowledging();
        consumer.connect().join();
        consumer.consume().subscribe(subscriber);
    }

    /** Disconnects. */
    @TearDown
    public void disconnect() {
        consumer.close();
    }

    /** Consumes and acknowledges messages one by one. */
    @Benchmark
    @OperationsPerInvocation(MESSAGES)
    public void consumeAndAcknowledge() throws InterruptedException {
        subscriber.take(MESSAGES);
    }

    private static final class Acknowledging implements Flow.Subscriber<Message> {
        private final CountDownLatch subscribed = new CountDownLatch(1);
        private volatile CountDownLatch done = new CountDownLatch(0);
        private Flow.Subscription subscription = new Flow.Subscription() {
            @Override
            public void request(long n) {}

            @Override
            public void cancel() {}
        };
        private int left;

        void take(int messages) throws InterruptedException {
            subscribed.await();
            CountDownLatch finished = new CountDownLatch(1);
            left = messages;
            done = finished;
            subscription.request(messages);
            finished.await();
        }

        @Override
        public void onSubscribe(Flow.Subscription given) {
            subscription = given;
            subscribed.countDown();
        }

        @Override
        public void onNext(Message message) {
            message.ack();
            if (--left == 0) {
                done.countDown();
            }
        }

        @Override
        public void onError(Throwable cause) {
            throw new IllegalStateException(cause);
        }

        @Override
        public void onComplete() {}
    }
}
