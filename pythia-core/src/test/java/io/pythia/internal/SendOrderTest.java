package io.pythia.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.BrokerConnectionException;
import io.pythia.Message;
import io.pythia.SendResult;
import io.pythia.UncertainSendException;
import io.pythia.retry.RetryConfig;
import io.pythia.spi.Outgoing;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is sent again keeps its place. */
@Timeout(120)
class SendOrderTest extends SendEngineFixture {
    private static final RetryConfig JITTER =
            new RetryConfig(5, Duration.ofMillis(50), Duration.ofMillis(50), true, true);

    private static List<CompletableFuture<SendResult>> send(Producer producer, int from, int to) {
        List<CompletableFuture<SendResult>> results = new ArrayList<>();
        for (int i = from; i < to; i++) {
            results.add(producer.send(Message.of(Integer.toString(i))));
        }
        return results;
    }

    private void assertReceivedInOrder(int count) {
        assertThat(received)
                .containsExactlyElementsOf(
                        IntStream.range(0, count).mapToObj(Integer::toString).toList());
    }

    @Test
    void whatALostSessionLeaves_isSentAgainInOrder_beforeWhatCameLater() {
        Queue<Outgoing> unanswered = new ConcurrentLinkedQueue<>();
        CountDownLatch all = new CountDownLatch(1);
        onSend = outgoing -> {
            if (opened.get() > 1) {
                take(outgoing);
            } else if (outgoing.message().text().equals("499")) {
                awaitUninterruptibly(all);
                throw new BrokerConnectionException("it is over");
            } else {
                unanswered.add(outgoing);
            }
        };
        onClose = () -> unanswered.forEach(each -> each.fail(new UncertainSendException("closed")));
        try (Producer producer = producer().retry(JITTER).maxBatch(100).build()) {
            producer.connect().join();
            List<CompletableFuture<SendResult>> results = send(producer, 0, 1_000);
            all.countDown();
            results.forEach(CompletableFuture::join);
        }
        assertReceivedInOrder(1_000);
    }

    @Test
    void whatFailsTogether_isSentAgainInOrder() {
        AtomicInteger failures = new AtomicInteger();
        onSend = outgoing -> {
            if (failures.getAndIncrement() < 500) {
                outgoing.fail(new BrokerConnectionException("not now"));
            } else {
                take(outgoing);
            }
        };
        try (Producer producer = producer().retry(JITTER).build()) {
            CountDownLatch connect = new CountDownLatch(1);
            onOpen = () -> awaitUninterruptibly(connect);
            List<CompletableFuture<SendResult>> results = send(producer, 0, 500); // one batch
            connect.countDown();
            results.forEach(CompletableFuture::join);
        }
        assertReceivedInOrder(500);
    }

    @Test
    void whatADriverPutsBack_comesAgainInOrder_whenItIsNotBlocked_andCountsNoTry() {
        AtomicInteger calls = new AtomicInteger();
        AtomicInteger back = new AtomicInteger();
        onSend = outgoing -> {
            if (calls.incrementAndGet() > 10 && calls.get() <= 100) {
                blocked = "full";
                outgoing.putBack();
                back.incrementAndGet();
            } else {
                take(outgoing);
            }
        };
        RetryConfig once = new RetryConfig(0, Duration.ofMillis(1), Duration.ofMillis(1), true, true);
        try (Producer producer = producer().retry(once).maxBatch(100).build()) {
            CountDownLatch connect = new CountDownLatch(1);
            onOpen = () -> awaitUninterruptibly(connect);
            List<CompletableFuture<SendResult>> results = send(producer, 0, 150);
            connect.countDown();
            Awaitility.await()
                    .atMost(60, TimeUnit.SECONDS)
                    .until(() -> back.get() == 90 && results.get(9).isDone());
            results.addAll(send(producer, 150, 200));
            assertThat(results.get(10)).isNotDone();
            blocked = null;
            results.forEach(CompletableFuture::join);
        }
        assertReceivedInOrder(200);
    }
}
