package io.pythia.examples;

// tag::quickstart[]
import io.pythia.*;
import java.net.URI;

public final class Quickstart {
    public static void main(String[] args) throws InterruptedException {
        // Another URL, another broker: kafka://localhost:9092/orders?consumer-group=billing
        URI orders = URI.create(args.length > 0 ? args[0] : "memory:orders?consumer-group=billing");
        try (MessageProducer producer = Brokers.load().producer(orders)) {
            producer.send(Message.of("two coffees")).join(); // the broker has it now
            producer.send(Message.builder().key("table-7").body("a tea").build())
                    .join();
        }
        Worker worker = Worker.from(Brokers.load().consumer(orders))
                .concurrency(16) // so many at once,
                .ordering(Ordering.KEY) // those of one key in their order
                // what keeps failing goes to .deadLetter(producer), else where the broker puts it, else the worker ends
                .onMessage(message -> System.out.println(message.text())) // acknowledged when it returns
                .start(); // a service calls .build().run() instead: until SIGTERM, then an orderly end
        while (worker.stats().handled() < 2) {
            Thread.sleep(10);
        }
        worker.close();
    }
}
// end::quickstart[]
