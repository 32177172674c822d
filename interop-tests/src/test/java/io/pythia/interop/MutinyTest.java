package io.pythia.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.Message;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.infrastructure.Infrastructure;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class MutinyTest {
    private final Orders orders = new Orders();
    private final MessageBroker consumer = orders.consumer();
    private final MessageProducer producer = orders.producer();

    @AfterEach
    void close() {
        orders.close();
    }

    private Uni<Void> bill(Message order) {
        return Uni.createFrom()
                .voidItem()
                .emitOn(Infrastructure.getDefaultWorkerPool())
                .invoke(() -> orders.bill(order));
    }

    @Test
    void multi_billsEachOrder_alsoTheRefusedOnes() {
        orders.sendAll();

        // tag::mutiny[]
        Multi<Message> messages = Multi.createFrom().publisher(consumer.consume());
        messages.onItem()
                .transformToUni(order -> bill(order)
                        .invoke(() -> order.ack())
                        .onFailure()
                        .invoke(() -> order.nack())
                        .onFailure()
                        .recoverWithNull())
                .merge(16)
                .collect()
                .last()
                .await()
                .indefinitely();
        // end::mutiny[]

        orders.assertAllSettled();
    }

    @Test
    void sendAll_ofAMulti_sendsEachOrder() {
        // tag::mutiny-send[]
        Multi<Message> messages = Multi.createFrom().range(1, 201).map(number -> Message.of("order " + number));
        Long sent = Multi.createFrom()
                .publisher(producer.sendAll(messages))
                .collect()
                .with(Collectors.counting())
                .await()
                .indefinitely();
        // end::mutiny-send[]

        assertThat(sent).isEqualTo(Orders.COUNT);
    }
}
