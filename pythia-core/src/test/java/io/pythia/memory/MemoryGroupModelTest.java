package io.pythia.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.memory.MemoryBroker.GroupStats;
import io.pythia.spi.Outcome;
import io.pythia.spi.Received;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random steps on one group with several sessions, beside a model that keeps a list and looks through all of it each time. */
class MemoryGroupModelTest {
    private static final int STEPS = 4000;
    private static final Duration LEASE = Duration.ofSeconds(10);

    /** What the model knows of one message. */
    private static final class Expected {
        final String body;
        int attempts;
        boolean delivered;
        boolean done;
        int holder = -1;
        long leaseEnds;
        long notBefore;

        @Nullable
        MemoryDelivery receipt;

        Expected(String body) {
            this.body = body;
        }
    }

    private record Session(MemoryReceiver receiver, int number) {}

    private final AtomicLong clock = new AtomicLong();
    private final MemoryBroker broker = new MemoryBroker(MemoryConfig.defaults().withReplayMessages(50), clock::get);
    private final List<Expected> model = new ArrayList<>();
    private final List<Session> sessions = new ArrayList<>();
    private final List<MemoryDelivery> oldReceipts = new ArrayList<>();
    private Random random = new Random();
    private int nextSession;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void randomSteps_asTheModelSays(long seed) throws InterruptedException {
        random = new Random(seed);
        open();
        for (int step = 0; step < STEPS; step++) {
            step();
            assertStats();
        }
        drain();
        assertThat(model).allMatch(e -> e.done);
        assertThat(broker.size("t")).isEqualTo(Math.min(50, model.size()));
    }

    private void step() throws InterruptedException {
        int dice = random.nextInt(100);
        if (dice < 25) {
            send();
        } else if (dice < 55) {
            receive(sessions.get(random.nextInt(sessions.size())));
        } else if (dice < 85) {
            settleOne();
        } else if (dice < 90) {
            settleOld();
        } else if (dice < 97) {
            clock.addAndGet(random.nextLong(LEASE.toNanos() / 2));
        } else if (sessions.size() < 4 && random.nextBoolean()) {
            open();
        } else {
            close();
        }
    }

    private void send() throws InterruptedException {
        MemorySender sender = new MemorySender("s", "t", broker);
        sender.open();
        List<FakeOutgoing> batch = new ArrayList<>();
        for (int i = random.nextInt(4); i >= 0; i--) {
            Expected expected = new Expected("m" + model.size());
            model.add(expected);
            batch.add(new FakeOutgoing(expected.body));
        }
        sender.send(batch);
        assertThat(batch).allMatch(o -> o.result != null);
    }

    private void open() {
        MemoryReceiver receiver =
                new MemoryReceiver("r", new MemoryConsumerSettings(broker, List.of("t"), "g", LEASE, true, null));
        receiver.open();
        sessions.add(new Session(receiver, nextSession++));
    }

    private void close() {
        Session session = sessions.remove(random.nextInt(sessions.size()));
        session.receiver.close();
        model.stream().filter(e -> e.holder == session.number).forEach(this::takeBack);
        if (sessions.isEmpty()) {
            open();
        }
    }

    private void takeBack(Expected expected) {
        expected.holder = -1;
        expected.notBefore = 0;
        MemoryDelivery receipt = expected.receipt;
        if (receipt != null) {
            oldReceipts.add(receipt);
        }
    }

    /** What came back goes first, by its place in the topic, then what is new; both are the order of the model's list. */
    private void receive(Session session) throws InterruptedException {
        long now = clock.get();
        int max = 1 + random.nextInt(5);
        model.stream().filter(e -> e.holder >= 0 && e.leaseEnds <= now).forEach(this::takeBack);
        List<Expected> next = model.stream()
                .filter(e -> !e.done && e.holder < 0 && e.notBefore <= now)
                .sorted(Comparator.comparing((Expected e) -> !e.delivered))
                .limit(max)
                .toList();
        List<Received<MemoryDelivery>> received = session.receiver.receive(max, Duration.ZERO);

        assertThat(received)
                .extracting(r -> new String(r.content().body()))
                .containsExactlyElementsOf(next.stream().map(e -> e.body).toList());
        for (int i = 0; i < next.size(); i++) {
            Expected expected = next.get(i);
            expected.attempts++;
            expected.delivered = true;
            expected.holder = session.number;
            expected.leaseEnds = now + LEASE.toNanos();
            expected.receipt = received.get(i).receipt();
            assertThat(received.get(i).attempt()).isEqualTo(expected.attempts);
        }
    }

    private void settleOne() {
        List<Expected> held = model.stream().filter(e -> e.holder >= 0).toList();
        if (held.isEmpty()) {
            return;
        }
        Expected expected = held.get(random.nextInt(held.size()));
        MemoryDelivery receipt = expected.receipt;
        MemoryReceiver holder = sessions.stream()
                .filter(s -> s.number == expected.holder)
                .findFirst()
                .orElseThrow()
                .receiver;
        Outcome outcome = Outcome.values()[random.nextInt(Outcome.values().length)];
        Duration delay = switch (outcome) {
            case NACK -> random.nextBoolean() ? Duration.ZERO : Duration.ofSeconds(1 + random.nextInt(20));
            case EXTEND -> Duration.ofSeconds(1 + random.nextInt(20));
            default -> Duration.ZERO;
        };
        assertThat(receipt).isNotNull();
        FakeSettlement settlement = new FakeSettlement(receipt, outcome, delay);
        settlement.unseen = outcome == Outcome.NACK && random.nextInt(4) == 0;
        holder.settle(List.of(settlement));
        assertThat(settlement.stale).isFalse();
        switch (outcome) {
            case ACK, REJECT -> {
                takeBack(expected);
                expected.done = true;
            }
            case NACK -> {
                takeBack(expected);
                expected.attempts -= settlement.unseen ? 1 : 0;
                expected.notBefore = clock.get() + delay.toNanos();
            }
            case EXTEND -> expected.leaseEnds = clock.get() + delay.toNanos();
        }
    }

    /** An old receipt changes nothing, whoever uses it. */
    private void settleOld() {
        if (!oldReceipts.isEmpty()) {
            MemoryDelivery old = oldReceipts.get(random.nextInt(oldReceipts.size()));
            Outcome outcome = Outcome.values()[random.nextInt(Outcome.values().length)];
            FakeSettlement settlement = new FakeSettlement(old, outcome, Duration.ofSeconds(1));
            sessions.get(random.nextInt(sessions.size())).receiver.settle(List.of(settlement));
            assertThat(settlement.stale).isTrue();
        }
    }

    private void assertStats() {
        GroupStats stats = broker.stats("t", "g").orElseThrow();
        assertThat(stats.inFlight())
                .isEqualTo((int) model.stream().filter(e -> e.holder >= 0).count());
        assertThat(stats.waiting() + stats.delayed())
                .isEqualTo(model.stream().filter(e -> !e.done && e.holder < 0).count());
        assertThat(stats.consumers()).isEqualTo(sessions.size());
    }

    private void drain() throws InterruptedException {
        clock.addAndGet(Duration.ofMinutes(5).toNanos());
        while (model.stream().anyMatch(e -> !e.done)) {
            receive(sessions.get(0));
            for (Expected each : model) {
                if (each.holder >= 0 && each.receipt != null) {
                    sessions.get(0)
                            .receiver
                            .settle(List.of(new FakeSettlement(each.receipt, Outcome.ACK, Duration.ZERO)));
                    takeBack(each);
                    each.done = true;
                }
            }
        }
    }
}
