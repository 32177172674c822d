package io.pythia;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The loop and the stream it comes from, with every signal in the test's hands. */
@Timeout(120)
class BlockingMessagesTest {
    private final HandPublisher publisher = new HandPublisher();
    private final BlockingMessages messages = Messages.blocking(publisher, 4);

    @Test
    void blocking_prefetchOfZero_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Messages.blocking(publisher, 0))
                .withMessageContaining("prefetch must be at least 1, but is 0");
    }

    @Test
    void blocking_beforeTheLoop_subscribesToNothing() {
        assertThat(publisher.hasSubscriber()).isFalse();
        messages.iterator();
        assertThat(publisher.requests).containsExactly(4L);
    }

    @Test
    void next_halfWasTaken_requestsAsMany() {
        Iterator<Message> loop = messages.iterator();
        publisher.emit("1", "2", "3", "4");

        loop.next();
        assertThat(publisher.requests).containsExactly(4L);
        loop.next();
        assertThat(publisher.requests).containsExactly(4L, 2L);
        loop.next();
        loop.next();
        assertThat(publisher.requests).containsExactly(4L, 2L, 2L);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 16, Integer.MAX_VALUE})
    void loop_whateverThePrefetch_keepsTheOrder_neverStarves_andNeverAsksForMore(int prefetch) {
        Random random = new Random(prefetch);
        BlockingMessages bounded = Messages.blocking(publisher, prefetch);
        Iterator<Message> loop = bounded.iterator();
        int emitted = 0;
        for (int taken = 0; taken < 1_000; taken++) {
            long allowed = publisher.requested() - emitted;
            assertThat(allowed + emitted - taken).as("requested and not taken").isBetween(1L, (long) prefetch);
            for (long i = Math.min(allowed, 1 + random.nextInt(100)); i > 0; i--) {
                publisher.emit(Integer.toString(emitted++));
            }
            assertThat(loop.hasNext()).isTrue();
            assertThat(loop.hasNext()).isTrue();
            assertThat(loop.next().text()).isEqualTo(Integer.toString(taken));
            while (emitted > taken + 1 && random.nextBoolean()) {
                taken++;
                assertThat(loop.next().text()).isEqualTo(Integer.toString(taken));
            }
        }
    }

    @Test
    void iterator_secondOne_isRefused() {
        messages.iterator();
        assertThatIllegalStateException().isThrownBy(messages::iterator).withMessageContaining("iterated already");
        assertThatIllegalStateException().isThrownBy(messages::stream).withMessageContaining("iterated already");
        assertThatIllegalStateException().isThrownBy(messages::spliterator);
    }

    @Test
    void iterator_afterClose_isEmpty_andNothingIsSubscribedTo() {
        messages.close();
        assertThat(messages.iterator().hasNext()).isFalse();
        assertThat(publisher.hasSubscriber()).isFalse();
    }

    @Test
    void streamCompletes_loopTakesTheRest_andEnds() {
        Iterator<Message> loop = messages.iterator();
        publisher.emit("1", "2");
        publisher.complete();

        assertThat(texts(loop)).containsExactly("1", "2");
        assertThatThrownBy(loop::next).isInstanceOf(NoSuchElementException.class);
        assertThat(publisher.requests)
                .as("nothing is requested of a stream at its end")
                .containsExactly(4L);
    }

    @Test
    void streamFails_loopTakesTheRest_andGetsTheBrokersErrorEachTime() {
        Iterator<Message> loop = messages.iterator();
        publisher.emit("1");
        BrokerException error = new BrokerAuthenticationException("no entry");
        publisher.fail(error);

        assertThat(loop.next().text()).isEqualTo("1");
        assertThatThrownBy(loop::hasNext).isSameAs(error);
        assertThatThrownBy(loop::next).isSameAs(error);
    }

    @Test
    void streamFails_withSomethingElse_itIsTheCause() {
        Iterator<Message> loop = messages.iterator();
        IOException error = new IOException("disk");
        publisher.fail(error);

        assertThatThrownBy(loop::hasNext)
                .isInstanceOf(BrokerException.class)
                .hasMessageContaining("disk")
                .hasCause(error);
    }

    @Test
    void streamFails_endsAWaitingLoop() throws Exception {
        Iterator<Message> loop = messages.iterator();
        Waiting<Boolean> waiting = Waiting.in(loop::hasNext);
        publisher.fail(new BrokerException("over"));
        assertThatThrownBy(waiting::result).hasRootCauseMessage("over");
    }

    @Test
    void emit_wakesAWaitingLoop() throws Exception {
        Iterator<Message> loop = messages.iterator();
        Waiting<Message> waiting = Waiting.in(loop::next);
        publisher.emit("1");
        assertThat(waiting.result().text()).isEqualTo("1");
    }

    @Test
    void close_endsAWaitingLoop_andCancels() throws Exception {
        Iterator<Message> loop = messages.iterator();
        Waiting<Boolean> waiting = Waiting.in(loop::hasNext);
        messages.close();
        assertThat(waiting.result()).isFalse();
        assertThat(publisher.cancels).hasValue(1);
        messages.close();
        assertThat(publisher.cancels).hasValue(1);
    }

    @Test
    void close_givesBackWhatWasNotTaken_andLeavesTheRestToTheLoop() {
        Iterator<Message> loop = messages.iterator();
        publisher.emit("1", "2", "3");
        Message first = loop.next();
        messages.close();

        assertThat(publisher.givenBack).containsExactly("2", "3");
        assertThat(first.isSettled()).isFalse();
        assertThat(loop.hasNext()).isFalse();
        publisher.emit("4"); // was on its way
        assertThat(publisher.givenBack).containsExactly("2", "3", "4");
        assertThat(loop.hasNext()).isFalse();
    }

    @Test
    void close_afterTheStreamFailed_isQuiet() {
        Iterator<Message> loop = messages.iterator();
        publisher.emit("1");
        publisher.fail(new BrokerException("over"));
        messages.close();

        assertThat(loop.hasNext()).isFalse();
        assertThat(publisher.givenBack).containsExactly("1");
        assertThat(publisher.cancels).hasValue(0);
    }

    @Test
    void close_beforeTheSubscriptionComes_cancelsIt() {
        List<Flow.Subscriber<? super Message>> late = new ArrayList<>();
        BlockingMessages slow = Messages.blocking(late::add, 4);
        Iterator<Message> loop = slow.iterator();
        slow.close();
        late.get(0).onSubscribe(publisher);

        assertThat(publisher.cancels).hasValue(1);
        assertThat(publisher.requests).isEmpty();
        assertThat(loop.hasNext()).isFalse();
    }

    @Test
    void interrupt_whileWaiting_isThrown_keepsTheFlag_andLosesNothing() throws Exception {
        Iterator<Message> loop = messages.iterator();
        CompletableFuture<Boolean> flag = new CompletableFuture<>();
        Waiting<String> waiting = Waiting.in(() -> {
            assertThatThrownBy(loop::next)
                    .isInstanceOf(InterruptedWaitException.class)
                    .hasCauseInstanceOf(InterruptedException.class);
            flag.complete(Thread.interrupted());
            return loop.next().text();
        });
        waiting.thread.interrupt();
        assertThat(flag.get(60, TimeUnit.SECONDS)).isTrue();
        publisher.emit("1");
        assertThat(waiting.result()).isEqualTo("1");
    }

    @Test
    void interrupt_beforeAMessageIsTaken_endsAlsoALoopThatNeverWaits() {
        Iterator<Message> loop = messages.iterator();
        publisher.emit("1");
        Thread.currentThread().interrupt();
        try {
            assertThatThrownBy(loop::hasNext).isInstanceOf(InterruptedWaitException.class);
            assertThatThrownBy(loop::next).isInstanceOf(InterruptedWaitException.class);
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
        assertThat(loop.next().text()).isEqualTo("1");
    }

    @Test
    void publisherThatGivesMoreThanRequested_isCancelled_andItsFaultIsSaid() {
        Iterator<Message> loop = messages.iterator();
        publisher.emit("1", "2", "3", "4", "5");

        assertThat(publisher.cancels).hasValue(1);
        assertThat(publisher.givenBack).containsExactly("5");
        for (int i = 1; i <= 4; i++) {
            assertThat(loop.next().text()).isEqualTo(Integer.toString(i));
        }
        assertThatThrownBy(loop::hasNext)
                .isInstanceOf(BrokerException.class)
                .hasMessageContaining("more messages than were requested");
    }

    @Test
    void stream_limited_takesNoMore_andItsCloseIsOurs() {
        try (Stream<Message> stream = messages.stream()) {
            List<String> texts = new ArrayList<>();
            publisher.emit("1", "2", "3");
            stream.limit(2).map(Message::text).forEach(texts::add);
            assertThat(texts).containsExactly("1", "2");
        }
        assertThat(publisher.givenBack).containsExactly("3");
        assertThat(publisher.cancels).hasValue(1);
    }

    @Test
    void stream_madeParallel_isNotSplit() {
        Thread loop = Thread.currentThread();
        try (Stream<Message> stream = messages.stream()) {
            publisher.emit("1", "2", "3");
            publisher.complete();
            assertThat(stream.parallel()
                            .peek(m -> assertThat(Thread.currentThread()).isSameAs(loop)))
                    .extracting(Message::text)
                    .containsExactly("1", "2", "3");
        }
    }

    private static List<String> texts(Iterator<Message> loop) {
        List<String> texts = new ArrayList<>();
        loop.forEachRemaining(message -> texts.add(message.text()));
        return texts;
    }

    /** A call on a thread of its own that is known to wait. */
    private record Waiting<T>(Thread thread, FutureTask<T> task) {
        static <T> Waiting<T> in(java.util.concurrent.Callable<T> call) {
            FutureTask<T> task = new FutureTask<>(call);
            Thread thread = new Thread(task, "waiting-loop");
            thread.setDaemon(true);
            thread.start();
            await().atMost(Duration.ofSeconds(60)).until(() -> thread.getState() == Thread.State.WAITING);
            return new Waiting<>(thread, task);
        }

        T result() throws Exception {
            return task.get(60, TimeUnit.SECONDS);
        }
    }
}
