package io.pythia.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Envelope;
import io.pythia.BrokerException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class InboxTest {
    private static final Duration LONG = Duration.ofSeconds(60);

    private static RabbitMQMessage message(long tag) {
        RabbitMQConsumerSettings settings = new RabbitMQConsumerSettings(
                "rabbitmq:q",
                RabbitMQConfig.defaults(),
                Duration.ofSeconds(1),
                TopologyTest.topology(TopologyPolicy.NONE),
                1,
                false,
                false,
                Map.of());
        return new RabbitMQMessage(
                settings, "s", new Envelope(tag, false, "", "q"), new BasicProperties(), new byte[0]);
    }

    @Test
    void take_givesWhatIsThere_inOrder_atMostWhatWasAskedFor() throws InterruptedException {
        Inbox inbox = new Inbox();
        for (int i = 1; i <= 5; i++) {
            inbox.put(message(i));
        }
        assertThat(inbox.take(3, LONG)).extracting(RabbitMQMessage::tag).containsExactly(1L, 2L, 3L);
        assertThat(inbox.take(3, LONG)).extracting(RabbitMQMessage::tag).containsExactly(4L, 5L);
        assertThat(inbox.take(3, Duration.ofMillis(1))).isEmpty();
    }

    @Test
    void take_thatWaits_returnsForAMessageOrAWakeUp() throws InterruptedException {
        Inbox inbox = new Inbox();
        Thread other = new Thread(() -> inbox.put(message(1)));
        other.start();
        assertThat(inbox.take(1, LONG)).hasSize(1);
        inbox.wakeUp();
        assertThat(inbox.take(1, LONG)).isEmpty();
    }

    /** As a question for a sign of life does the client's work when the intake is stopped: what it brings must go back, too. */
    @Test
    void clear_waitsForWhatAnotherThreadBrings() throws Exception {
        Inbox inbox = new Inbox();
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch clearing = new CountDownLatch(1);
        inbox.execute(() -> {
            begun.countDown();
            try {
                clearing.await(60, TimeUnit.SECONDS);
                inbox.put(message(1));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        Thread other = new Thread(inbox::work);
        other.start();
        begun.await(60, TimeUnit.SECONDS);
        Thread self = Thread.currentThread();
        new Thread(() -> {
                    Awaitility.await()
                            .atMost(60, TimeUnit.SECONDS)
                            .until(() -> self.getState() == Thread.State.WAITING);
                    clearing.countDown();
                })
                .start();
        assertThat(inbox.clear()).extracting(RabbitMQMessage::tag).containsExactly(1L);
    }

    @Test
    void failure_dropsWhatCanNotBeAcknowledgedAnyMore() throws InterruptedException {
        Inbox inbox = new Inbox();
        inbox.put(message(1));
        inbox.fail(new BrokerException("first"));
        inbox.fail(new BrokerException("second"));
        assertThatThrownBy(() -> inbox.take(1, LONG)).hasMessage("first");
    }

    private static Runnable putting(Inbox inbox, long tag) {
        return () -> inbox.put(message(tag));
    }

    @Test
    void work_isDoneByWhoeverTakes_alsoWhileHeWaits() throws InterruptedException {
        Inbox inbox = new Inbox();
        inbox.execute(() -> inbox.execute(putting(inbox, 1)));
        assertThat(inbox.take(1, LONG)).extracting(RabbitMQMessage::tag).containsExactly(1L);
        Thread taker = Thread.currentThread();
        Thread client = new Thread(() -> {
            Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> taker.getState() == Thread.State.TIMED_WAITING);
            inbox.execute(putting(inbox, 2));
        });
        client.start();
        assertThat(inbox.take(1, LONG)).extracting(RabbitMQMessage::tag).containsExactly(2L);
        client.join();
    }

    @Test
    void clear_takesAlsoWhatTheClientHasNotHandedOverYet() throws InterruptedException {
        Inbox inbox = new Inbox();
        inbox.put(message(1));
        inbox.execute(putting(inbox, 2));
        assertThat(inbox.clear()).extracting(RabbitMQMessage::tag).containsExactly(1L, 2L);
    }

    @Test
    void close_leavesNoWorkUndone() {
        Inbox inbox = new Inbox();
        CountDownLatch done = new CountDownLatch(2);
        inbox.execute(done::countDown);
        assertThat(done.getCount()).isEqualTo(2);
        inbox.close();
        inbox.execute(done::countDown);
        assertThat(done.getCount()).isZero();
    }
}
