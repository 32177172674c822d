package io.pythia.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.Message;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import io.pythia.SendResult;
import java.util.concurrent.Flow;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.adapter.JdkFlowAdapter;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

@Timeout(120)
class ReactorTest {
    private final Orders orders = new Orders();
    private final MessageBroker consumer = orders.consumer();
    private final MessageProducer producer = orders.producer();

    @AfterEach
    void close() {
        orders.close();
    }

    private Mono<Void> bill(Message order) {
        return Mono.<Void>fromRunnable(() -> orders.bill(order)).subscribeOn(Schedulers.boundedElastic());
    }

    @Test
    void flux_billsEachOrder_alsoTheRefusedOnes() {
        orders.sendAll();

        // tag::reactor[]
        Flux<Message> messages = JdkFlowAdapter.flowPublisherToFlux(consumer.consume());
        messages.flatMap(
                        order -> bill(order)
                                .doOnSuccess(done -> order.ack())
                                .doOnError(failure -> order.nack())
                                .onErrorComplete(),
                        16)
                .blockLast();
        // end::reactor[]

        orders.assertAllSettled();
    }

    @Test
    void sendAll_ofAFlux_sendsEachOrder() {
        // tag::reactor-send[]
        Flux<Message> messages = Flux.range(1, 200).map(number -> Message.of("order " + number));
        Flow.Publisher<SendResult> results = producer.sendAll(JdkFlowAdapter.publisherToFlowPublisher(messages));
        Long sent = JdkFlowAdapter.flowPublisherToFlux(results).count().block();
        // end::reactor-send[]

        assertThat(sent).isEqualTo(Orders.COUNT);
    }
}
