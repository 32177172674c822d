package io.pythia.cli;

import io.pythia.Health;
import io.pythia.Message;
import io.pythia.MessageBroker;
import io.pythia.spi.IntakeControl;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicLong;

/** A consumer that gives out so many messages and no more, whatever is requested. */
record LimitedConsumer(MessageBroker consumer, long max) implements MessageBroker, IntakeControl {
    @Override
    public String name() {
        return consumer.name();
    }

    @Override
    public CompletableFuture<Void> connect() {
        return consumer.connect();
    }

    @Override
    public Flow.Publisher<Message> consume() {
        return subscriber -> consumer.consume().subscribe(new Limited(subscriber, new AtomicLong(max)));
    }

    @Override
    public CompletableFuture<Health> healthCheck() {
        return consumer.healthCheck();
    }

    @Override
    public CompletableFuture<Void> disconnect() {
        return consumer.disconnect();
    }

    @Override
    public void close() {
        consumer.close();
    }

    @Override
    public void stopIntake() {
        if (consumer instanceof IntakeControl control) {
            control.stopIntake();
        }
    }

    @Override
    public boolean takesBack() {
        return !(consumer instanceof IntakeControl control) || control.takesBack();
    }

    @Override
    public void deadLettered(Message message, String reason) {
        if (consumer instanceof IntakeControl control) {
            control.deadLettered(message, reason);
        }
    }

    /** Passes on all but requests for more than is left. */
    private record Limited(Flow.Subscriber<? super Message> target, AtomicLong left)
            implements Flow.Subscriber<Message> {
        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            target.onSubscribe(new Flow.Subscription() {
                @Override
                public void request(long n) {
                    long had = left.getAndUpdate(now -> Math.max(0, now - n));
                    if (had > 0) {
                        subscription.request(Math.min(had, n));
                    }
                }

                @Override
                public void cancel() {
                    subscription.cancel();
                }
            });
        }

        @Override
        public void onNext(Message message) {
            target.onNext(message);
        }

        @Override
        public void onError(Throwable cause) {
            target.onError(cause);
        }

        @Override
        public void onComplete() {
            target.onComplete();
        }
    }
}
