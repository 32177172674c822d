package io.pythia.memory;

import io.pythia.BrokerConnectionException;
import io.pythia.Message;
import io.pythia.internal.DeadLetters;
import io.pythia.spi.ReceiveDriver;
import io.pythia.spi.Received;
import io.pythia.spi.Settlement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** One consumer's session with a topic. */
final class MemoryReceiver implements ReceiveDriver<MemoryDelivery> {
    private static final CompletableFuture<Void> DONE = CompletableFuture.completedFuture(null);

    private final MemoryConsumer.Builder settings;
    private @Nullable MemoryTopic topic;
    private @Nullable MemoryGroup group;
    private volatile boolean disconnected;
    private volatile boolean closed;
    private volatile boolean wokenUp;

    MemoryReceiver(MemoryConsumer.Builder settings) {
        this.settings = settings;
    }

    @Override
    public void open() {
        topic = settings.broker().topic(settings.topic());
        group = topic.join(settings.consumerGroup(), settings.fromStart(), this);
    }

    @Override
    public List<Received<MemoryDelivery>> receive(int max, Duration wait) throws InterruptedException {
        List<MemoryDelivery> taken = topic().take(Objects.requireNonNull(group), this, max, wait.toNanos());
        List<Received<MemoryDelivery>> received = new ArrayList<>(taken.size());
        for (MemoryDelivery each : taken) {
            received.add(new Received<>(each, each, each.attempt, null));
        }
        return received;
    }

    @Override
    public CompletableFuture<?> settle(List<? extends Settlement<MemoryDelivery>> batch) {
        for (Settlement<MemoryDelivery> rejected : topic().settle(Objects.requireNonNull(group), batch)) {
            putAside(rejected);
        }
        return DONE;
    }

    private void putAside(Settlement<MemoryDelivery> rejected) {
        MemoryDelivery delivery = rejected.receipt();
        Message letter = DeadLetters.letter(
                Message.received(delivery, new SettledAlready(delivery.attempt)),
                Objects.requireNonNullElse(rejected.reason(), ""));
        MemoryTopic deadLetters = settings.broker().topic(settings.deadLetterTopic());
        deadLetters.append(letter);
        deadLetters.signal();
    }

    @Override
    public void wakeup() {
        wokenUp = true;
        MemoryTopic current = topic;
        if (current != null) {
            current.signal();
        }
    }

    boolean takeWakeup() {
        boolean was = wokenUp;
        wokenUp = false;
        return was;
    }

    @Override
    public Duration lease() {
        return settings.leaseTime();
    }

    long leaseNanos() {
        return settings.leaseTime().toNanos();
    }

    @Override
    public void ping() {
        settings.broker().requireRunning();
    }

    @Override
    public Map<String, String> facts() {
        return Map.of(
                "unsettled-in-group",
                Long.toString(settings.broker().unsettled(settings.topic(), settings.consumerGroup())));
    }

    void requireOpen() {
        if (disconnected || closed) {
            throw new BrokerConnectionException(
                    "the connection to topic " + settings.topic() + " of the embedded broker is lost");
        }
    }

    /** The broker was stopped, or the topic deleted. */
    void disconnect() {
        disconnected = true;
    }

    private MemoryTopic topic() {
        return Objects.requireNonNull(topic, "the session is not open");
    }

    @Override
    public void close() {
        closed = true;
        MemoryTopic current = topic;
        MemoryGroup joined = group;
        if (current != null && joined != null) {
            current.leave(joined, this);
        }
    }
}
