package io.pythia.cloud.aws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BrokerConnectionException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeName;

@Timeout(60)
class SqsInboxTest {
    private static final QueueAddress QUEUE = QueueAddress.ofName("q.fifo", null);
    private static final Duration NOT_AT_ALL = Duration.ZERO;
    private static final long LONG = Duration.ofMinutes(5).toNanos();

    private final UnseenReceives unseen = new UnseenReceives();
    private final SqsInbox inbox = new SqsInbox(10, 3, unseen);

    private static SqsMessage message(String group, String id, long leaseNanos) {
        Message message = Message.builder()
                .messageId(id)
                .receiptHandle("receipt-" + id)
                .body(id)
                .attributes(Map.of(MessageSystemAttributeName.MESSAGE_GROUP_ID, group))
                .build();
        return new SqsMessage(QUEUE, message, SqsMessages.read(message, true), 1, System.nanoTime() + leaseNanos);
    }

    private static SqsMessage message(String group, String id) {
        return message(group, id, LONG);
    }

    private List<String> take(int max) throws InterruptedException {
        return inbox.take(max, NOT_AT_ALL).stream().map(SqsMessage::sqsId).toList();
    }

    @Test
    void claim_isNeverMoreThanTheRoom() throws InterruptedException {
        take(13);
        assertThat(inbox.claim()).isEqualTo(10);
        inbox.put(
                10,
                List.of(message("a", "1"), message("b", "2"), message("c", "3"), message("d", "4"), message("e", "5")));
        assertThat(take(13)).hasSize(5);
        assertThat(inbox.claim()).isEqualTo(8);
    }

    @Test
    void claim_waitsForRoom_andEndsWhenStopped() throws Exception {
        CompletableFuture<Integer> claimed = new CompletableFuture<>();
        Thread poller = new Thread(() -> {
            try {
                claimed.complete(inbox.claim());
            } catch (InterruptedException e) {
                claimed.completeExceptionally(e);
            }
        });
        poller.start();
        assertThat(claimed).isNotDone();
        inbox.stop();
        assertThat(claimed.get()).isZero();
    }

    @Test
    void whatWaitsBehindItsGroup_takesNoRoomFromOtherGroups() throws InterruptedException {
        take(3);
        assertThat(inbox.claim()).isEqualTo(3);
        inbox.put(3, List.of(message("a", "a1"), message("a", "a2"), message("a", "a3")));
        assertThat(take(3)).containsExactly("a1");
        assertThat(inbox.claim()).isEqualTo(2);
        inbox.put(2, List.of(message("b", "b1")));
        assertThat(take(2)).containsExactly("b1");
    }

    @Test
    void expiredMessage_isNotGivenOut_norWhatIsBehindItInItsGroup_andWasNotSeen() throws InterruptedException {
        take(5);
        inbox.claim();
        inbox.put(5, List.of(message("a", "gone", -1), message("a", "behind"), message("b", "here")));
        assertThat(take(5)).containsExactly("here");
        assertThat(unseen.seen("gone", 2)).isEqualTo(1);
        assertThat(unseen.seen("behind", 2)).isEqualTo(1);
        assertThat(unseen.seen("here", 2)).isEqualTo(2);
    }

    @Test
    void expiredHeadOfAGroup_isNotOvertaken_alsoByTheNextTake() throws InterruptedException {
        take(5);
        inbox.claim();
        inbox.put(5, List.of(message("a", "gone", -1), message("b", "other"), message("a", "behind")));
        assertThat(take(1)).containsExactly("other");
        assertThat(inbox.waiting()).isZero();
    }

    @Test
    void failure_comesAfterWhatIsThere() throws InterruptedException {
        take(5);
        inbox.claim();
        inbox.put(5, List.of(message("a", "1")));
        inbox.fail(new BrokerConnectionException("lost"));
        assertThat(take(5)).containsExactly("1");
        assertThatThrownBy(() -> take(5)).isInstanceOf(BrokerConnectionException.class);
        assertThat(inbox.claim()).isZero();
    }

    @Test
    void stop_givesBackWhatIsHere_andWhatComesLater() throws InterruptedException {
        take(5);
        inbox.claim();
        inbox.put(5, List.of(message("a", "a1"), message("a", "a2")));
        take(5);
        inbox.claim();
        assertThat(inbox.stop()).extracting(SqsMessage::sqsId).containsExactly("a2");
        assertThat(inbox.put(4, List.of(message("b", "b1"))).back())
                .extracting(SqsMessage::sqsId)
                .containsExactly("b1");
        assertThat(inbox.abandon()).extracting(SqsMessage::sqsId).containsExactly("a1");
        assertThat(unseen.seen("b1", 2)).isEqualTo(1);
    }

    /** A model: whatever happens, of a group one message at a time is out, and the order of what is handled is that of what came. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void groups_keepTheirOrder_whateverHappens(long seed) throws InterruptedException {
        Random random = new Random(seed);
        Map<String, Integer> sent = new HashMap<>();
        Map<String, Integer> handled = new HashMap<>();
        List<SqsMessage> out = new ArrayList<>();
        take(20);
        for (int step = 0; step < 5_000; step++) {
            String group = "g" + random.nextInt(5);
            switch (random.nextInt(3)) {
                case 0 -> inbox.put(0, List.of(message(group, group + ":" + sent.merge(group, 1, Integer::sum))));
                case 1 -> {
                    for (SqsMessage next : inbox.take(1 + random.nextInt(5), NOT_AT_ALL)) {
                        assertThat(out).extracting(SqsMessage::group).doesNotContain(next.group());
                        out.add(next);
                    }
                }
                default -> {
                    if (!out.isEmpty()) {
                        SqsMessage done = out.remove(random.nextInt(out.size()));
                        int number = Integer.parseInt(done.sqsId().substring(3));
                        if (random.nextInt(4) == 0) {
                            List<SqsMessage> back = new ArrayList<>(List.of(done));
                            back.addAll(inbox.failed(done));
                            // All of it comes again, in its order.
                            inbox.put(
                                    0,
                                    back.stream()
                                            .map(m -> message(String.valueOf(m.group()), m.sqsId()))
                                            .toList());
                        } else {
                            assertThat(number).isEqualTo(handled.merge(String.valueOf(done.group()), 1, Integer::sum));
                            inbox.settled(done);
                            inbox.deleted(done);
                        }
                    }
                }
            }
        }
        assertThat(handled).hasSize(5);
    }
}
