package io.pythia.cloud.azure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.azure.core.amqp.exception.AmqpErrorCondition;
import io.pythia.BrokerException;
import io.pythia.BrokerTimeoutException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

/** The watch for silence, the pauses of an idle queue, the inbox, and signs of life. */
class SmallPartsTest {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();

    @Test
    void silence_isSuspicious_afterWaitingInVain_andTwiceAsLateAfterAJudgementInVain() {
        SilenceWatch watch = new SilenceWatch(Duration.ofSeconds(10));
        watch.waited(9 * SECOND);
        assertThat(watch.isSuspicious()).isFalse();
        watch.waited(SECOND);
        assertThat(watch.isSuspicious()).isTrue();
        watch.givenUp();
        watch.begins();
        watch.waited(19 * SECOND);
        assertThat(watch.isSuspicious()).isFalse();
        watch.waited(SECOND);
        assertThat(watch.isSuspicious()).isTrue();
        watch.received();
        watch.waited(10 * SECOND);
        assertThat(watch.isSuspicious()).isTrue();
    }

    @Test
    void pauses_growUpToTheLimit_andBeginAgain() {
        IdlePolling idle = new IdlePolling(Duration.ofSeconds(1), Duration.ofSeconds(5));
        assertThat(new long[] {idle.pause(), idle.pause(), idle.pause(), idle.pause(), idle.pause()})
                .containsExactly(SECOND, 2 * SECOND, 4 * SECOND, 5 * SECOND, 5 * SECOND);
        idle.foundSome();
        assertThat(idle.pause()).isEqualTo(SECOND);
    }

    @Test
    void inbox_thatHasFailed_takesAndGivesNothing() throws InterruptedException {
        ServiceBusInbox inbox = new ServiceBusInbox();
        assertThat(inbox.take(10, Duration.ZERO)).isEmpty();
        inbox.wakeUp();
        assertThat(inbox.take(10, Duration.ofMinutes(1))).isEmpty();
        inbox.fail(new BrokerException("first"));
        inbox.fail(new BrokerException("second"));
        assertThatThrownBy(() -> inbox.take(10, Duration.ofMinutes(1))).hasMessage("first");
    }

    @Test
    void busyService_isASignOfLife_andASilentOneIsNot() throws InterruptedException {
        Duration limit = Duration.ofMinutes(1);
        Mono<String> busy = Mono.error(AzureErrorsTest.bus(AmqpErrorCondition.SERVER_BUSY_ERROR));
        assertThat(Answers.awaitLife("asking", busy, limit)).isNull();
        assertThat(Answers.awaitLife("asking", Mono.just("answer"), limit)).isEqualTo("answer");
        Mono<String> silent = Mono.error(AzureErrorsTest.bus(AmqpErrorCondition.TIMEOUT_ERROR));
        assertThatThrownBy(() -> Answers.awaitLife("asking", silent, limit)).isInstanceOf(BrokerTimeoutException.class);
    }
}
