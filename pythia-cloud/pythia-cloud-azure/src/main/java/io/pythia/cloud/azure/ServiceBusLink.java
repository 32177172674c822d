package io.pythia.cloud.azure;

import com.azure.messaging.servicebus.ServiceBusReceivedMessage;
import com.azure.messaging.servicebus.ServiceBusReceiverAsyncClient;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;

/**
 * One link by which messages come: that of a queue, or of one session. The client gives it just what {@link #want} has asked for. Confined
 * to the receiving thread and the client's thread of this link.
 */
final class ServiceBusLink extends BaseSubscriber<ServiceBusReceivedMessage> {
    private final ServiceBusReceiverAsyncClient receiver;
    private final String source;
    private final Predicate<ServiceBusRecord> onMessage;
    private final BiConsumer<ServiceBusLink, @Nullable Throwable> onEnd;
    private final AtomicInteger requested = new AtomicInteger();
    private final AtomicInteger unsettled = new AtomicInteger();
    private volatile long lastMessageAt = System.nanoTime();
    private volatile boolean over;

    /**
     * Creates one, not started.
     *
     * @param source the name of the queue that messages show
     * @param onMessage takes a message, or says that it doesn't: then it goes back
     * @param onEnd hears that no more will come, and why: null if the broker has ended it in order
     */
    ServiceBusLink(
            ServiceBusReceiverAsyncClient receiver,
            String source,
            Predicate<ServiceBusRecord> onMessage,
            BiConsumer<ServiceBusLink, @Nullable Throwable> onEnd) {
        this.receiver = receiver;
        this.source = source;
        this.onMessage = onMessage;
        this.onEnd = onEnd;
    }

    ServiceBusReceiverAsyncClient receiver() {
        return receiver;
    }

    void start() {
        receiver.receiveMessages().subscribe(this);
    }

    /** Sees to it that {@code count} messages are on their way, if there are so many. */
    void want(int count) {
        int missing = count - requested.get();
        if (missing > 0) {
            requested.addAndGet(missing);
            request(missing);
        }
    }

    /** Nothing is requested before it is wanted. */
    @Override
    protected void hookOnSubscribe(Subscription subscription) {}

    @Override
    protected void hookOnNext(ServiceBusReceivedMessage message) {
        requested.decrementAndGet();
        hand(message);
    }

    /** Gives a message on as if it had come by this link. */
    void hand(ServiceBusReceivedMessage message) {
        lastMessageAt = System.nanoTime();
        unsettled.incrementAndGet();
        if (!onMessage.test(new ServiceBusRecord(message, source, this))) {
            unsettled.decrementAndGet();
            receiver.abandon(message).subscribe(done -> {}, error -> {});
        }
    }

    @Override
    protected void hookOnError(Throwable error) {
        end(error);
    }

    @Override
    protected void hookOnComplete() {
        end(null);
    }

    private void end(@Nullable Throwable error) {
        over = true;
        onEnd.accept(this, error);
    }

    /** One of its messages is settled, or was never given out. */
    void settled() {
        unsettled.decrementAndGet();
    }

    /** Returns whether nothing has come for a while and nothing is with the application. */
    boolean isIdle(long now, long nanos) {
        return unsettled.get() == 0 && now - lastMessageAt > nanos;
    }

    /** Takes the link away; a second time does nothing. */
    void stop() {
        if (!isDisposed()) {
            cancel();
        }
    }

    /** Returns whether the broker has ended it: what came by the link of a session can't be settled any more. */
    boolean isOver() {
        return over;
    }
}
