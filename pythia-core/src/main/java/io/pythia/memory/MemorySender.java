package io.pythia.memory;

import io.pythia.BrokerException;
import io.pythia.SendResult;
import io.pythia.spi.Outgoing;
import io.pythia.spi.SendDriver;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** One producer's session with a topic. */
final class MemorySender implements SendDriver {
    private final MemoryBroker broker;
    private final String name;
    private @Nullable MemoryTopic topic;

    MemorySender(MemoryBroker broker, String name) {
        this.broker = broker;
        this.name = name;
    }

    @Override
    public void open() {
        topic = broker.topic(name);
    }

    @Override
    public void send(List<? extends Outgoing> batch) {
        broker.requireRunning();
        MemoryTopic current = Objects.requireNonNull(topic, "the session is not open");
        if (current.isDeleted()) {
            current = broker.topic(name);
            topic = current;
        }
        for (Outgoing each : batch) {
            try {
                long offset = current.append(each.message());
                each.succeed(new SendResult(each.message().id(), name, Map.of("offset", Long.toString(offset))));
            } catch (BrokerException e) {
                each.fail(e);
            }
        }
        current.signal();
    }

    @Override
    public void ping() {
        broker.requireRunning();
    }

    @Override
    public void close() {}
}
