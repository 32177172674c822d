package io.pythia.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.BrokerException;
import io.pythia.BrokerListener;
import io.pythia.BrokerMetrics;
import io.pythia.retry.RetryConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What answers to pings mean for a session. */
@Timeout(120)
class PulseTest {
    private static final int MANY = 20;

    private final Pulse pulse = new Pulse(new Events("test", BrokerListener.NONE, BrokerMetrics.NONE));
    private final List<String> lost = new CopyOnWriteArrayList<>();

    private CompletableFuture<@Nullable BrokerException> ask(String session, Pulse.Ping ping) {
        return pulse.ask(ping, false, error -> lost.add(session));
    }

    private static void fail() {
        throw new BrokerException("no answer");
    }

    @Test
    void secondFailureInARow_endsTheSession() {
        assertThat(ask("a", PulseTest::fail).join()).isNotNull();
        assertThat(ask("a", () -> {}).join()).isNull();
        assertThat(ask("a", PulseTest::fail).join()).isNotNull();
        assertThat(lost).isEmpty();
        assertThat(ask("a", PulseTest::fail).join()).isNotNull();
        assertThat(lost).containsExactly("a");
    }

    @Test
    void failuresOfASessionThatIsOver_doNotCount() {
        ask("a", PulseTest::fail).join();
        ask("a", PulseTest::fail).join();
        pulse.forgetOutage();
        assertThat(ask("b", PulseTest::fail).join()).isNotNull();
        assertThat(lost).containsExactly("a");
        assertThat(ask("b", PulseTest::fail).join()).isNotNull();
        assertThat(lost).containsExactly("a", "b");
    }

    @Test
    void answerOfASessionThatIsOver_isNotWaitedFor_andDoesNotCount() throws Exception {
        CountDownLatch late = new CountDownLatch(1);
        CountDownLatch answered = new CountDownLatch(1);
        CompletableFuture<@Nullable BrokerException> old = ask("a", () -> {
            for (boolean waits = true; waits; ) {
                try {
                    late.await();
                    waits = false;
                } catch (InterruptedException e) {
                    // a client that does not care
                }
            }
            answered.countDown();
            fail();
        });
        pulse.forgetOutage();
        assertThat(old.get(60, TimeUnit.SECONDS)).isNull();
        assertThat(ask("b", PulseTest::fail).join()).isNotNull();
        late.countDown();
        ReceiveEngineFixture.await(answered);
        assertThat(ask("b", () -> {}).join()).isNull();
        assertThat(ask("b", PulseTest::fail).join()).isNotNull();
        assertThat(lost).isEmpty();
    }

    @Test
    void clientThatRecoversByItself_isLost_whenItFailsMoreOftenThanItMay() {
        assertThat(questionsUntilLost(0, PulseTest::fail)).isEqualTo(2);
        assertThat(questionsUntilLost(RetryConfig.FOREVER, PulseTest::fail)).isEqualTo(MANY);
        // Who asks often does not shorten its time.
        assertThat(questionsUntilLost(10, PulseTest::fail)).isEqualTo(MANY);
    }

    @Test
    void errorThatIsToldAgain_isNoOtherFailure() {
        BrokerException same = new BrokerException("the last poll failed");
        assertThat(questionsUntilLost(0, () -> {
                    throw same;
                }))
                .isEqualTo(MANY);
    }

    private int questionsUntilLost(int maxRetries, Pulse.Ping ping) {
        Pulse recovering = new Pulse(new Events("test", BrokerListener.NONE, BrokerMetrics.NONE), maxRetries);
        AtomicBoolean over = new AtomicBoolean();
        for (int asked = 1; asked < MANY; asked++) {
            recovering.ask(ping, true, error -> over.set(true)).join();
            if (over.get()) {
                return asked;
            }
        }
        return MANY;
    }

    @Test
    void outage_lastsUntilNoSignOfItIsLeft() {
        List<String> told = new ArrayList<>();
        BrokerListener listener = new BrokerListener() {
            @Override
            public void connectionLost(String broker, BrokerException cause) {
                told.add("lost: " + cause.getMessage());
            }

            @Override
            public void connectionRestored(String broker, Duration outage) {
                told.add("restored");
            }
        };
        Pulse two = new Pulse(new Events("test", listener, BrokerMetrics.NONE));
        two.report(Pulse.Sign.REFUSAL, new BrokerException("full"));
        two.report(Pulse.Sign.PING, null);
        two.report(Pulse.Sign.PING, new BrokerException("away"));
        two.report(Pulse.Sign.REFUSAL, null);
        assertThat(told).containsExactly("lost: full");
        two.report(Pulse.Sign.PING, null);
        two.report(Pulse.Sign.REFUSAL, null);
        assertThat(told).containsExactly("lost: full", "restored");
    }
}
