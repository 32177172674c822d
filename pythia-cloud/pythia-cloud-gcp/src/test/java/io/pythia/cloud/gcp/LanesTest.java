package io.pythia.cloud.gcp;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.pubsub.v1.PubsubMessage;
import io.pythia.BrokerException;
import io.pythia.Message;
import io.pythia.SendResult;
import io.pythia.spi.Outgoing;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LanesTest {
    private record Sent(Message message) implements Outgoing {
        @Override
        public void succeed(SendResult result) {}

        @Override
        public void fail(BrokerException error) {}
    }

    private static Lanes.Item item(String key, int number) {
        Message message = Message.of(Integer.toString(number));
        return new Lanes.Item(
                new Sent(message),
                PubsubMessage.newBuilder()
                        .setOrderingKey(key)
                        .setData(ByteString.copyFromUtf8(message.text()))
                        .build());
    }

    private static int number(Lanes.Item item) {
        return Integer.parseInt(item.outgoing().message().text());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void anyTraffic_keepsTheOrderOfKeys_andTheLimits(long seed) {
        Random random = new Random(seed);
        Lanes lanes = new Lanes(4, 1_000, 3);
        Deque<Lanes.Request> underWay = new ArrayDeque<>();
        Map<String, List<Integer>> gone = new HashMap<>();
        int added = 0;
        int answered = 0;
        for (int step = 0; step < 3_000; step++) {
            if (random.nextInt(3) == 0 && added < 2_000) {
                List<Lanes.Item> items = new ArrayList<>();
                for (int i = random.nextInt(8); i >= 0; i--) {
                    items.add(item(random.nextInt(3) == 0 ? "" : "k" + random.nextInt(3), added++));
                }
                underWay.addAll(lanes.add(items));
            } else if (!underWay.isEmpty()) {
                Lanes.Request request =
                        Objects.requireNonNull(random.nextBoolean() ? underWay.pollFirst() : underWay.pollLast());
                assertThat(request.items()).hasSizeBetween(1, 4);
                request.items()
                        .forEach(item -> gone.computeIfAbsent(request.key(), k -> new ArrayList<>())
                                .add(number(item)));
                answered += request.items().size();
                Lanes.Request next = lanes.done(request);
                if (next != null) {
                    underWay.add(next);
                }
            }
            Map<String, Integer> open = new HashMap<>();
            underWay.forEach(request -> open.merge(request.key(), 1, Integer::sum));
            open.forEach((key, count) -> assertThat(count).isLessThanOrEqualTo(key.isEmpty() ? 3 : 1));
        }
        while (!underWay.isEmpty()) {
            Lanes.Request request = underWay.remove();
            request.items()
                    .forEach(item -> gone.computeIfAbsent(request.key(), k -> new ArrayList<>())
                            .add(number(item)));
            answered += request.items().size();
            Lanes.Request next = lanes.done(request);
            if (next != null) {
                underWay.add(next);
            }
        }
        assertThat(answered).as("seed %d", seed).isEqualTo(added);
        assertThat(lanes.size()).isZero();
        gone.forEach((key, numbers) -> {
            if (!key.isEmpty()) {
                assertThat(numbers).isSorted();
            }
        });
    }

    @Test
    void bytes_limitARequest_butNotOneMessage() {
        Lanes lanes = new Lanes(100, 10, 8);
        List<Lanes.Request> requests = lanes.add(List.of(item("", 1_000_000_000), item("", 1), item("", 2)));
        assertThat(requests).hasSizeGreaterThan(1);
        assertThat(requests.get(0).items()).hasSize(1);
    }

    @Test
    void requests_areTheFuller_theMoreAreUnderWay() {
        Lanes lanes = new Lanes(64, 1_000_000, 8);
        assertThat(lanes.add(List.of(item("", 0)))).hasSize(1);
        assertThat(lanes.add(List.of(item("", 1)))).hasSize(1); // a 64th of a full one
        assertThat(lanes.add(items(3))).isEmpty();
        assertThat(lanes.add(items(1))).hasSize(1); // four 64ths
        assertThat(lanes.add(items(8))).isEmpty();
        assertThat(lanes.add(items(64))).hasSize(1); // a full one, and what is left is no sixteen 64ths
        assertThat(lanes.size()).isEqualTo(78);
    }

    private static List<Lanes.Item> items(int count) {
        return IntStream.range(0, count).mapToObj(i -> item("", i)).toList();
    }

    @Test
    void whatIsBehindAFailedRequest_isTakenOut() {
        Lanes lanes = new Lanes(1, 1_000, 8);
        List<Lanes.Request> requests = lanes.add(List.of(item("k", 1), item("k", 2), item("other", 3)));
        assertThat(requests).hasSize(2);
        assertThat(lanes.takeBehind(requests.get(0)).stream().map(LanesTest::number))
                .containsExactly(2);
        assertThat(lanes.done(requests.get(0))).isNull();
        assertThat(lanes.add(List.of(item("k", 4)))).hasSize(1);
        assertThat(lanes.takeUnderWay()).hasSize(2);
    }
}
