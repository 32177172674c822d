package io.pythia.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.tuple;

import io.pythia.BrokerException;
import io.pythia.BrokerListener;
import io.pythia.BrokerListener.Gap;
import io.pythia.testkit.FakeAck;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.LogTruncationException;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class PollLoopTest {
    private static final TopicPartition PARTITION = TestClient.PARTITION;

    private final TestClient consumer = new TestClient();

    private final OffsetTracker tracker = new OffsetTracker(10);
    private final HandOver handOver = new HandOver(tracker);
    private final AtomicBoolean pausedByUser = new AtomicBoolean();
    private final List<Gap> gaps = new ArrayList<>();
    private final BrokerListener listener = new BrokerListener() {
        @Override
        public void dataLoss(String broker, Gap gap) {
            gaps.add(gap);
        }
    };

    private PollLoop loop() {
        return loop(AutoOffsetReset.EARLIEST);
    }

    private PollLoop loop(AutoOffsetReset reset) {
        return new PollLoop(TestClient.settings(reset, listener), consumer, tracker, handOver, pausedByUser, Map.of());
    }

    @Test
    void requestAfterTheLoopHasFailed_fails() {
        PollLoop loop = loop();
        consumer.setPollException(new KafkaException("broken"));
        loop.run();
        assertThat(loop.commitAll())
                .isCompletedExceptionally()
                .failsWithin(Duration.ZERO)
                .withThrowableOfType(ExecutionException.class)
                .withCauseInstanceOf(BrokerException.class);
    }

    private CompletableFuture<Void> acknowledge(int count) {
        return tracker.settle(take(count));
    }

    private List<FakeAck<KafkaRecord>> take(int count) {
        try {
            return handOver.take(count, Duration.ZERO).stream()
                    .map(each -> new FakeAck<>(each.receipt()))
                    .toList();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void commitThatFails_failsForWhoAskedForIt() {
        List<CompletableFuture<Void>> commits = new ArrayList<>();
        PollLoop loop = loop();
        consumer.schedulePollTask(() -> {
            consumer.assign(0, 2);
            consumer.seek(PARTITION, 0);
            consumer.add(0, 1);
        });
        pollUntil(() -> handOver.size() > 0, () -> {
            acknowledge(1);
            consumer.commitError = new CommitFailedException("taken away");
            commits.add(loop.commitAll());
            pollUntil(() -> commits.get(0).isDone(), () -> {
                consumer.commitError = null;
                acknowledge(1);
                commits.add(loop.commitAll());
                pollUntil(() -> commits.get(1).isDone(), loop::stop);
            });
        });
        loop.run();
        assertThat(commits.get(0))
                .failsWithin(Duration.ZERO)
                .withThrowableOfType(ExecutionException.class)
                .withCauseInstanceOf(BrokerException.class)
                .withMessageContaining("taken away");
        assertThat(commits.get(1)).isCompleted();
        assertThat(consumer.lastCommitted()).isEqualTo(2);
    }

    @Test
    void commitsThatFail_areToldInTheFacts_andAfterSomeSecondsToWhoAsksForASignOfLife() {
        List<CompletableFuture<Void>> acknowledged = new ArrayList<>();
        Map<String, String> before = new HashMap<>();
        Map<String, String> failing = new HashMap<>();
        List<Throwable> signs = new ArrayList<>();
        PollLoop loop = loop();
        Commits commits = loop.commits();
        consumer.schedulePollTask(() -> {
            consumer.assign(0, 1);
            consumer.seek(PARTITION, 0);
            consumer.add(0);
            commits.addFacts(before, System.nanoTime());
        });
        pollUntil(() -> handOver.size() > 0, () -> {
            consumer.commitError = new KafkaException("the offsets topic has no leader");
            acknowledged.add(acknowledge(1));
            pollUntil(() -> consumer.refused > 0, () -> {
                long later = System.nanoTime() + Duration.ofSeconds(10).toNanos();
                commits.check(System.nanoTime());
                commits.addFacts(failing, later);
                signs.add(catchThrowable(() -> commits.check(later)));
                consumer.commitError = null;
                pollUntil(() -> acknowledged.get(0).isDone(), () -> {
                    signs.add(catchThrowable(() -> commits.check(later)));
                    loop.stop();
                });
            });
        });
        loop.run();
        assertThat(before).containsEntry("oldest-uncommitted-ms", "0").doesNotContainKey("commit-error");
        assertThat(Long.parseLong(failing.get("oldest-uncommitted-ms"))).isGreaterThanOrEqualTo(10_000);
        assertThat(failing.get("commit-error")).contains("no leader");
        assertThat(signs.get(0))
                .isInstanceOf(BrokerException.class)
                .hasMessageContaining("could be committed")
                .hasMessageContaining("no leader");
        assertThat(signs.get(1)).isNull();
    }

    /** The position goes back, and so do commits: what was committed before says nothing about the new records. */
    @Test
    void positionOutOfRange_aPartitionThatBeginsFurtherInFront_isCommittedThere() {
        assertThat(committedAfter(new OffsetOutOfRangeException(Map.of(PARTITION, 102L))))
                .containsExactly(101L, 0L, 1L);
        assertThat(gaps).extracting(Gap::from, Gap::to).containsExactly(tuple("102", "0"));
    }

    @Test
    void positionOutOfRange_withLatest_theGapEndsWhereItGoesOn() {
        PollLoop loop = loop(AutoOffsetReset.LATEST);
        consumer.schedulePollTask(() -> {
            consumer.assign(0, 102);
            consumer.seek(PARTITION, 50);
            consumer.setPollException(new OffsetOutOfRangeException(Map.of(PARTITION, 50L)));
            pollUntil(() -> !gaps.isEmpty(), loop::stop);
        });
        loop.run();
        assertThat(gaps).extracting(Gap::from, Gap::to).containsExactly(tuple("50", "102"));
    }

    @Test
    void logIsTruncated_goesOnWhereItDiffers() {
        Map<TopicPartition, OffsetAndMetadata> divergent = Map.of(PARTITION, new OffsetAndMetadata(50));
        assertThat(committedAfter(new LogTruncationException("truncated", Map.of(PARTITION, 102L), divergent)))
                .containsExactly(101L, 50L, 51L);
        assertThat(gaps).extracting(Gap::from, Gap::to).containsExactly(tuple("102", "50"));
    }

    /** Acknowledges offset 100 while 101 is with the application, then the poll fails; acknowledges 101 and the first of the new records. */
    private List<Long> committedAfter(OffsetOutOfRangeException error) {
        List<Long> committed = new ArrayList<>();
        List<FakeAck<KafkaRecord>> stale = new ArrayList<>();
        PollLoop loop = loop();
        consumer.schedulePollTask(() -> {
            consumer.assign(0, 102);
            consumer.seek(PARTITION, 100);
            consumer.add(100, 101);
        });
        pollUntil(() -> handOver.size() == 2, () -> {
            acknowledge(1);
            stale.addAll(take(1));
            pollUntil(() -> consumer.lastCommitted() == 101, () -> {
                committed.add(consumer.lastCommitted());
                consumer.setPollException(error);
                pollUntil(() -> consumer.lastCommitted() < 101, () -> {
                    committed.add(consumer.lastCommitted());
                    tracker.settle(stale);
                    consumer.add(consumer.lastCommitted());
                    pollUntil(() -> handOver.size() > 0, () -> {
                        CompletableFuture<Void> done = acknowledge(1);
                        pollUntil(done::isDone, () -> {
                            committed.add(consumer.lastCommitted());
                            loop.stop();
                        });
                    });
                });
            });
        });
        loop.run();
        assertThat(stale).hasSize(1).allMatch(FakeAck::isStale);
        return committed;
    }

    @Test
    void autoOffsetResetNone_positionOutOfRange_endsTheSession() {
        PollLoop loop = loop(AutoOffsetReset.NONE);
        consumer.schedulePollTask(() -> {
            consumer.assign(0, 102);
            consumer.setPollException(new OffsetOutOfRangeException(Map.of(PARTITION, 102L)));
        });
        loop.run();
        assertThatThrownBy(() -> handOver.take(1, Duration.ZERO)).hasMessageContaining("autoOffsetReset is none");
    }

    /** The client returns the first records of a partition from the very poll in which it was assigned. */
    @Test
    void partitionThatIsAssignedWhileTheUserPauses_isPausedAtOnce() {
        List<Integer> waiting = new ArrayList<>();
        PollLoop loop = loop();
        consumer.schedulePollTask(() -> {
            consumer.assign(0, 1);
            consumer.seek(PARTITION, 0);
            consumer.add(0);
        });
        consumer.schedulePollTask(() -> {
            waiting.add(handOver.size());
            pausedByUser.set(false);
        });
        consumer.schedulePollTask(() -> {});
        consumer.schedulePollTask(() -> {
            waiting.add(handOver.size());
            loop.stop();
        });
        pausedByUser.set(true);
        loop.run();
        assertThat(waiting).containsExactly(0, 1);
    }

    /** Else the next owner, which finds no position either, would begin behind what is with the application here. */
    @Test
    void latest_whereTheGroupBegins_isCommitted_beforeAnythingIsGivenOut() {
        List<Integer> waiting = new ArrayList<>();
        List<Long> committed = new ArrayList<>();
        PollLoop loop = loop(AutoOffsetReset.LATEST);
        consumer.commitError = new KafkaException("not now");
        consumer.schedulePollTask(() -> consumer.assign(0, 100));
        consumer.schedulePollTask(() -> consumer.add(100, 101));
        pollUntil(() -> consumer.refused >= 2, () -> {
            waiting.add(handOver.size());
            consumer.commitError = null;
            pollUntil(() -> handOver.size() > 0, () -> {
                waiting.add(handOver.size());
                committed.add(consumer.lastCommitted());
                loop.stop();
            });
        });
        loop.run();
        assertThat(waiting).containsExactly(0, 2);
        assertThat(committed).containsExactly(100L);
    }

    private void pollUntil(BooleanSupplier condition, Runnable then) {
        consumer.pollUntil(condition, then);
    }
}
