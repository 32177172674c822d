package io.pythia;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Messages of one key are handled one after another, whatever fails and however many handlers there are. */
@Timeout(300)
class WorkerOrderTest extends WorkerFixture {

    /** Notes what was handled, and that no two handlers of one key overlap. */
    private static final class Journal {
        final Map<String, List<Integer>> handled = new ConcurrentHashMap<>();
        final Map<String, AtomicInteger> running = new ConcurrentHashMap<>();
        final AtomicInteger overlaps = new AtomicInteger();

        void begin(String key) {
            if (running.computeIfAbsent(key, k -> new AtomicInteger()).incrementAndGet() > 1) {
                overlaps.incrementAndGet();
            }
        }

        void end(String key) {
            running.get(key).decrementAndGet();
        }

        void done(String key, int number) {
            handled.computeIfAbsent(key, k -> Collections.synchronizedList(new ArrayList<>()))
                    .add(number);
        }

        int count() {
            return handled.values().stream().mapToInt(List::size).sum();
        }
    }

    @Test
    void hundredKeys_fivePercentFailing_keepTheirOrder_andRunSideBySide() {
        int keys = 100;
        int each = 1_000;
        long seed = System.nanoTime();
        Random random = new Random(seed);
        int[] next = new int[keys];
        send(keys * each, i -> {
            int key = random.nextInt(keys);
            while (next[key] == each) {
                key = (key + 1) % keys;
            }
            return Message.builder()
                    .key("k" + key)
                    .body(Integer.toString(next[key]++))
                    .build();
        });
        Journal journal = new Journal();
        LongAdder working = new LongAdder();
        long startedAt = System.nanoTime();
        Worker worker = start(worker().concurrency(16)
                .ordering(Ordering.KEY)
                .retry(retries(50))
                .onMessage(message -> {
                    long from = System.nanoTime();
                    journal.begin(message.key());
                    try {
                        sleep(5);
                        if (Math.floorMod(
                                        (message.key() + message.text()).hashCode() * 31L + System.nanoTime() / 1000,
                                        20)
                                == 0) {
                            throw new IllegalStateException("one of twenty");
                        }
                        journal.done(message.key(), Integer.parseInt(message.text()));
                    } finally {
                        journal.end(message.key());
                        working.add(System.nanoTime() - from);
                    }
                }));
        eventuallyWithin(240, "all messages", () -> worker.stats().handled() == keys * each && unsettled() == 0);
        double sideBySide = (double) working.sum() / (System.nanoTime() - startedAt);
        assertThat(journal.overlaps.get()).as("overlaps, seed " + seed).isZero();
        assertThat(journal.handled).hasSize(keys).allSatisfy((key, numbers) -> {
            assertThat(numbers).as(key + ", seed " + seed).hasSize(each);
            for (int i = 0; i < each; i++) {
                assertThat(numbers.get(i)).isEqualTo(i);
            }
        });
        // One after another they would take the sum of their times.
        assertThat(sideBySide).isGreaterThan(6);
        assertThat(worker.stats().failed()).isGreaterThan(keys * each / 100);
    }

    @Test
    void keyThatIsStuck_holdsUpNoOther() {
        CountDownLatch release = new CountDownLatch(1);
        send(
                2_000,
                i -> Message.builder()
                        .key(i % 2 == 0 ? "stuck" : "k" + i % 100)
                        .body("" + i)
                        .build());
        AtomicInteger others = new AtomicInteger();
        Worker worker = start(worker().concurrency(2).ordering(Ordering.KEY).onMessage(message -> {
            if (message.key().equals("stuck")) {
                release.await();
            } else {
                others.incrementAndGet();
            }
        }));
        eventually("all the others", () -> others.get() == 1_000);
        eventually("only the stuck one", () -> worker.stats().handling() == 1);
        release.countDown();
        eventually("the stuck ones too", () -> worker.stats().handled() == 2_000);
    }

    @Test
    void keyThatFails_waitsForItsRetry_andHoldsUpOnlyItself() {
        send(
                20,
                i -> Message.builder().key(i < 10 ? "bad" : "good").body("" + i).build());
        List<String> order = Collections.synchronizedList(new ArrayList<>());
        AtomicInteger failures = new AtomicInteger();
        start(worker().ordering(Ordering.KEY)
                .retry(retries(0))
                .redelivery(retries(4))
                .onMessage(message -> {
                    if (message.text().equals("0") && failures.incrementAndGet() <= 4) {
                        throw new IllegalStateException("not yet");
                    }
                    order.add(message.text());
                }));
        eventually("all", () -> order.size() == 20);
        assertThat(order.stream().filter(text -> Integer.parseInt(text) < 10))
                .containsExactly("0", "1", "2", "3", "4", "5", "6", "7", "8", "9");
        assertThat(failures.get()).isEqualTo(5);
    }

    @Test
    void messagesWithoutAKey_haveNoOrderAmongThem() {
        send(10, i -> Message.of("" + i));
        CountDownLatch all = new CountDownLatch(10);
        start(worker().concurrency(10).ordering(Ordering.KEY).onMessage(message -> {
            all.countDown();
            all.await();
        }));
        eventually("all at once", () -> all.getCount() == 0);
    }

    @Test
    void partition_isTheWholeSource_whereTheBrokerHasNone() {
        send(100, i -> Message.builder().key("k" + i).body("" + i).build());
        Journal journal = new Journal();
        start(worker().concurrency(8).ordering(Ordering.PARTITION).onMessage(message -> {
            journal.begin(TOPIC);
            journal.done(TOPIC, Integer.parseInt(message.text()));
            journal.end(TOPIC);
        }));
        eventually("all", () -> journal.count() == 100);
        assertThat(journal.overlaps.get()).isZero();
        assertThat(journal.handled.get(TOPIC)).isSorted();
    }

    @Test
    void batchesWithAnOrder_holdOneMessageOfAKey() {
        send(100, i -> Message.builder().key("k" + i % 5).body("" + i).build());
        Journal journal = new Journal();
        start(worker().concurrency(4).ordering(Ordering.KEY).onBatch(10, Duration.ofMillis(20), batch -> {
            assertThat(batch.stream().map(Message::key)).doesNotHaveDuplicates();
            batch.forEach(message -> journal.begin(message.key()));
            batch.forEach(message -> journal.done(message.key(), Integer.parseInt(message.text())));
            batch.forEach(message -> journal.end(message.key()));
        }));
        eventually("all", () -> journal.count() == 100);
        assertThat(journal.overlaps.get()).isZero();
        assertThat(journal.handled.values())
                .allSatisfy(numbers -> assertThat(numbers).isSorted());
    }
}
