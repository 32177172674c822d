package io.pythia.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pythia.Message;
import io.pythia.MessageBroker;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Flow;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A subscriber that keeps what it gets and hands it to a handler. */
final class Collected implements Flow.Subscriber<Message> {
    static final Duration LONG = Duration.ofSeconds(30);

    final List<Message> messages = new CopyOnWriteArrayList<>();
    volatile @Nullable Throwable error;
    volatile boolean complete;
    private final Consumer<Message> handler;

    private Collected(Consumer<Message> handler) {
        this.handler = handler;
    }

    /** Subscribes with unbounded demand. */
    static Collected from(MessageBroker consumer, Consumer<Message> handler) {
        Collected collected = new Collected(handler);
        consumer.consume().subscribe(collected);
        return collected;
    }

    List<String> texts() {
        return messages.stream().map(Message::text).toList();
    }

    Collected awaitCount(int count) {
        await().atMost(LONG).untilAsserted(() -> assertThat(messages).hasSizeGreaterThanOrEqualTo(count));
        return this;
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
        subscription.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(Message message) {
        messages.add(message);
        handler.accept(message);
    }

    @Override
    public void onError(Throwable throwable) {
        error = throwable;
    }

    @Override
    public void onComplete() {
        complete = true;
    }
}
