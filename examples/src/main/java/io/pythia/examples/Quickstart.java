// tag::quickstart[]
package io.pythia.examples;

import io.pythia.Brokers;
import io.pythia.Message;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import java.net.URI;
import java.util.concurrent.CountDownLatch;

/** Sends two orders and consumes them. Another URL, another broker: {@code kafka://localhost:9092/orders?consumer-group=billing}. */
public final class Quickstart {
    public static void main(String[] args) throws Exception {
        URI orders = URI.create(args.length > 0 ? args[0] : "memory:orders?consumer-group=billing");
        CountDownLatch done = new CountDownLatch(2);
        try (MessageProducer producer = Brokers.load().producer(orders);
                MessageBroker consumer = Brokers.load().consumer(orders)) {
            producer.send(Message.of("two coffees")).join();
            producer.send(Message.builder().key("table-7").body("a tea").build()).join();
            consumer.consume().subscribe(new EachMessage(message -> {
                System.out.println(message.text());
                message.ack();
                done.countDown();
            }));
            done.await();
        }
    }
}
// end::quickstart[]
