package io.pythia.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.BrokerException;
import io.pythia.BrokerListener;
import io.pythia.Message;
import io.pythia.MessageProducer;
import io.pythia.RejectPolicy;
import io.pythia.SendResult;
import io.pythia.Settled;
import io.pythia.internal.ScriptedSource.Collector;
import io.pythia.internal.ScriptedSource.Consumer;
import io.pythia.memory.MemoryBroker;
import io.pythia.memory.MemoryProducer;
import io.pythia.spi.Capabilities;
import io.pythia.spi.Capabilities.Support;
import io.pythia.spi.Outcome;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A listener, or a producer of dead letters, that waits for another message to be settled: with a lock of its own, say. */
@Timeout(120)
class ReceiveListenerTest extends ReceiveEngineFixture {
    private final CountDownLatch told = new CountDownLatch(1);
    private final CountDownLatch settled = new CountDownLatch(1);

    /** What a listener is told of, and how it comes to that. */
    private enum Event {
        REDELIVERED_HERE(Support.ENGINE, Message::nack),
        REDELIVERED_BY_THE_BROKER(Support.BROKER, Message::nack),
        DEAD_LETTERED_BY_THE_BROKER(Support.BROKER, message -> message.reject("bad")),
        DROPPED(Support.ENGINE, message -> message.reject("bad")),
        SETTLE_FAILED(Support.ENGINE, Message::ack);

        final Support support;
        final java.util.function.Consumer<Message> outcome;

        Event(Support support, java.util.function.Consumer<Message> outcome) {
            this.support = support;
            this.outcome = outcome;
        }
    }

    /** Waits at each event. */
    private final BrokerListener waiting = new BrokerListener() {
        private void waitForTheOther() {
            told.countDown();
            await(settled);
        }

        @Override
        public void redelivered(String broker, Message message) {
            waitForTheOther();
        }

        @Override
        public void deadLettered(String broker, Message message, String reason) {
            waitForTheOther();
        }

        @Override
        public void dropped(String broker, Message message, String reason) {
            waitForTheOther();
        }

        @Override
        public void settleFailed(String broker, Message message, Throwable cause) {
            waitForTheOther();
        }
    };

    private void settleTheOtherMeanwhile(Consumer.Builder builder, java.util.function.Consumer<Message> outcome)
            throws Exception {
        source.add(0, 2);
        try (Consumer consumer = builder.build()) {
            Collector collector = new Collector(2, message -> {});
            consumer.consume().subscribe(collector);
            eventually().until(() -> collector.messages.size() == 2);
            outcome.accept(collector.messages.get(0));
            told.await();
            assertThat(collector.messages.get(1).ack().get(30, TimeUnit.SECONDS))
                    .isEqualTo(Settled.DONE);
            settled.countDown();
        } finally {
            settled.countDown();
        }
    }

    @ParameterizedTest
    @EnumSource(Event.class)
    void listenerThatWaits_holdsUpNoSettling(Event event) throws Exception {
        source.onSettle = batch -> {
            if (event == Event.SETTLE_FAILED) {
                batch.stream().filter(s -> s.receipt() == 0).forEach(s -> s.fail(new BrokerException("refused")));
            }
            return CompletableFuture.completedFuture(null);
        };
        Capabilities capabilities = Capabilities.builder()
                .nack(event.support)
                .deadLetter(event.support)
                .build();
        settleTheOtherMeanwhile(
                builder().capabilities(capabilities).onReject(RejectPolicy.DROP).listener(waiting), event.outcome);
    }

    @Test
    void producerOfDeadLettersThatWaits_holdsUpNoSettling() throws Exception {
        MessageProducer slow = (MessageProducer) Proxy.newProxyInstance(
                MessageProducer.class.getClassLoader(),
                new Class<?>[] {MessageProducer.class},
                (self, method, args) -> {
                    if (method.getName().equals("send")) {
                        told.countDown();
                        await(settled);
                        return CompletableFuture.completedFuture(new SendResult("0", "dead", Map.of()));
                    }
                    return null;
                });
        settleTheOtherMeanwhile(
                builder().closeTimeout(Duration.ofSeconds(60)).deadLetter(slow), message -> message.reject("bad"));
        assertThat(source.acknowledged()).containsExactlyInAnyOrder(0, 1);
    }

    @Test
    void listenerThatNeverReturns_hasABoundedNumberWaitForIt_andTheOthersAreLeftOut() {
        int limit = 10_000;
        AtomicInteger heard = new AtomicInteger();
        BrokerListener slow = new BrokerListener() {
            @Override
            public void dropped(String broker, Message message, String reason) {
                heard.incrementAndGet();
                await(settled);
            }
        };
        source.add(0, limit + 100);
        try (Consumer consumer = builder()
                .closeTimeout(Duration.ofSeconds(60))
                .onReject(RejectPolicy.DROP)
                .listener(slow)
                .build()) {
            consumer.consume().subscribe(new Collector(Long.MAX_VALUE, message -> message.reject("bad")));
            eventually().until(() -> source.acknowledged().size() == limit + 100);
            settled.countDown();
        }
        assertThat(heard).hasValue(limit);
    }

    @Test
    void manyDeadLetters_areAllSent_andAcknowledged() {
        source.add(0, 1_000);
        try (MemoryProducer letters = MemoryProducer.builder()
                        .broker(new MemoryBroker())
                        .topic("dead")
                        .build();
                Consumer consumer = builder()
                        .closeTimeout(Duration.ofSeconds(60))
                        .deadLetter(letters)
                        .listener(waiting)
                        .build()) {
            settled.countDown();
            consumer.consume().subscribe(new Collector(Long.MAX_VALUE, message -> message.reject("bad")));
            eventually().until(() -> source.acknowledged().size() == 1_000);
        }
        assertThat(source.settled).extracting(ScriptedSource.Settling::outcome).containsOnly(Outcome.ACK);
    }
}
