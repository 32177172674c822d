package io.pythia.testkit;

import io.pythia.Message;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/**
 * A subscriber whose demand is in the hands of the test, and that remembers all it was given. Thread-safe.
 */
public final class TestSubscriber implements Flow.Subscriber<Message> {
    /** How long a test waits for what must happen: generous, the machine may be busy. */
    public static final long LIMIT_SECONDS = 60;

    private final long initialDemand;
    private final Consumer<Message> handler;
    private final List<Message> messages = new CopyOnWriteArrayList<>();
    private final AtomicInteger count = new AtomicInteger();
    private final CompletableFuture<Flow.Subscription> subscription = new CompletableFuture<>();
    private final CompletableFuture<@Nullable Throwable> end = new CompletableFuture<>();

    private TestSubscriber(long initialDemand, Consumer<Message> handler) {
        this.initialDemand = initialDemand;
        this.handler = handler;
    }

    /** Returns one that requests all and acknowledges each message. */
    public static TestSubscriber acknowledging() {
        return new TestSubscriber(Long.MAX_VALUE, Message::ack);
    }

    /** Returns one that requests all and gives each message to a function. */
    public static TestSubscriber handling(Consumer<Message> handler) {
        return new TestSubscriber(Long.MAX_VALUE, handler);
    }

    /** Returns one that requests so many messages and only keeps them. */
    public static TestSubscriber requesting(long demand) {
        return new TestSubscriber(demand, message -> {});
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
        subscription.complete(given);
        if (initialDemand > 0) {
            given.request(initialDemand);
        }
    }

    @Override
    public void onNext(Message message) {
        messages.add(message);
        count.incrementAndGet();
        handler.accept(message);
    }

    @Override
    public void onError(Throwable cause) {
        end.complete(cause);
    }

    @Override
    public void onComplete() {
        end.complete(null);
    }

    /** Requests more. */
    public void request(long n) {
        subscription().request(n);
    }

    /** Cancels. */
    public void cancel() {
        subscription().cancel();
    }

    private Flow.Subscription subscription() {
        return get(subscription);
    }

    /** Returns what was received so far. */
    public List<Message> messages() {
        return messages;
    }

    /** Returns how many were received so far. */
    public int count() {
        return count.get();
    }

    /** Returns the messages when there are at least so many. */
    public List<Message> await(int atLeast) {
        Awaitility.await(atLeast + " messages")
                .atMost(LIMIT_SECONDS, TimeUnit.SECONDS)
                .pollDelay(0, TimeUnit.MILLISECONDS)
                .pollInterval(5, TimeUnit.MILLISECONDS)
                .until(() -> {
                    if (end.isDone() && end.getNow(null) != null) {
                        throw new AssertionError("the stream has failed", end.getNow(null));
                    }
                    return count() >= atLeast;
                });
        return messages;
    }

    /** Returns the bodies as text. */
    public List<String> texts() {
        return messages.stream().map(Message::text).toList();
    }

    /** Waits for the end of the stream; returns its error, null for an orderly end. */
    public @Nullable Throwable awaitEnd() {
        return get(end);
    }

    /** Returns whether the stream has ended. */
    public boolean hasEnded() {
        return end.isDone();
    }

    /** Waits for a future, as long as a test waits. */
    public static <T extends @Nullable Object> T get(CompletableFuture<T> future) {
        try {
            return future.get(LIMIT_SECONDS, TimeUnit.SECONDS);
        } catch (java.util.concurrent.ExecutionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            throw new AssertionError(e.getCause());
        } catch (java.util.concurrent.TimeoutException e) {
            throw new AssertionError("a future did not complete within " + LIMIT_SECONDS + " s", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}
