package io.pythia.testkit;

import io.pythia.BrokerException;
import io.pythia.BrokerListener;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** A listener that counts what became of a connection. Thread-safe. */
public final class Outages implements BrokerListener {
    private final List<BrokerException> causes = new CopyOnWriteArrayList<>();
    private final AtomicInteger restored = new AtomicInteger();
    private final AtomicInteger gaps = new AtomicInteger();

    @Override
    public void connectionLost(String broker, BrokerException cause) {
        causes.add(cause);
    }

    @Override
    public void connectionRestored(String broker, Duration outage) {
        restored.incrementAndGet();
    }

    @Override
    public void dataLoss(String broker, Gap gap) {
        gaps.incrementAndGet();
    }

    /** Returns how often the connection was lost. */
    public int lost() {
        return causes.size();
    }

    /** Returns why it was lost, oldest first. */
    public List<BrokerException> causes() {
        return List.copyOf(causes);
    }

    /** Returns how often it came back. */
    public int restored() {
        return restored.get();
    }

    /** Returns how often messages were missed without a chance to get them. */
    public int gaps() {
        return gaps.get();
    }
}
