package io.pythia.internal;

import io.pythia.Message;
import io.pythia.SendResult;
import io.pythia.memory.MemoryBroker;
import io.pythia.memory.MemoryProducer;
import java.util.concurrent.Flow;
import org.reactivestreams.tck.TestEnvironment;
import org.reactivestreams.tck.flow.FlowPublisherVerification;

/**
 * The Reactive Streams TCK on the publisher that {@code sendAll} returns. Skipped are the seven that the TCK itself calls untested, and the
 * three optional ones of rule 1.11 that want the same elements for all subscribers: each subscriber of the results makes a run of its own,
 * with results of its own.
 */
public class SendAllTckTest extends FlowPublisherVerification<SendResult> {
    private static final long TIMEOUT_MILLIS = 30_000;
    private static final long NO_SIGNAL_MILLIS = 100;
    private static final long POLL_MILLIS = 100;
    /** Slept before the garbage collection that must find the reference to a cancelled subscriber dropped. */
    private static final long DROPPED_MILLIS = 3_000;

    /** For TestNG. */
    public SendAllTckTest() {
        super(new TestEnvironment(TIMEOUT_MILLIS, NO_SIGNAL_MILLIS, POLL_MILLIS), DROPPED_MILLIS);
    }

    @Override
    public Flow.Publisher<SendResult> createFlowPublisher(long elements) {
        return producer().sendAll(new Counting(elements));
    }

    @Override
    public Flow.Publisher<SendResult> createFailedFlowPublisher() {
        return producer().sendAll(subscriber -> {
            subscriber.onSubscribe(new Counting.Nothing());
            subscriber.onError(new IllegalStateException("the source is broken"));
        });
    }

    @Override
    public long maxElementsFromPublisher() {
        return Long.MAX_VALUE - 1;
    }

    private static MemoryProducer producer() {
        return MemoryProducer.builder().broker(new MemoryBroker()).topic("tck").build();
    }

    /** A source of so many messages, each given when it is requested, on the thread of who requests. */
    private record Counting(long elements) implements Flow.Publisher<Message> {
        @Override
        public void subscribe(Flow.Subscriber<? super Message> subscriber) {
            subscriber.onSubscribe(new Flow.Subscription() {
                private long sent;
                private boolean over;

                @Override
                public synchronized void request(long n) {
                    for (long i = 0; i < n && !over; i++) {
                        if (sent == elements) {
                            over = true;
                            subscriber.onComplete();
                        } else {
                            sent++;
                            subscriber.onNext(Message.of("x"));
                        }
                    }
                    if (sent == elements && !over) {
                        over = true;
                        subscriber.onComplete();
                    }
                }

                @Override
                public synchronized void cancel() {
                    over = true;
                }
            });
            if (elements == 0) {
                subscriber.onComplete();
            }
        }

        private static final class Nothing implements Flow.Subscription {
            @Override
            public void request(long n) {}

            @Override
            public void cancel() {}
        }
    }
}
