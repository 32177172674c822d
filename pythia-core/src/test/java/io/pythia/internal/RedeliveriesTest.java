package io.pythia.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.BrokerListener;
import io.pythia.BrokerMetrics;
import io.pythia.spi.Capabilities;
import io.pythia.spi.ConsumerOptions;
import io.pythia.spi.Outcome;
import io.pythia.spi.Received;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RedeliveriesTest {
    private final ScriptedSource.Consumer consumer =
            new ScriptedSource().consumer().build();
    private final ReceiveEngine<Integer> engine = new ReceiveEngine<>(
            new Events("test", BrokerListener.NONE, BrokerMetrics.NONE),
            Capabilities.builder().build(),
            ConsumerOptions.defaults(),
            null,
            consumer::newDriver);

    private Delivery<Integer> received(Session<Integer> session, int number) {
        Received<Integer> received = new Received<>(number, new TestContent(number));
        Batch<Integer> batch = new Batch<>(engine, session, List.of(received), System.nanoTime());
        return Objects.requireNonNull(batch.items[0]);
    }

    /** One that stayed would count as one that nobody needs to wait for when the consumer drains. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void nackWhoseSessionDiesJustNow_isNotKept(boolean dies) {
        Session<Integer> session = new Session<>(consumer.newDriver());
        Delivery<Integer> delivery = received(session, 1);
        delivery.outcome = Outcome.NACK;
        if (dies) {
            session.die();
        }
        assertThat(engine.handleLocally(delivery)).isTrue();
        assertThat(engine.redeliveries.size()).isEqualTo(dies ? 0 : 1);
    }

    @Test
    void removeStale_leavesThoseOfOtherSessions() {
        Session<Integer> dead = new Session<>(consumer.newDriver());
        Session<Integer> alive = new Session<>(consumer.newDriver());
        Delivery<Integer> kept = received(alive, 2);
        engine.redeliveries.add(received(dead, 1), 0);
        engine.redeliveries.add(kept, 0);
        dead.die();
        engine.redeliveries.removeStale();
        assertThat(engine.redeliveries.size()).isEqualTo(1);
        assertThat(engine.redeliveries.poll(1)).isSameAs(kept);
    }
}
