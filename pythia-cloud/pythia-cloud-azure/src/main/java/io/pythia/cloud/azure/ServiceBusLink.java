package io.pythia.cloud.azure;

import com.azure.messaging.servicebus.ServiceBusReceivedMessage;
import com.azure.messaging.servicebus.ServiceBusReceiverAsyncClient;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.SignalType;
import reactor.util.concurrent.Queues;

/**
 * One link by which messages come: that of a queue, or of one session. The client gives it just what {@link #want} has asked for. Confined
 * to the receiving thread and the client's thread of this link.
 */
final class ServiceBusLink extends BaseSubscriber<ServiceBusReceivedMessage> {
    /**
     * How many messages the client may be asked for at a time. So many wait inside of it while another thread of its own is giving some
     * to us; for one more it has no room, and breaks the link (azure-sdk-for-java issue 31527).
     */
    private static final int MOST_ASKED_FOR = Queues.SMALL_BUFFER_SIZE;

    private final ServiceBusReceiverAsyncClient receiver;
    private final String source;
    private final Predicate<ServiceBusRecord> onMessage;
    private final BiConsumer<ServiceBusLink, @Nullable Throwable> onEnd;
    private final AtomicInteger unsettled = new AtomicInteger();
    /** When a message came, was settled, or was wanted while no other was; the latest. */
    private volatile long busyAt = System.nanoTime();

    private volatile boolean over;

    /** What is done for as long as messages come. */
    private final Disposable.Swap companion = Disposables.swap();

    private final Object lock = new Object();
    /** Whether the client can be asked; with the lock. */
    private boolean started;
    /** How many messages are still to come; with the lock. */
    private int wanted;
    /** How many of them the client was asked for; with the lock. */
    private int askedFor;

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

    /** Returns whether its messages are locked by the lock of their session. A message may name a session on any queue. */
    boolean isOfSession() {
        return receiver.getSessionId() != null;
    }

    void start() {
        receiver.receiveMessages().subscribe(this);
    }

    /** Ends something when the link ends, at once if it has. */
    void whileItLasts(Disposable something) {
        companion.update(something);
    }

    @Override
    protected void hookFinally(SignalType type) {
        companion.dispose();
    }

    /** Sees to it that {@code count} messages are on their way, if there are so many. */
    void want(int count) {
        int more;
        synchronized (lock) {
            if (wanted <= 0 && count > 0) {
                busyAt = System.nanoTime();
            }
            wanted = Math.max(wanted, count);
            more = notAskedFor();
        }
        ask(more);
    }

    private void arrived() {
        int more;
        synchronized (lock) {
            wanted--;
            askedFor--;
            more = askedFor > MOST_ASKED_FOR / 2 ? 0 : notAskedFor(); // in large steps: each is a frame to the broker
        }
        ask(more);
    }

    private int notAskedFor() {
        int more = started ? Math.max(0, Math.min(wanted, MOST_ASKED_FOR) - askedFor) : 0;
        askedFor += more;
        return more;
    }

    private void ask(int more) {
        if (more > 0) {
            request(more);
        }
    }

    /** Nothing is requested before it is wanted. */
    @Override
    protected void hookOnSubscribe(Subscription subscription) {
        int more;
        synchronized (lock) {
            started = true;
            more = notAskedFor();
        }
        ask(more);
    }

    @Override
    protected void hookOnNext(ServiceBusReceivedMessage message) {
        arrived();
        hand(message);
    }

    /** Gives a message on as if it had come by this link. */
    void hand(ServiceBusReceivedMessage message) {
        busyAt = System.nanoTime();
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
        busyAt = System.nanoTime();
        unsettled.decrementAndGet();
    }

    /** Returns for how many nanoseconds nothing has come and nothing was with the application; 0 while something is. */
    long nanosIdle() {
        return unsettled.get() > 0 ? 0 : System.nanoTime() - busyAt;
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
