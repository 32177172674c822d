package io.pythia;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;

/** A producer that does what another one does, until a test overrides something. */
class ForwardingProducer implements MessageProducer {
    private final MessageProducer target;

    ForwardingProducer(MessageProducer target) {
        this.target = target;
    }

    @Override
    public String name() {
        return target.name();
    }

    @Override
    public CompletableFuture<Void> connect() {
        return target.connect();
    }

    @Override
    public CompletableFuture<SendResult> send(Message message) {
        return target.send(message);
    }

    @Override
    public CompletableFuture<List<SendResult>> sendBatch(List<Message> messages) {
        return target.sendBatch(messages);
    }

    @Override
    public Flow.Publisher<SendResult> sendAll(Flow.Publisher<Message> messages) {
        return target.sendAll(messages);
    }

    @Override
    public CompletableFuture<Void> flush() {
        return target.flush();
    }

    @Override
    public CompletableFuture<Health> healthCheck() {
        return target.healthCheck();
    }

    @Override
    public CompletableFuture<Void> disconnect() {
        return target.disconnect();
    }

    @Override
    public void close() {
        target.close();
    }
}
