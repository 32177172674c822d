package io.pythia.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.Message;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import io.pythia.SendResult;
import io.reactivex.rxjava3.core.Completable;
import io.reactivex.rxjava3.core.Flowable;
import io.reactivex.rxjava3.schedulers.Schedulers;
import java.util.concurrent.Flow;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.reactivestreams.FlowAdapters;

@Timeout(120)
class RxJavaTest {
    private final Orders orders = new Orders();
    private final MessageBroker consumer = orders.consumer();
    private final MessageProducer producer = orders.producer();

    @AfterEach
    void close() {
        orders.close();
    }

    private Completable bill(Message order) {
        return Completable.fromAction(() -> orders.bill(order)).subscribeOn(Schedulers.io());
    }

    @Test
    void flowable_billsEachOrder_alsoTheRefusedOnes() {
        orders.sendAll();

        // tag::rxjava[]
        Flowable<Message> messages = Flowable.fromPublisher(FlowAdapters.toPublisher(consumer.consume()));
        messages.flatMapCompletable(
                        order -> bill(order)
                                .doOnComplete(() -> order.ack())
                                .doOnError(failure -> order.nack())
                                .onErrorComplete(),
                        false,
                        16)
                .blockingAwait();
        // end::rxjava[]

        orders.assertAllSettled();
    }

    @Test
    void sendAll_ofAFlowable_sendsEachOrder() {
        // tag::rxjava-send[]
        Flowable<Message> messages = Flowable.range(1, 200).map(number -> Message.of("order " + number));
        Flow.Publisher<SendResult> results = producer.sendAll(FlowAdapters.toFlowPublisher(messages));
        Long sent = Flowable.fromPublisher(FlowAdapters.toPublisher(results))
                .count()
                .blockingGet();
        // end::rxjava-send[]

        assertThat(sent).isEqualTo(Orders.COUNT);
    }
}
