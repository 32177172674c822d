package io.pythia.examples.deque;

import io.pythia.Message;
import io.pythia.spi.MessageContent;
import io.pythia.spi.ReceiveDriver;
import io.pythia.spi.Received;
import io.pythia.spi.Settlement;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

// tag::receiver[]
/** One session with a queue. What it has taken and not acknowledged goes back when it is closed. */
final class DequeReceiver implements ReceiveDriver<Message> {
    private static final long MILLIS_TO_LOOK_UP = 20;

    private final String name;
    private final BlockingDeque<Message> queue;
    private final Set<Message> unsettled = Collections.synchronizedSet(new LinkedHashSet<>());
    private volatile boolean wokenUp;

    DequeReceiver(String name) {
        this.name = name;
        this.queue = DequeProvider.queue(name);
    }

    @Override
    public void open() {}

    @Override
    public List<Received<Message>> receive(int max, Duration wait) throws InterruptedException {
        List<Received<Message>> batch = new ArrayList<>();
        long deadline = System.nanoTime() + wait.toNanos();
        while (batch.isEmpty() && !wokenUp && System.nanoTime() < deadline) {
            Message first = queue.poll(MILLIS_TO_LOOK_UP, TimeUnit.MILLISECONDS);
            for (Message next = first; next != null; next = batch.size() < max ? queue.poll() : null) {
                unsettled.add(next);
                batch.add(new Received<>(next, MessageContent.of(name, next)));
            }
        }
        wokenUp = false;
        return batch;
    }

    /** Only acknowledgements come here: the engine delivers again and keeps dead letters, since the capabilities say so. */
    @Override
    public CompletableFuture<?> settle(List<? extends Settlement<Message>> batch) {
        batch.forEach(settlement -> unsettled.remove(settlement.receipt()));
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public void wakeup() {
        wokenUp = true;
    }

    @Override
    public void ping() {}

    @Override
    public void close() {
        new ArrayDeque<>(unsettled).descendingIterator().forEachRemaining(queue::addFirst);
        unsettled.clear();
    }
}
// end::receiver[]
