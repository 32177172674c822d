package io.pythia.cloud.gcp;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.pubsub.v1.PubsubMessage;
import com.google.pubsub.v1.ReceivedMessage;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class InboxTest {
    private static final long MINUTE = Duration.ofMinutes(1).toNanos();
    private static final Duration LONG = Duration.ofMinutes(1);

    private final Inbox inbox = new Inbox();

    private static PubSubMessage message(String id, long lease) {
        ReceivedMessage received = ReceivedMessage.newBuilder()
                .setAckId("ack-" + id)
                .setMessage(PubsubMessage.newBuilder().setMessageId(id))
                .build();
        return new PubSubMessage("s", received, 1, System.nanoTime(), lease);
    }

    @Test
    void take_givesWhatIsThere_inOrder_upToTheLimit() throws InterruptedException {
        inbox.addAll(List.of(message("1", MINUTE), message("2", MINUTE), message("3", MINUTE)));
        assertThat(inbox.take(2, LONG)).extracting(PubSubMessage::messageId).containsExactly("1", "2");
        assertThat(inbox.size()).isEqualTo(1);
        assertThat(inbox.unsettled()).isEqualTo(3);
    }

    @Test
    void whatHasLapsed_isDropped_andCounted() throws InterruptedException {
        PubSubMessage lapses = message("2", MINUTE);
        inbox.addAll(List.of(message("1", -1), lapses, message("3", MINUTE)));
        lapses.leasedUntil(System.nanoTime() - 1);
        assertThat(inbox.take(10, LONG)).extracting(PubSubMessage::messageId).containsExactly("3");
        assertThat(inbox.lapsed()).isEqualTo(2);
        assertThat(inbox.unsettled()).isEqualTo(1);
    }

    @Test
    void wakeUp_endsATakeThatIsUnderWay_orElseTheNext() throws Exception {
        inbox.wakeUp();
        assertThat(inbox.take(1, LONG)).isEmpty();
        CompletableFuture<List<PubSubMessage>> taken = new CompletableFuture<>();
        Thread thread = new Thread(() -> {
            try {
                taken.complete(inbox.take(1, LONG));
            } catch (InterruptedException e) {
                taken.completeExceptionally(e);
            }
        });
        thread.start();
        inbox.wakeUp();
        assertThat(taken.get(60, TimeUnit.SECONDS)).isEmpty();
    }

    @Test
    void clear_givesAllThatIsUnsettled_whoeverHasIt() throws InterruptedException {
        PubSubMessage settled = message("1", MINUTE);
        inbox.addAll(List.of(settled, message("2", MINUTE), message("3", MINUTE)));
        inbox.take(2, LONG);
        inbox.settled(List.of(settled));
        assertThat(inbox.clearWaiting()).extracting(PubSubMessage::messageId).containsExactly("3");
        assertThat(inbox.clear()).extracting(PubSubMessage::messageId).containsExactly("2");
        assertThat(inbox.unsettled()).isZero();
    }

    @Test
    void attempts_areCountedHere_unlessTheServiceCounts_andBounded() {
        Attempts attempts = new Attempts();
        assertThat(attempts.of("1", 0)).isEqualTo(1);
        attempts.failed("1");
        attempts.failed("1");
        assertThat(attempts.of("1", 0)).isEqualTo(3);
        assertThat(attempts.of("1", 7)).isEqualTo(7);
        assertThat(attempts.of("2", 4)).isEqualTo(4);
        attempts.succeeded("1");
        assertThat(attempts.of("1", 0)).isEqualTo(1);
        attempts.failed("first");
        for (int i = 0; i < 10_000; i++) {
            attempts.failed("m" + i);
        }
        assertThat(attempts.of("first", 0)).as("the oldest is forgotten").isEqualTo(1);
    }
}
