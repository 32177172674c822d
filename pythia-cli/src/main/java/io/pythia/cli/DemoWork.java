package io.pythia.cli;

import io.pythia.Handler;
import io.pythia.Message;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import io.pythia.Ordering;
import io.pythia.Worker;
import io.pythia.retry.RetryConfig;
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

    /** Handles orders, four at a time, each customer's in their order: what fails is tried again, twice, then put aside. */
    static Worker work(MessageBroker consumer, MessageProducer deadLetters, Handler handler) {
        return Worker.from(consumer)
                .concurrency(4)
                .ordering(Ordering.KEY)
                .retry(new RetryConfig(2, Duration.ofMillis(50), Duration.ofSeconds(1), true, true))
                .deadLetter(deadLetters)
                .onMessage(handler)
                .start();
    }
    // end::demo[]
}
