package io.pythia.cli;

import io.pythia.Message;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import io.pythia.Subscribers;
import java.time.Duration;
import java.util.function.Consumer;

/** What the demonstration shows: this code, between the marks, is printed by it. */
final class DemoWork {
    private DemoWork() {}

    // tag::demo[]
    /** Sends orders, and tells what became of each. */
    static void produce(MessageProducer producer, String id, Consumer<Message> confirmed) {
        Message order = Message.builder()
                .id(id)
                .key("customer-" + id.hashCode() % 100)
                .body("order " + id)
                .build();
        producer.send(order).thenRun(() -> confirmed.accept(order));
    }

    /** Consumes orders: what fails is tried again after a moment, what fails three times goes to the dead letters. */
    static void consume(MessageBroker consumer, Consumer<Message> handler, Consumer<Throwable> onEnd) {
        consumer.consume()
                .subscribe(Subscribers.each(
                        order -> {
                            try {
                                handler.accept(order);
                                order.ack();
                            } catch (RuntimeException e) {
                                if (order.attempt() < 3) {
                                    order.nack(Duration.ofMillis(100));
                                } else {
                                    order.reject(e.toString());
                                }
                            }
                        },
                        onEnd));
    }
    // end::demo[]
}
