package io.pythia.internal;

import io.pythia.SendResult;
import io.pythia.retry.RetryConfig;
import io.pythia.spi.AbstractMessageProducer;
import io.pythia.spi.DirectSendDriver;
import io.pythia.spi.Outgoing;
import io.pythia.spi.SendDriver;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** A producer over a driver that does what a test says. */
abstract class SendEngineFixture {
    static final RetryConfig QUICK = new RetryConfig(5, Duration.ofMillis(1), Duration.ofMillis(10), true, true);

    final List<String> received = new CopyOnWriteArrayList<>();
    final AtomicInteger opened = new AtomicInteger();
    final AtomicInteger largestBatch = new AtomicInteger();
    final AtomicInteger closed = new AtomicInteger();
    volatile Runnable onOpen = () -> {};
    volatile Runnable onPing = () -> {};
    volatile Runnable onClose = () -> {};
    volatile Consumer<Outgoing> onSend = this::take;
    final AtomicInteger calls = new AtomicInteger();
    volatile String blocked;
    /** What a driver does that takes messages at once; null: it never does. */
    volatile Predicate<Outgoing> onSendAtOnce;

    void take(Outgoing outgoing) {
        received.add(outgoing.message().text());
        outgoing.succeed(new SendResult(outgoing.message().id(), "test", Map.of()));
    }

    Producer.Builder producer() {
        return new Producer.Builder(this).retry(QUICK);
    }

    static void awaitUninterruptibly(CountDownLatch latch) {
        while (latch.getCount() > 0) {
            try {
                latch.await(60, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                // a client that does not care
            }
        }
    }

    static final class Producer extends AbstractMessageProducer {
        private final SendEngineFixture test;

        private Producer(Builder builder) {
            super("scripted", builder);
            this.test = builder.test;
        }

        @Override
        protected SendDriver newDriver() {
            return test.onSendAtOnce == null ? test.new Driver() : test.new DirectDriver();
        }

        static final class Builder extends AbstractMessageProducer.Builder<Builder> {
            private final SendEngineFixture test;

            private Builder(SendEngineFixture test) {
                this.test = test;
            }

            @Override
            protected Builder self() {
                return this;
            }

            Producer build() {
                return new Producer(this);
            }
        }
    }

    private final class DirectDriver extends Driver implements DirectSendDriver {
        @Override
        public boolean sendAtOnce(Outgoing outgoing) {
            return onSendAtOnce.test(outgoing);
        }
    }

    private class Driver implements SendDriver {
        @Override
        public void open() {
            opened.incrementAndGet();
            onOpen.run();
        }

        @Override
        public void send(List<? extends Outgoing> batch) {
            calls.incrementAndGet();
            largestBatch.accumulateAndGet(batch.size(), Math::max);
            batch.forEach(onSend);
        }

        @Override
        public String blocked() {
            return blocked;
        }

        @Override
        public void ping() {
            onPing.run();
        }

        @Override
        public void close() {
            closed.incrementAndGet();
            onClose.run();
        }
    }
}
