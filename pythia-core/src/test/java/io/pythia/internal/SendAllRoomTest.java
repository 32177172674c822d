package io.pythia.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.BrokerListener;
import io.pythia.BrokerMetrics;
import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.ProducerFullException;
import io.pythia.SendResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@code sendAll} and the limit on what is under way: it waits for room. */
@Timeout(120)
class SendAllRoomTest extends SendEngineFixture {
    private static final int LIMIT = 100_000;
    private static final Duration LONG = Duration.ofSeconds(60);

    /** A subscriber that wants all, and keeps the ids. */
    private static final class Ids implements Flow.Subscriber<SendResult> {
        final List<String> ids = Collections.synchronizedList(new ArrayList<>());
        final CompletableFuture<List<String>> all = new CompletableFuture<>();

        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            subscription.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(SendResult result) {
            ids.add(result.id());
        }

        @Override
        public void onError(Throwable cause) {
            all.completeExceptionally(cause);
        }

        @Override
        public void onComplete() {
            all.complete(List.copyOf(ids));
        }
    }

    /** Gives at once what is requested, and then ends. */
    private static Flow.Publisher<Message> source(List<Message> messages) {
        return subscriber -> subscriber.onSubscribe(new Flow.Subscription() {
            private final Iterator<Message> rest = messages.iterator();

            @Override
            public void request(long n) {
                for (long i = 0; i < n && rest.hasNext(); i++) {
                    subscriber.onNext(rest.next());
                }
                if (!rest.hasNext()) {
                    subscriber.onComplete();
                }
            }

            @Override
            public void cancel() {}
        });
    }

    private static List<Message> messages(int count, int size) {
        return IntStream.range(0, count)
                .mapToObj(i -> Message.of(new byte[size]))
                .toList();
    }

    private static CompletableFuture<List<String>> sendAll(Producer producer, List<Message> messages) {
        Ids ids = new Ids();
        producer.sendAll(source(messages)).subscribe(ids);
        return ids.all;
    }

    private static List<String> ids(List<Message> messages) {
        return messages.stream().map(Message::id).toList();
    }

    private void takeSlowly() {
        onSend = outgoing -> {
            LockSupport.parkNanos(1_000_000);
            take(outgoing);
        };
    }

    @Test
    void moreThanTheProducerMayHold_isSentAsThereIsRoom() {
        takeSlowly();
        List<Message> messages = messages(1_000, 1_000);
        try (Producer producer = producer().maxInFlightBytes(LIMIT).build()) {
            assertThat(sendAll(producer, messages)).succeedsWithin(LONG);
        }
        assertThat(received).hasSize(1_000);
    }

    /** What was requested when messages were small does not fit when they are large. */
    @Test
    void largeAfterManySmall_waitForRoom_inOrder() {
        takeSlowly();
        List<Message> messages = Stream.of(messages(500, 10), messages(300, LIMIT / 2), messages(100, 10))
                .flatMap(List::stream)
                .toList();
        try (Producer producer = producer().maxInFlightBytes(LIMIT).build()) {
            assertThat(sendAll(producer, messages)).succeedsWithin(LONG).isEqualTo(ids(messages));
        }
    }

    @Test
    void roomThatOthersHaveTaken_isWaitedFor() {
        CountDownLatch release = new CountDownLatch(1);
        onSend = outgoing -> {
            ReceiveEngineFixture.await(release);
            take(outgoing);
        };
        List<Message> messages = messages(10, 1_000);
        try (Producer producer = producer().maxInFlightBytes(LIMIT).build()) {
            CompletableFuture<SendResult> other = producer.send(Message.of(new byte[LIMIT]));
            Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> calls.get() == 1);
            CompletableFuture<List<String>> sent = sendAll(producer, messages);
            assertThat(sent)
                    .as("room is looked for a few times meanwhile")
                    .failsWithin(Duration.ofMillis(100))
                    .withThrowableOfType(TimeoutException.class);
            release.countDown();
            assertThat(sent).succeedsWithin(LONG).isEqualTo(ids(messages));
            assertThat(other).isCompleted();
        }
    }

    @Test
    void producerThatEndsMeanwhile_endsTheResults() {
        onSend = outgoing -> {};
        Producer producer = producer()
                .maxInFlightBytes(LIMIT)
                .closeTimeout(Duration.ofMillis(200))
                .build();
        producer.send(Message.of(new byte[LIMIT]));
        CompletableFuture<List<String>> sent = sendAll(producer, messages(10, 1_000));
        producer.close();
        assertThat(sent)
                .failsWithin(LONG)
                .withThrowableOfType(ExecutionException.class)
                .withCauseInstanceOf(MessageException.class)
                .withMessageContaining("disconnected");
    }

    /** As when another thread is faster after the look. */
    @Test
    void refusedForRoomAllTheSame_isSentAgain() {
        List<Message> messages = messages(100, 10);
        AtomicLong tries = new AtomicLong();
        Ids ids = new Ids();
        SendAll run = new SendAll(
                new Events("test", BrokerListener.NONE, BrokerMetrics.NONE),
                LIMIT,
                size -> true,
                message -> tries.incrementAndGet() % 3 == 0
                        ? CompletableFuture.failedFuture(new ProducerFullException("full"))
                        : CompletableFuture.completedFuture(new SendResult(message.id(), "test", Map.of())),
                ids);
        run.start();
        source(messages).subscribe(run);
        assertThat(ids.all).succeedsWithin(LONG).isEqualTo(ids(messages));
    }

    @Test
    void source_isAskedForAboutWhatTheProducerMayHold() {
        List<Message> messages = messages(1_000, LIMIT / 50);
        List<CompletableFuture<SendResult>> open = new CopyOnWriteArrayList<>();
        AtomicLong most = new AtomicLong();
        Ids ids = new Ids();
        SendAll run = new SendAll(
                new Events("test", BrokerListener.NONE, BrokerMetrics.NONE),
                LIMIT,
                size -> true,
                message -> {
                    CompletableFuture<SendResult> result = new CompletableFuture<>();
                    open.add(result);
                    most.accumulateAndGet(open.size(), Math::max);
                    return result;
                },
                ids);
        run.start();
        source(messages).subscribe(run);
        Awaitility.await().atMost(LONG).until(() -> open.size() >= 16);
        while (ids.ids.size() < messages.size() && !ids.all.isCompletedExceptionally()) {
            for (CompletableFuture<SendResult> each : open) {
                open.remove(each);
                each.complete(new SendResult("id", "test", Map.of()));
            }
        }
        assertThat(ids.all).succeedsWithin(LONG);
        assertThat(most.get()).isLessThan(60);
    }
}
