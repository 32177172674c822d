package io.pythia.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BrokerException;
import io.pythia.Message;
import io.pythia.SendResult;
import io.pythia.spi.Outgoing;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PublisherConfirmsTest {
    private final PublisherConfirms confirms = new PublisherConfirms();

    private record Sent(Message message) implements Outgoing {
        @Override
        public void succeed(SendResult result) {
            throw new AssertionError("nobody completes what is only kept");
        }

        @Override
        public void fail(BrokerException error) {
            throw new AssertionError("nobody completes what is only kept", error);
        }
    }

    private void publish(int from, int count) {
        for (int i = from; i < from + count; i++) {
            confirms.publish(i, sent(Integer.toString(i)), "key");
        }
    }

    private static Outgoing sent(String body) {
        return new Sent(Message.of(body));
    }

    private List<String> answered(long number, boolean multiple) {
        List<String> bodies = new ArrayList<>();
        confirms.answered(
                number,
                multiple,
                published -> bodies.add(published.outgoing().message().text()));
        return bodies;
    }

    @Test
    void answers_singleAndMultiple_takeEachMessageOnce() {
        publish(1, 10);
        assertThat(answered(3, false)).containsExactly("3");
        assertThat(answered(3, false)).isEmpty();
        assertThat(answered(5, true)).containsExactly("1", "2", "4", "5");
        assertThat(answered(10, true)).containsExactly("6", "7", "8", "9", "10");
        assertThat(answered(10, true)).isEmpty();
        assertThat(confirms.waiting()).isZero();
    }

    @Test
    void answersForNumbersThatWereNotPublished_areIgnored() {
        publish(1, 2);
        assertThat(answered(0, false)).isEmpty();
        assertThat(answered(7, false)).isEmpty();
        assertThat(answered(7, true)).containsExactly("1", "2");
    }

    @Test
    void numberOutOfTurn_isRefused() {
        publish(1, 2);
        assertThatThrownBy(() -> confirms.publish(4, sent("4"), "key")).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void end_takesAllThatWait_andLetsNoMoreIn() {
        publish(1, 5);
        answered(2, false);
        assertThat(confirms.end()).hasSize(4);
        assertThat(confirms.publish(6, sent("6"), "key")).isFalse();
        assertThat(confirms.end()).isEmpty();
        assertThat(answered(5, true)).isEmpty();
    }

    @Test
    void returned_isFoundByWhatItHolds_oldestFirst() {
        confirms.publish(1, sent("a"), "key");
        confirms.publish(2, new Sent(Message.builder().id("x").body("a").build()), "key");
        confirms.publish(3, sent("a"), "other");
        confirms.publish(4, sent("a"), "key");
        assertThat(confirms.takeReturned("key", "y", bytes("a"))).isNull();
        assertThat(confirms.takeReturned("key", null, bytes("b"))).isNull();
        assertThat(Objects.requireNonNull(confirms.takeReturned("key", "x", bytes("a")))
                        .message()
                        .id())
                .isEqualTo("x");
        assertThat(confirms.takeReturned("other", null, bytes("a"))).isNotNull();
        assertThat(answered(1, false)).containsExactly("a");
        assertThat(confirms.takeReturned("key", null, bytes("a"))).isNotNull();
        assertThat(confirms.takeReturned("key", null, bytes("a"))).isNull();
        assertThat(answered(4, true)).isEmpty();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(java.nio.charset.StandardCharsets.UTF_8);
    }

    /** Against a model: a set of numbers. The window grows far beyond its first size. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void randomAnswers_areAsInTheModel(long seed) {
        Random random = new Random(seed);
        Set<Long> waiting = new HashSet<>();
        long next = 1;
        for (int step = 0; step < 50_000; step++) {
            if (random.nextInt(10) < 7) {
                assertThat(confirms.publish(next, sent(Long.toString(next)), "key"))
                        .isTrue();
                waiting.add(next++);
            } else if (random.nextInt(100) == 0) {
                long number = 1 + (long) (random.nextDouble() * next);
                List<String> taken = answered(number, true);
                assertThat(taken)
                        .hasSize((int) waiting.stream().filter(n -> n <= number).count());
                waiting.removeIf(n -> n <= number);
            } else {
                long number = 1 + (long) (random.nextDouble() * next);
                assertThat(answered(number, false))
                        .isEqualTo(waiting.remove(number) ? List.of(Long.toString(number)) : List.of());
            }
        }
        assertThat(confirms.end()).hasSize(waiting.size());
    }
}
