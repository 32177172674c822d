package io.pythia.memory;

import io.pythia.BrokerConnectionException;
import io.pythia.BrokerException;
import io.pythia.MessageException;
import io.pythia.SendResult;
import io.pythia.spi.Outgoing;
import io.pythia.spi.SendDriver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** One session of a producer with the embedded broker. */
final class MemorySender implements SendDriver {
    /** How long a full broker holds up a batch: short enough for the engine, and mostly enough for a consumer to make room. */
    private static final Duration PATIENCE = Duration.ofMillis(500);

    private final String name;
    private final String topic;
    private final MemoryBroker broker;
    private final MemoryStore store;

    // Guarded by the broker's lock:
    private int epoch;
    private boolean closed;

    MemorySender(String name, String topic, MemoryBroker broker) {
        this.name = name;
        this.topic = topic;
        this.broker = broker;
        this.store = broker.store();
    }

    @Override
    public void open() {
        store.lock.lock();
        try {
            store.requireRunning(name);
            store.use(topic, name);
            epoch = store.epoch();
        } finally {
            store.lock.unlock();
        }
    }

    @Override
    public void send(List<? extends Outgoing> batch) throws InterruptedException {
        List<Outgoing> accepted = new ArrayList<>(batch.size());
        List<StoredMessage> messages = new ArrayList<>(batch.size());
        for (Outgoing each : batch) {
            BrokerException failure = broker.nextFailure();
            if (failure != null) {
                each.fail(failure);
            } else {
                accepted.add(each);
                messages.add(StoredMessage.of(each.message()));
            }
        }
        long deadline = MemoryStore.after(store.now(), PATIENCE);
        int sent = 0;
        while (sent < messages.size()) {
            int to = append(messages, sent, deadline);
            if (to == sent) {
                refuse(accepted.subList(sent, accepted.size()));
                return;
            }
            for (; sent < to; sent++) {
                Map<String, String> details = Map.of("offset", Long.toString(messages.get(sent).offset));
                accepted.get(sent)
                        .succeed(new SendResult(accepted.get(sent).message().id(), topic, details));
            }
        }
    }

    /**
     * Appends what there is room for, and waits for room for the first.
     *
     * @return the index behind the last that was appended; {@code from} if there was no room until the deadline
     */
    private int append(List<StoredMessage> messages, int from, long deadline) throws InterruptedException {
        store.lock.lockInterruptibly();
        try {
            while (true) {
                requireSession();
                MemoryTopic current = store.use(topic, name);
                int to = from;
                while (to < messages.size() && store.append(current, messages.get(to))) {
                    to++;
                }
                if (to > from) {
                    current.groups.values().forEach(MemoryGroup::wakeOne);
                    return to;
                }
                if (!store.awaitRoom(deadline)) {
                    return from;
                }
            }
        } finally {
            store.lock.unlock();
        }
    }

    private void requireSession() {
        store.requireSession(name, epoch);
        if (closed) {
            throw new BrokerConnectionException(name + ": the session is closed");
        }
    }

    /** All that follow, too: a small message must not overtake a large one. */
    private void refuse(List<Outgoing> refused) {
        MemoryConfig limits = store.config;
        MessageException full = new MessageException(
                name + ": the topic is full: the broker keeps at most " + limits.maxMessages() + " messages and "
                        + limits.maxBytes() + " bytes that some group has not consumed (MemoryConfig)",
                null,
                true);
        refused.forEach(each -> each.fail(full));
    }

    @Override
    public void ping() {
        store.lock.lock();
        try {
            requireSession();
        } finally {
            store.lock.unlock();
        }
    }

    @Override
    public void close() {
        store.lock.lock();
        try {
            closed = true;
            store.wakeSenders();
        } finally {
            store.lock.unlock();
        }
    }
}
