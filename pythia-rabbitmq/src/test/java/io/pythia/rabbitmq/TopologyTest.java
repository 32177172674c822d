package io.pythia.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.ShutdownSignalException;
import io.pythia.BrokerException;
import io.pythia.DestinationNotFoundException;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TopologyTest {
    private final List<String> calls = new ArrayList<>();

    static Topology topology(TopologyPolicy policy) {
        return topology(policy, "x", MissingQueue.FAIL);
    }

    private static Topology topology(TopologyPolicy policy, String exchange, MissingQueue missing) {
        return new Topology(
                policy,
                "q",
                true,
                false,
                false,
                Map.of("x-max-length", 5L),
                exchange,
                ExchangeType.TOPIC,
                List.of("a.*", "b.#"),
                Map.of(),
                missing);
    }

    /** A channel that writes down what it is asked for, and fails if it is told to. */
    private Channel channel(IOException failure) {
        return (Channel) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {Channel.class}, (proxy, method, args) -> {
                    calls.add(method.getName() + "[" + args[0] + "]");
                    if (failure != null) {
                        throw failure;
                    }
                    return null;
                });
    }

    private static IOException closed(int code, String text) {
        return new IOException(new ShutdownSignalException(
                false,
                false,
                new AMQP.Channel.Close.Builder().replyCode(code).replyText(text).build(),
                null));
    }

    @Test
    void declare_makesExchangeQueueAndBindings() {
        topology(TopologyPolicy.DECLARE).apply("test", channel(null));
        assertThat(calls).containsExactly("exchangeDeclare[x]", "queueDeclare[q]", "queueBind[q]", "queueBind[q]");
    }

    @Test
    void declare_leavesTheBrokersOwnExchangesAlone() {
        topology(TopologyPolicy.DECLARE, "amq.topic", MissingQueue.FAIL).apply("test", channel(null));
        assertThat(calls).containsExactly("queueDeclare[q]", "queueBind[q]", "queueBind[q]");
    }

    @Test
    void passive_onlyLooks_andNoneDoesNothing() {
        topology(TopologyPolicy.PASSIVE).apply("test", channel(null));
        assertThat(calls).containsExactly("exchangeDeclarePassive[x]", "queueDeclarePassive[q]");
        calls.clear();
        topology(TopologyPolicy.NONE).apply("test", channel(null));
        assertThat(calls).isEmpty();
    }

    @Test
    void missingQueue_isFatalOrNot_byPolicy() {
        IOException missing = closed(404, "NOT_FOUND - no queue 'q' in vhost '/'");
        assertThatThrownBy(() -> topology(TopologyPolicy.PASSIVE).apply("test", channel(missing)))
                .isInstanceOf(DestinationNotFoundException.class)
                .hasMessageContaining("no queue 'q'");
        assertThatThrownBy(() ->
                        topology(TopologyPolicy.PASSIVE, "x", MissingQueue.WAIT).apply("test", channel(missing)))
                .isInstanceOf(BrokerException.class)
                .matches(e -> ((BrokerException) e).isRetryable());
    }

    @Test
    void whatTheBrokerCanNotDo_isFatal() {
        IOException invalid =
                closed(406, "PRECONDITION_FAILED - invalid property 'non-durable' for queue 'q' in vhost '/'");
        assertThatThrownBy(() -> topology(TopologyPolicy.DECLARE).apply("test", channel(invalid)))
                .hasMessageContaining("non-durable")
                .matches(e -> !((BrokerException) e).isRetryable());
    }

    @Test
    void mismatch_namesTheArgumentAndBothValues() {
        IOException mismatch = closed(
                406,
                "PRECONDITION_FAILED - inequivalent arg 'x-max-length' for queue 'q' in vhost '/':"
                        + " received the value '5' of type 'long' but current is none");
        assertThatThrownBy(() -> topology(TopologyPolicy.DECLARE).apply("test", channel(mismatch)))
                .hasMessageContaining("queue 'q' has another x-max-length")
                .hasMessageContaining("wanted is the value '5' of type 'long'")
                .hasMessageContaining("it exists with none")
                .matches(e -> !((BrokerException) e).isRetryable());
    }
}
