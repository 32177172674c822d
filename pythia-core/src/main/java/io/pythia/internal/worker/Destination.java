package io.pythia.internal.worker;

import io.pythia.Message;
import io.pythia.MessageProducer;
import io.pythia.SendResult;
import io.pythia.internal.Causes;
import java.util.concurrent.CompletableFuture;

/** Where messages are sent on. Thread-safe. */
final class Destination {
    private final WorkerEngine engine;
    private final MessageProducer to;

    Destination(WorkerEngine engine, MessageProducer to) {
        this.engine = engine;
        this.to = to;
    }

    /** Sends on what the handler made of a message, which is done with when that is confirmed. */
    void send(Task task, Message next) {
        boolean awaited = engine.outage().sending();
        CompletableFuture<SendResult> sent;
        try {
            sent = to.send(next == task.message ? next.toBuilder().build() : next);
        } catch (RuntimeException e) {
            sent = CompletableFuture.failedFuture(e);
        }
        sent.whenComplete((result, error) -> {
            if (error == null) {
                engine.done(task);
            } else {
                engine.failed(task, Causes.of(error));
            }
            if (awaited) {
                engine.outage().answered();
            }
        });
    }
}
