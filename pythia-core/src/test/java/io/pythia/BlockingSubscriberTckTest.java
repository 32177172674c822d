package io.pythia;

import java.util.concurrent.Flow;
import org.reactivestreams.tck.TestEnvironment;
import org.reactivestreams.tck.flow.FlowSubscriberBlackboxVerification;

/** The Reactive Streams TCK on the subscriber behind {@link Messages#blocking}. Skipped are those that the TCK itself calls untested. */
public class BlockingSubscriberTckTest extends FlowSubscriberBlackboxVerification<Message> {
    private static final long TIMEOUT_MILLIS = 1_000;
    private static final long NO_SIGNAL_MILLIS = 100;
    private static final int PREFETCH = 4;

    /** For TestNG. */
    public BlockingSubscriberTckTest() {
        super(new TestEnvironment(TIMEOUT_MILLIS, NO_SIGNAL_MILLIS));
    }

    @Override
    public Flow.Subscriber<Message> createFlowSubscriber() {
        return new BlockingSubscriber(PREFETCH);
    }

    @Override
    public Message createElement(int element) {
        return Message.of(Integer.toString(element));
    }
}
