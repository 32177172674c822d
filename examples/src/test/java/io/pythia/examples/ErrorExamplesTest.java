package io.pythia.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BrokerException;
import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.MessageProducer;
import io.pythia.memory.MemoryBroker;
import io.pythia.memory.MemoryProducer;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The snippet of {@code docs/errors.md}, on the embedded broker. */
@Timeout(60)
class ErrorExamplesTest {
    private static final MessageException REFUSED = new MessageException("refused");

    private final MemoryBroker broker = new MemoryBroker();
    private final MessageProducer producer =
            MemoryProducer.builder().broker(broker).topic("orders").build();
    private final Message order = Message.of("a tea");

    @AfterEach
    void close() {
        producer.close();
    }

    @Test
    void join_ofARefusedMessage_saysToGiveUp() {
        broker.failNextSends(1, REFUSED);
        PrintStream console = System.err;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        System.setErr(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            join();
        } finally {
            System.setErr(console);
        }
        assertThat(printed.toString(StandardCharsets.UTF_8)).contains("give up: ", "refused");
    }

    private void join() {
        // tag::join[]
        try {
            producer.send(order).join();
        } catch (CompletionException e) { // of get() an ExecutionException
            boolean worthwhile = e.getCause() instanceof BrokerException failure && failure.isRetryable();
            System.err.println((worthwhile ? "try again later: " : "give up: ") + e.getCause());
        }
        // end::join[]
    }

    @Test
    void get_ofARefusedMessage_hasTheExceptionAsCause() {
        broker.failNextSends(1, REFUSED);
        assertThatThrownBy(() -> producer.send(order).get())
                .isInstanceOf(ExecutionException.class)
                .cause()
                .isInstanceOf(MessageException.class);
    }
}
