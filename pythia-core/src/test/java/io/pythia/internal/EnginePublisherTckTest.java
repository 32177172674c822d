package io.pythia.internal;

import io.pythia.Message;
import java.util.concurrent.Flow;
import org.reactivestreams.tck.TestEnvironment;
import org.reactivestreams.tck.flow.FlowPublisherVerification;

/**
 * The Reactive Streams TCK on the engine's publisher. Skipped are the seven that the TCK itself calls untested, and the five optional ones
 * of rule 1.11 about several subscribers: a connection has one by design, and the second is refused with {@code onError}.
 */
public class EnginePublisherTckTest extends FlowPublisherVerification<Message> {
    private static final long TIMEOUT_MILLIS = 30_000;
    private static final long NO_SIGNAL_MILLIS = 100;
    private static final long POLL_MILLIS = 100;
    /** Slept before the garbage collection that must find the reference to a cancelled subscriber dropped. */
    private static final long DROPPED_MILLIS = 3_000;

    /** For TestNG. */
    public EnginePublisherTckTest() {
        super(new TestEnvironment(TIMEOUT_MILLIS, NO_SIGNAL_MILLIS, POLL_MILLIS), DROPPED_MILLIS);
    }

    @Override
    public Flow.Publisher<Message> createFlowPublisher(long elements) {
        ScriptedSource source = new ScriptedSource();
        source.finite = true;
        source.madeUp.set(elements);
        return source.consumer().build().consume();
    }

    @Override
    public Flow.Publisher<Message> createFailedFlowPublisher() {
        ScriptedSource source = new ScriptedSource();
        source.onOpen = () -> {
            throw new io.pythia.DestinationNotFoundException("there is no such source");
        };
        return source.consumer().build().consume();
    }

    @Override
    public long maxElementsFromPublisher() {
        return Long.MAX_VALUE - 1;
    }
}
