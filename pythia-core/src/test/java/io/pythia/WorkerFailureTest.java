package io.pythia;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.memory.MemoryConsumer;
import io.pythia.retry.RetryConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What fails is tried again, then becomes a dead letter. */
@Timeout(120)
class WorkerFailureTest extends WorkerFixture {
    private final Set<String> handled = ConcurrentHashMap.newKeySet();

    @Test
    void failure_isTriedAgainInPlace_eachTryCounted() {
        send("x");
        AtomicInteger calls = new AtomicInteger();
        Worker worker = start(worker().onMessage(message -> {
            if (calls.incrementAndGet() < 4) {
                throw new IllegalStateException("not yet");
            }
            assertThat(message.attempt()).isEqualTo(1);
        }));
        eventually("the message handled", () -> worker.stats().handled() == 1 && unsettled() == 0);
        assertThat(calls.get()).isEqualTo(4);
        assertThat(worker.stats().retried()).isEqualTo(3);
        assertThat(worker.stats().failed()).isEqualTo(3);
    }

    @Test
    void messageThatWaitsForItsRetry_takesNoSlot() {
        send(50, i -> Message.of(i == 0 ? "bad" : "good" + i));
        CountDownLatch failed = new CountDownLatch(1);
        start(worker().retry(new RetryConfig(1, Duration.ofHours(1), Duration.ofHours(1), false, false))
                .closeTimeout(Duration.ZERO)
                .onMessage(message -> {
                    if (message.text().equals("bad")) {
                        failed.countDown();
                        throw new IllegalStateException("bad");
                    }
                    handled.add(message.text());
                }));
        eventually("the others", () -> handled.size() == 49 && failed.getCount() == 0);
    }

    @Test
    void everyAlwaysFailingMessage_isTriedExactlyAsOftenAsAllowed_andBecomesADeadLetter() {
        send(30, i -> Message.of("m" + i));
        ConcurrentHashMap<String, AtomicInteger> calls = new ConcurrentHashMap<>();
        Worker worker = start(worker().concurrency(4)
                .outageAfter(0)
                .deadLetter(producer(LETTERS))
                .onMessage(message -> {
                    calls.computeIfAbsent(message.text(), t -> new AtomicInteger())
                            .incrementAndGet();
                    throw new IllegalArgumentException("never");
                }));
        eventually("all dead letters", () -> worker.stats().deadLettered() == 30 && unsettled() == 0);
        assertThat(calls)
                .hasSize(30)
                .allSatisfy((text, count) -> assertThat(count.get()).isEqualTo(4));
        List<Message> letters = read(LETTERS, 30);
        assertThat(letters).hasSize(30).allSatisfy(letter -> {
            assertThat(letter.headers().get("pythia-dead-letter-reason")).contains("never");
            assertThat(letter.headers().get("pythia-dead-letter-exception"))
                    .isEqualTo("java.lang.IllegalArgumentException");
            assertThat(letter.headers().get("pythia-dead-letter-attempts")).isEqualTo("4");
            assertThat(letter.headers().get("pythia-dead-letter-source")).isEqualTo(TOPIC);
            assertThat(letter.headers().get("pythia-dead-letter-first-failure")).isNotNull();
            assertThat(letter.headers().get("pythia-dead-letter-time")).isNotNull();
        });
    }

    @Test
    void deadLetterOfTheWorker_isToldToTheConsumersListener() {
        List<String> told = Collections.synchronizedList(new ArrayList<>());
        BrokerListener listener = new BrokerListener() {
            @Override
            public void deadLettered(String broker, Message message, String reason) {
                told.add(broker + " " + message.text() + " " + reason);
            }
        };
        send("bad");
        Worker worker = start(Worker.from(consumer().listener(listener).build())
                .retry(RetryConfig.none())
                .deadLetter(producer(LETTERS))
                .onMessage(message -> {
                    throw new IllegalStateException("no");
                }));
        eventually("the dead letter", () -> worker.stats().deadLettered() == 1 && unsettled() == 0);
        assertThat(told).containsExactly("memory:orders bad java.lang.IllegalStateException: no");
    }

    @Test
    void withoutADeadLetterProducer_theMessageIsRejectedToTheBrokersOwn() {
        send("bad");
        start(worker().onMessage(message -> {
            throw new MessageException("can never work");
        }));
        Message letter = read(TOPIC + ".dead", 1).get(0);
        assertThat(letter.headers().get("pythia-dead-letter-reason")).contains("can never work");
    }

    @Test
    void failureThatIsNotWorthARetry_isADeadLetterAtOnce() {
        send("a", "b");
        AtomicInteger calls = new AtomicInteger();
        Worker worker = start(worker().deadLetter(producer(LETTERS))
                .retryOn(failure -> !(failure instanceof IllegalArgumentException))
                .onMessage(message -> {
                    calls.incrementAndGet();
                    if (message.text().equals("a")) {
                        throw new IllegalArgumentException("a");
                    }
                    throw new StackOverflowError("b");
                }));
        eventually("the dead letters", () -> worker.stats().deadLettered() == 2);
        assertThat(calls.get()).isEqualTo(2);
    }

    @Test
    void fiftyRoundsOfDeadLetterAndRedrive_keepTheHeadersSmall() {
        AtomicInteger rounds = new AtomicInteger();
        Worker redrive = opened(Worker.from(MemoryConsumer.builder()
                        .broker(broker)
                        .topic(LETTERS)
                        .consumerGroup("redrive")
                        .build())
                .to(producer(TOPIC))
                .transform(letter ->
                        rounds.incrementAndGet() <= 50 ? letter.toBuilder().build() : null)
                .build());
        Worker worker = start(worker().retry(RetryConfig.none())
                .outageAfter(0)
                .deadLetter(producer(LETTERS))
                .onMessage(message -> {
                    throw new IllegalStateException("x".repeat(5_000));
                }));
        redrive.start();
        send(
                1,
                i -> Message.builder()
                        .id("id-1")
                        .header("own", "kept")
                        .body("x")
                        .build());
        eventually("fifty rounds", () -> rounds.get() == 51 && worker.stats().deadLettered() == 51);
        Message letter = read(LETTERS, 51).get(50);
        int bytes = 0;
        for (Headers.Header header : letter.headers()) {
            bytes += header.name().length() + header.value().length;
        }
        assertThat(bytes).isLessThan(4_096);
        assertThat(letter.headers().get("own")).isEqualTo("kept");
        assertThat(letter.id()).isEqualTo("id-1");
    }

    @Test
    void afterTheRetriesInPlace_theMessageIsDeliveredLater_thenADeadLetter() {
        send("x");
        List<Integer> attempts = Collections.synchronizedList(new ArrayList<>());
        Worker worker = start(worker().retry(retries(1))
                .redelivery(retries(2))
                .deadLetter(producer(LETTERS))
                .onMessage(message -> {
                    attempts.add(message.attempt());
                    throw new IllegalStateException("no");
                }));
        Message letter = read(LETTERS, 1).get(0);
        assertThat(attempts).containsExactly(1, 1, 2, 2, 3, 3);
        assertThat(worker.stats().redelivered()).isEqualTo(2);
        assertThat(letter.headers().get("pythia-dead-letter-attempts")).isEqualTo("4");
    }

    @Test
    void messageThatTheDeadLettersRefuse_isLeftToTheDeadLettersOfItsConsumer() {
        send("x");
        MessageProducer letters = new ForwardingProducer(producer(LETTERS)) {
            @Override
            public CompletableFuture<SendResult> send(Message message) {
                return CompletableFuture.failedFuture(new MessageException("too large"));
            }
        };
        MemoryConsumer consumer = consumer().deadLetter(producer(LETTERS)).build();
        Worker worker = start(Worker.from(consumer)
                .retry(RetryConfig.none())
                .deadLetter(letters)
                .onMessage(message -> {
                    throw new IllegalStateException("no");
                }));
        assertThat(read(LETTERS, 1).get(0).headers().get("pythia-dead-letter-reason"))
                .contains("IllegalStateException: no")
                .contains("the dead letters refuse it")
                .contains("too large");
        eventually("settled", () -> worker.stats().deadLettered() == 1 && unsettled() == 0);
    }

    @Test
    void deadLettersThatAreAway_holdTheMessageUntilTheyAreBack() {
        send("x");
        AtomicInteger sends = new AtomicInteger();
        MessageProducer flaky = new ForwardingProducer(producer(LETTERS)) {
            @Override
            public CompletableFuture<SendResult> send(Message message) {
                return sends.incrementAndGet() <= 2
                        ? CompletableFuture.failedFuture(new BrokerConnectionException("the dead letters are away"))
                        : super.send(message);
            }
        };
        Worker worker =
                start(worker().retry(RetryConfig.none()).deadLetter(flaky).onMessage(message -> {
                    throw new IllegalStateException("no");
                }));
        assertThat(read(LETTERS, 1)).hasSize(1);
        eventually("settled", () -> worker.stats().deadLettered() == 1 && unsettled() == 0);
        assertThat(sends.get()).isEqualTo(3);
    }

    @Test
    void bodyThatCantBeDecoded_isADeadLetterWithItsRawBytes_andTheNextOneIsHandled() {
        byte[] poison = {(byte) 0xff, 1};
        send(3, i -> i == 1 ? Message.of(poison) : Message.of("m" + i));
        start(worker().deadLetter(producer(LETTERS)).onMessage(Codec.text(), (text, message) -> handled.add(text)));
        eventually("the good ones", () -> handled.size() == 2);
        List<Message> letters = read(LETTERS, 1);
        assertThat(letters).hasSize(1);
        assertThat(letters.get(0).body()).isEqualTo(poison);
        assertThat(letters.get(0).headers().get("pythia-dead-letter-reason")).contains("can't be decoded");
    }
}
