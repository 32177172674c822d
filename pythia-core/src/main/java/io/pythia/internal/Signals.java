package io.pythia.internal;

import io.pythia.Message;
import java.util.concurrent.Flow;

/** The signals that end a subscription. What a subscriber throws is logged: there is nobody else to tell. */
final class Signals {
    private static final Flow.Subscription NONE = new Flow.Subscription() {
        @Override
        public void request(long n) {}

        @Override
        public void cancel() {}
    };

    private Signals() {}

    static void refuse(Flow.Subscriber<? super Message> subscriber, Throwable cause) {
        subscriber.onSubscribe(NONE);
        subscriber.onError(cause);
    }

    static void error(Flow.Subscriber<?> subscriber, Throwable cause, Events events) {
        try {
            subscriber.onError(cause);
        } catch (Throwable t) {
            events.messageWarning("the subscriber's onError failed", t);
        }
    }

    static void complete(Flow.Subscriber<?> subscriber, Events events) {
        try {
            subscriber.onComplete();
        } catch (Throwable t) {
            events.messageWarning("the subscriber's onComplete failed", t);
        }
    }
}
