package io.pythia;

import io.pythia.spi.MessageContent;
import io.pythia.spi.Outcome;
import io.pythia.spi.Settler;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A publisher whose every signal is in the hands of a test, and that remembers what it was asked for. */
final class HandPublisher implements Flow.Publisher<Message>, Flow.Subscription {
    final List<Long> requests = new CopyOnWriteArrayList<>();
    final List<String> givenBack = new CopyOnWriteArrayList<>();
    final AtomicInteger cancels = new AtomicInteger();
    private volatile Flow.@Nullable Subscriber<? super Message> subscriber;

    @Override
    public void subscribe(Flow.Subscriber<? super Message> wanted) {
        subscriber = wanted;
        wanted.onSubscribe(this);
    }

    @Override
    public void request(long n) {
        requests.add(n);
    }

    @Override
    public void cancel() {
        cancels.incrementAndGet();
    }

    long requested() {
        return requests.stream().mapToLong(Long::longValue).sum();
    }

    boolean hasSubscriber() {
        return subscriber != null;
    }

    /** Signals one message for each text. */
    void emit(String... texts) {
        for (String text : texts) {
            subscriber().onNext(message(text));
        }
    }

    void fail(Throwable cause) {
        subscriber().onError(cause);
    }

    void complete() {
        subscriber().onComplete();
    }

    private Flow.Subscriber<? super Message> subscriber() {
        return Objects.requireNonNull(subscriber, "nobody has subscribed");
    }

    private Message message(String text) {
        return Message.received(MessageContent.of("hand", Message.of(text)), new Remembering(text));
    }

    private final class Remembering implements Settler {
        private final String text;
        private volatile boolean settled;

        Remembering(String text) {
            this.text = text;
        }

        @Override
        public CompletableFuture<Settled> settle(Outcome outcome, @Nullable Object detail) {
            settled = true;
            return CompletableFuture.completedFuture(Settled.DONE);
        }

        @Override
        public void release() {
            settled = true;
            givenBack.add(text);
        }

        @Override
        public CompletableFuture<Settled> extend(Duration by) {
            return CompletableFuture.completedFuture(Settled.DONE);
        }

        @Override
        public int attempt() {
            return 1;
        }

        @Override
        public boolean isSettled() {
            return settled;
        }
    }
}
