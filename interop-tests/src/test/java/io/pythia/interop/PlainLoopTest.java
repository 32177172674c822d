package io.pythia.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.BlockingMessages;
import io.pythia.Message;
import io.pythia.MessageBroker;
import io.pythia.Messages;
import io.pythia.interop.Orders.TillClosedException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class PlainLoopTest {
    private final Orders orders = new Orders();
    private final MessageBroker consumer = orders.consumer();

    @AfterEach
    void close() {
        orders.close();
    }

    private void bill(Message order) {
        orders.bill(order);
    }

    @Test
    void loop_billsEachOrder_alsoTheRefusedOnes() {
        orders.sendAll();

        // tag::loop[]
        try (BlockingMessages messages = Messages.blocking(consumer.consume(), 16)) {
            for (Message order : messages) {
                try {
                    bill(order);
                    order.ack();
                } catch (TillClosedException e) {
                    order.nack();
                }
            }
        }
        // end::loop[]

        orders.assertAllSettled();
    }

    @Test
    void stream_ofTheFirstThree_leavesTheRest() {
        orders.sendAll();

        // tag::stream[]
        try (BlockingMessages messages = Messages.blocking(consumer.consume(), 1)) {
            messages.stream().limit(3).forEach(order -> {
                bill(order);
                order.ack();
            });
        }
        // end::stream[]

        assertThat(orders.billed()).containsExactlyInAnyOrder("order 1", "order 2", "order 3");
    }
}
