package io.pythia;

import java.util.Objects;
import java.util.concurrent.Flow;
import java.util.function.Consumer;

/** Subscribers for those who only want a function to be called. */
public final class Subscribers {
    private Subscribers() {}

    /**
     * Returns a subscriber that calls a function for each message, one after another, on the consumer's receive thread. The function
     * settles the message, then or later; the consumer's window bounds how many it may have unsettled. If it throws, the stream ends and
     * {@code onEnd} hears it.
     *
     * @param each called for each message
     * @param onEnd called once when the stream ends: with null after a disconnect, else with what was wrong
     */
    public static Flow.Subscriber<Message> each(Consumer<? super Message> each, Consumer<? super Throwable> onEnd) {
        return new Each(Objects.requireNonNull(each, "each"), Objects.requireNonNull(onEnd, "onEnd"));
    }

    private record Each(Consumer<? super Message> each, Consumer<? super Throwable> onEnd)
            implements Flow.Subscriber<Message> {
        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            subscription.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(Message message) {
            each.accept(message);
        }

        @Override
        public void onError(Throwable cause) {
            onEnd.accept(cause);
        }

        @Override
        public void onComplete() {
            onEnd.accept(null);
        }
    }
}
