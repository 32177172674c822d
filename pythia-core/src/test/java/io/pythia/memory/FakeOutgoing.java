package io.pythia.memory;

import io.pythia.BrokerException;
import io.pythia.Message;
import io.pythia.SendResult;
import io.pythia.spi.Outgoing;
import org.jspecify.annotations.Nullable;

/** What the engine hands to the driver, for one message. */
final class FakeOutgoing implements Outgoing {
    private final Message message;
    volatile @Nullable SendResult result;
    volatile @Nullable BrokerException error;

    FakeOutgoing(String body) {
        this.message = Message.of(body);
    }

    @Override
    public Message message() {
        return message;
    }

    @Override
    public void succeed(SendResult sent) {
        result = sent;
    }

    @Override
    public void fail(BrokerException failure) {
        error = failure;
    }
}
