package io.pythia.internal.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.Message;
import io.pythia.Settled;
import io.pythia.spi.MessageContent;
import io.pythia.spi.Outcome;
import io.pythia.spi.Settler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class EarlyAcksTest {
    private final List<CompletableFuture<Settled>> acks = new ArrayList<>();
    private final List<String> passedOn = Collections.synchronizedList(new ArrayList<>());
    private final EarlyAcks early =
            new EarlyAcks((message, acked) -> passedOn.add(message.text() + (acked ? "" : " not")));

    private void add(int count) {
        for (int i = 0; i < count; i++) {
            CompletableFuture<Settled> ack = new CompletableFuture<>();
            acks.add(ack);
            early.add(Message.received(MessageContent.of("test", Message.of(Integer.toString(i))), new OnlyAcks(ack)));
        }
    }

    private record OnlyAcks(CompletableFuture<Settled> ack) implements Settler {
        @Override
        public CompletableFuture<Settled> settle(Outcome outcome, @Nullable Object detail) {
            return ack;
        }

        @Override
        public CompletableFuture<Settled> extend(Duration by) {
            throw new UnsupportedOperationException();
        }

        @Override
        public int attempt() {
            return 1;
        }

        @Override
        public boolean isSettled() {
            return true;
        }
    }

    @Test
    void acknowledgementsThatComeInAnotherOrder_passMessagesOnInTheirs() {
        add(4);
        acks.get(2).complete(Settled.DONE);
        acks.get(1).complete(Settled.STALE);
        assertThat(passedOn).isEmpty();
        acks.get(0).complete(Settled.DONE);
        assertThat(passedOn).containsExactly("0", "1 not", "2");
        acks.get(3).completeExceptionally(new IllegalStateException("the session is over"));
        assertThat(passedOn).containsExactly("0", "1 not", "2", "3 not");
    }

    @Test
    void acknowledgementsOnSeveralThreads_passMessagesOnInTheirOrder() throws InterruptedException {
        int count = 100_000;
        add(count);
        List<Thread> threads = IntStream.range(0, 4)
                .mapToObj(t -> new Thread(() -> {
                    for (int i = t; i < count; i += 4) {
                        acks.get(i).complete(Settled.DONE);
                    }
                }))
                .toList();
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(passedOn)
                .isEqualTo(IntStream.range(0, count).mapToObj(Integer::toString).toList());
    }
}
