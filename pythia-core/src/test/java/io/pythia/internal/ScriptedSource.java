package io.pythia.internal;

import io.pythia.BrokerException;
import io.pythia.Message;
import io.pythia.spi.AbstractMessageBroker;
import io.pythia.spi.Capabilities;
import io.pythia.spi.Outcome;
import io.pythia.spi.ReceiveDriver;
import io.pythia.spi.Received;
import io.pythia.spi.Settlement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A source whose every move is in the hands of a test: what it has, what fails, what hangs, and what was settled. It outlives the drivers
 * that are made for it, as a broker outlives connections.
 */
final class ScriptedSource {
    /** One settlement that reached a driver. */
    record Settling(
            int number,
            Outcome outcome,
            Duration delay,
            @Nullable String reason) {}

    /** Something that can fail or hang. */
    interface Action {
        void run() throws InterruptedException;
    }

    final LinkedBlockingDeque<Integer> waiting = new LinkedBlockingDeque<>();
    final List<Settling> settled = new CopyOnWriteArrayList<>();
    final List<Integer> batchSizes = new CopyOnWriteArrayList<>();
    final AtomicInteger opened = new AtomicInteger();
    final AtomicInteger closed = new AtomicInteger();
    final AtomicInteger intakeStopped = new AtomicInteger();
    final AtomicInteger mostAskedFor = new AtomicInteger();
    /** How many more were announced as wanted, each time. */
    final List<Integer> wantedNext = new CopyOnWriteArrayList<>();

    volatile Action onOpen = () -> {};
    volatile Action onReceive = () -> {};
    volatile Action onPing = () -> {};
    volatile Action onStopIntake = () -> {};
    volatile Action onClose = () -> {};
    /** Each time when the engine, with nothing to receive, looks whether there will be more. */
    volatile Runnable onLook = () -> {};

    volatile Function<List<? extends Settlement<Integer>>, CompletableFuture<?>> onSettle =
            batch -> CompletableFuture.completedFuture(null);
    volatile Duration lease = Duration.ZERO;
    volatile boolean finite;
    /** Beside what was added: how many more the source makes up, one for each that is asked for. */
    final AtomicLong madeUp = new AtomicLong();

    volatile boolean recovers;

    void add(int from, int count) {
        for (int i = from; i < from + count; i++) {
            waiting.add(i);
        }
    }

    /** The session is lost at its next receive; the one after it works. */
    void loseSession() {
        AtomicBoolean works = new AtomicBoolean();
        onReceive = () -> {
            if (!works.getAndSet(true)) {
                throw lost();
            }
        };
    }

    List<Integer> acknowledged() {
        return settled.stream()
                .filter(s -> s.outcome() == Outcome.ACK)
                .map(Settling::number)
                .toList();
    }

    Consumer.Builder consumer() {
        return new Consumer.Builder(this);
    }

    static BrokerException lost() {
        return new io.pythia.BrokerConnectionException("the connection broke");
    }

    /** A consumer of the source. */
    static final class Consumer extends AbstractMessageBroker<Integer> {
        private final ScriptedSource source;

        private Consumer(Builder builder) {
            super("scripted", builder.capabilities, builder);
            this.source = builder.source;
        }

        @Override
        protected ReceiveDriver<Integer> newDriver() {
            return source.new Driver();
        }

        static final class Builder extends AbstractMessageBroker.Builder<Builder> {
            private final ScriptedSource source;
            private Capabilities capabilities = Capabilities.builder().build();

            private Builder(ScriptedSource source) {
                this.source = source;
            }

            @Override
            protected Builder self() {
                return this;
            }

            Builder capabilities(Capabilities wanted) {
                capabilities = wanted;
                return this;
            }

            Consumer build() {
                return new Consumer(this);
            }
        }
    }

    private final class Driver implements ReceiveDriver<Integer> {
        private volatile boolean woken;
        private volatile boolean over;

        @Override
        public void open() throws InterruptedException {
            opened.incrementAndGet();
            onOpen.run();
        }

        @Override
        public List<Received<Integer>> receive(int max, Duration wait) throws InterruptedException {
            mostAskedFor.accumulateAndGet(max, Math::max);
            onReceive.run();
            List<Received<Integer>> batch = new ArrayList<>();
            for (int i = 0; i < max && madeUp.get() > 0; i++) {
                int number = (int) madeUp.getAndDecrement();
                batch.add(new Received<>(number, new TestContent(number)));
            }
            long deadline = System.nanoTime() + wait.toNanos();
            while (batch.isEmpty() && !over && !isExhausted() && System.nanoTime() - deadline < 0 && !woken) {
                Integer first = waiting.poll(5, TimeUnit.MILLISECONDS);
                onReceive.run();
                for (Integer next = first; next != null; next = batch.size() < max ? waiting.poll() : null) {
                    batch.add(new Received<>(next, new TestContent(next)));
                }
            }
            woken = false;
            return batch;
        }

        @Override
        public void prefetch(int max) {
            wantedNext.add(max);
        }

        @Override
        public void wakeup() {
            woken = true;
        }

        @Override
        public CompletableFuture<?> settle(List<? extends Settlement<Integer>> batch) {
            batchSizes.add(batch.size());
            CompletableFuture<?> answer = onSettle.apply(batch);
            for (Settlement<Integer> each : batch) {
                settled.add(new Settling(each.receipt(), each.outcome(), each.delay(), each.reason()));
            }
            return answer;
        }

        @Override
        public void stopIntake() {
            intakeStopped.incrementAndGet();
            uninterrupted(onStopIntake);
        }

        @Override
        public boolean isExhausted() {
            onLook.run();
            return finite && waiting.isEmpty() && madeUp.get() == 0;
        }

        @Override
        public Duration lease() {
            return lease;
        }

        @Override
        public boolean recoversByItself() {
            return recovers;
        }

        @Override
        public void ping() throws InterruptedException {
            onPing.run();
        }

        @Override
        public void close() {
            over = true;
            closed.incrementAndGet();
            uninterrupted(onClose);
        }

        private static void uninterrupted(Action action) {
            try {
                action.run();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Collects what a subscriber is given. */
    static class Collector implements java.util.concurrent.Flow.Subscriber<Message> {
        final List<Message> messages = new CopyOnWriteArrayList<>();
        final CompletableFuture<@Nullable Throwable> end = new CompletableFuture<>();
        final CompletableFuture<java.util.concurrent.Flow.Subscription> subscription = new CompletableFuture<>();
        private final long demand;
        private final java.util.function.Consumer<Message> handler;

        Collector(long demand, java.util.function.Consumer<Message> handler) {
            this.demand = demand;
            this.handler = handler;
        }

        static Collector acknowledging() {
            return new Collector(Long.MAX_VALUE, Message::ack);
        }

        @Override
        public void onSubscribe(java.util.concurrent.Flow.Subscription given) {
            subscription.complete(given);
            if (demand > 0) {
                given.request(demand);
            }
        }

        @Override
        public void onNext(Message message) {
            messages.add(message);
            handler.accept(message);
        }

        @Override
        public void onError(Throwable cause) {
            end.complete(cause);
        }

        @Override
        public void onComplete() {
            end.complete(null);
        }

        List<Integer> numbers() {
            return messages.stream().map(m -> Integer.parseInt(m.id())).toList();
        }
    }
}
