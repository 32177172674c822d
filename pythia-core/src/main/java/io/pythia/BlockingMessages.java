package io.pythia;

import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * The messages of a stream for a plain loop, made by {@link Messages#blocking}. They are iterated once, by {@link #iterator} or
 * {@link #stream}, which subscribes.
 *
 * <p>{@code hasNext} and {@code next} wait for a message, as long as it takes, and keep the stream's order. They end
 * <ul>
 *   <li>when the stream is complete, because its consumer was disconnected: {@code hasNext} is false;
 *   <li>when the stream has failed, after the messages that came before: both throw its {@link BrokerException}, or one whose cause is
 *       what else it failed with;
 *   <li>when this was closed: {@code hasNext} is false;
 *   <li>when the thread is interrupted: both throw {@link InterruptedWaitException}, the interrupt flag stays set, and no message is
 *       lost: the iteration can go on.
 * </ul>
 *
 * <p>What the loop has taken is the loop's to settle, also after {@link #close}. One thread iterates; it may be a virtual one, whose
 * carrier is free while it waits. Any thread may close.
 */
public final class BlockingMessages implements Iterable<Message>, AutoCloseable {
    private final Flow.Publisher<Message> publisher;
    private final BlockingSubscriber subscriber;
    private final AtomicBoolean iterated = new AtomicBoolean();

    BlockingMessages(Flow.Publisher<Message> publisher, BlockingSubscriber subscriber) {
        this.publisher = publisher;
        this.subscriber = subscriber;
    }

    /**
     * Subscribes, and returns the messages; none if this was closed.
     *
     * @throws IllegalStateException if they are iterated already
     */
    @Override
    public Iterator<Message> iterator() {
        subscribe();
        return new Each(subscriber);
    }

    /**
     * Subscribes, and returns the messages in order. They are never split: another thread could only wait for the same stream.
     *
     * @throws IllegalStateException if they are iterated already
     */
    @Override
    public Spliterator<Message> spliterator() {
        subscribe();
        return new Each(subscriber);
    }

    /**
     * Subscribes, and returns the messages as a sequential stream, which closes this when it is closed.
     *
     * @throws IllegalStateException if they are iterated already
     */
    public Stream<Message> stream() {
        return StreamSupport.stream(spliterator(), false).onClose(this::close);
    }

    /**
     * Cancels the subscription and ends a loop that waits. Messages that no loop has taken go back to the broker, as messages that were
     * not delivered. Does not wait, and does not disconnect the consumer. May be called more than once.
     */
    @Override
    public void close() {
        subscriber.close();
    }

    private void subscribe() {
        if (!iterated.compareAndSet(false, true)) {
            throw new IllegalStateException("these messages are iterated already, and a stream can be iterated once:"
                    + " for a second loop use another consumer");
        }
        if (!subscriber.isClosed()) {
            publisher.subscribe(subscriber);
        }
    }

    /** Both ways to iterate. */
    private record Each(BlockingSubscriber subscriber) implements Iterator<Message>, Spliterator<Message> {
        @Override
        public boolean hasNext() {
            return subscriber.peek() != null;
        }

        @Override
        public Message next() {
            Message message = subscriber.take();
            if (message == null) {
                throw new NoSuchElementException("the stream of messages has ended");
            }
            return message;
        }

        @Override
        public boolean tryAdvance(Consumer<? super Message> action) {
            Message message = subscriber.take();
            if (message != null) {
                action.accept(message);
            }
            return message != null;
        }

        @Override
        public void forEachRemaining(Consumer<? super Message> action) {
            while (tryAdvance(action)) {
                // until the end
            }
        }

        @Override
        public @Nullable Spliterator<Message> trySplit() {
            return null;
        }

        @Override
        public long estimateSize() {
            return Long.MAX_VALUE;
        }

        @Override
        public int characteristics() {
            return ORDERED | NONNULL;
        }
    }
}
