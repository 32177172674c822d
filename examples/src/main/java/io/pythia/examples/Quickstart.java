package io.pythia.examples;

// tag::quickstart[]
import io.pythia.*;
import java.net.URI;
import java.util.concurrent.CountDownLatch;

public final class Quickstart {
    public static void main(String[] args) throws InterruptedException {
        // Another URL, another broker: kafka://localhost:9092/orders?consumer-group=billing
        URI orders = URI.create(args.length > 0 ? args[0] : "memory:orders?consumer-group=billing");
        CountDownLatch done = new CountDownLatch(2);
        try (MessageProducer producer = Brokers.load().producer(orders);
                MessageBroker consumer = Brokers.load().consumer(orders)) {
            producer.send(Message.of("two coffees")).join(); // the broker has it now
            producer.send(Message.builder().key("table-7").body("a tea").build())
                    .join();
            consumer.consume()
                    .subscribe(Subscribers.each(
                            message -> {
                                System.out.println(message.text());
                                message.ack().thenRun(done::countDown); // until then the broker would deliver it again
                            },
                            System.err::println));
            done.await();
        }
    }
}
// end::quickstart[]
