package io.pythia.memory;

import io.pythia.BrokerConnectionException;
import io.pythia.Headers;
import io.pythia.internal.DeadLetterHeaders;
import io.pythia.spi.ReceiveDriver;
import io.pythia.spi.Received;
import io.pythia.spi.Settlement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.Condition;
import org.jspecify.annotations.Nullable;

/** One session of a consumer with the embedded broker. All of its state is guarded by the broker's lock. */
final class MemoryReceiver implements ReceiveDriver<MemoryDelivery> {
    private final String name;
    private final MemoryConsumerSettings settings;
    private final MemoryStore store;
    private final Condition wake;
    final Leases leases = new Leases();
    private final List<MemoryGroup> groups = new ArrayList<>();
    /** Null while the session lasts. */
    private @Nullable String endedBecause;
    /** Set by {@link #wakeup}; the receive that sees it returns. */
    private boolean woken;
    /** Set by a group that woke this session: others rely on its looking. */
    private boolean signalled;

    private long waitsUntil;
    /** Which group is looked at first: each has its turn. */
    private int turn;

    MemoryReceiver(String name, MemoryConsumerSettings settings) {
        this.name = name;
        this.settings = settings;
        this.store = settings.broker().store();
        this.wake = store.lock.newCondition();
    }

    @Override
    public void open() {
        store.lock.lock();
        try {
            store.requireRunning(name);
            List<MemoryTopic> topics = settings.topics().stream()
                    .map(topic -> store.use(topic, name))
                    .toList();
            for (MemoryTopic topic : topics) {
                groups.add(topic.group(settings.group(), settings.fromStart()));
            }
            groups.forEach(group -> group.join(this));
            store.add(this);
        } finally {
            store.lock.unlock();
        }
    }

    // Receiving.

    @Override
    public List<Received<MemoryDelivery>> receive(int max, Duration wait) throws InterruptedException {
        List<Received<MemoryDelivery>> received = new ArrayList<>();
        store.lock.lockInterruptibly();
        try {
            long deadline = MemoryStore.after(store.now(), wait);
            take(max, received);
            while (received.isEmpty() && !woken && store.now() < deadline) {
                await(deadline);
                take(max, received);
            }
            woken = false;
        } finally {
            signalled = false;
            groups.forEach(MemoryGroup::wakeOne);
            store.lock.unlock();
        }
        for (Received<MemoryDelivery> each : received) {
            each.receipt().copyBody();
        }
        return received;
    }

    private void take(int max, List<Received<MemoryDelivery>> received) {
        requireSession();
        long now = store.now();
        long until = settings.leaseTime().isZero() ? Leases.NEVER : MemoryStore.after(now, settings.leaseTime());
        for (int i = 0; i < groups.size(); i++) {
            MemoryGroup group = groups.get((turn + i) % groups.size());
            group.takeBackDue(now);
            while (received.size() < max) {
                MemoryDelivery delivery = group.poll();
                if (delivery == null) {
                    break;
                }
                leases.add(delivery, until);
                received.add(new Received<>(delivery, delivery, delivery.attempt, null));
            }
        }
        turn = (turn + 1) % groups.size();
    }

    /** Waits once; {@link #receive} has the loop. */
    @SuppressWarnings("WaitNotInLoop")
    private void await(long deadline) throws InterruptedException {
        signalled = false;
        waitsUntil = deadline;
        for (MemoryGroup group : groups) {
            waitsUntil = Math.min(waitsUntil, group.nextDue());
        }
        groups.forEach(group -> group.startWaiting(this));
        try {
            wake.awaitNanos(waitsUntil - store.now());
        } finally {
            groups.forEach(group -> group.stopWaiting(this));
        }
    }

    boolean isSignalled() {
        return signalled;
    }

    long waitsUntil() {
        return waitsUntil;
    }

    void signal() {
        signalled = true;
        wake.signal();
    }

    @Override
    public void wakeup() {
        store.lock.lock();
        try {
            woken = true;
            wake.signal();
        } finally {
            store.lock.unlock();
        }
    }

    // Settling.

    @Override
    public CompletableFuture<?> settle(List<? extends Settlement<MemoryDelivery>> batch) {
        store.lock.lock();
        try {
            long now = store.now();
            for (Settlement<MemoryDelivery> each : batch) {
                if (each.receipt().owner == leases) {
                    settle(each, now);
                } else {
                    each.stale();
                }
            }
            groups.forEach(MemoryGroup::wakeOne);
        } finally {
            store.lock.unlock();
        }
        return CompletableFuture.completedFuture(null);
    }

    private void settle(Settlement<MemoryDelivery> settlement, long now) {
        MemoryDelivery delivery = settlement.receipt();
        switch (settlement.outcome()) {
            case ACK -> consumed(delivery);
            case NACK -> giveBack(delivery, settlement, now);
            case REJECT -> putAside(delivery, Objects.requireNonNullElse(settlement.reason(), ""));
            case EXTEND -> leases.extend(delivery, MemoryStore.after(now, settlement.delay()));
        }
    }

    private void consumed(MemoryDelivery delivery) {
        leases.remove(delivery);
        store.consumed(delivery.group.topic, delivery.message);
    }

    private void giveBack(MemoryDelivery delivery, Settlement<MemoryDelivery> how, long now) {
        leases.remove(delivery);
        MemoryDelivery back = how.isUnseen() ? delivery.uncounted() : delivery;
        if (how.delay().isZero()) {
            back.group.takeBack(back);
        } else {
            back.group.takeBack(back, MemoryStore.after(now, how.delay()));
        }
    }

    /** What was accepted once is not refused for want of room: else a full broker of poison messages could never be emptied. */
    private void putAside(MemoryDelivery delivery, String reason) {
        MemoryTopic deadLetters = store.create(settings.deadLetterTopic(delivery.group.topic.name));
        Headers headers =
                DeadLetterHeaders.add(delivery.headers(), delivery.id(), delivery.source(), delivery.attempt, reason);
        StoredMessage deadLetter = delivery.message.deadLetter(delivery.id(), headers);
        consumed(delivery);
        store.appendAnyway(deadLetters, deadLetter);
        deadLetters.groups.values().forEach(MemoryGroup::wakeOne);
    }

    @Override
    public Duration lease() {
        return settings.leaseTime();
    }

    // The end.

    @Override
    public void ping() {
        store.lock.lock();
        try {
            store.requireRunning(name);
            requireSession();
        } finally {
            store.lock.unlock();
        }
    }

    @Override
    public Map<String, String> facts() {
        store.lock.lock();
        try {
            long waiting = groups.stream().mapToLong(g -> g.stats().waiting()).sum();
            long delayed = groups.stream().mapToLong(g -> g.stats().delayed()).sum();
            return Map.of("lag", Long.toString(waiting + delayed));
        } finally {
            store.lock.unlock();
        }
    }

    @Override
    public void close() {
        store.lock.lock();
        try {
            end("it is closed");
        } finally {
            store.lock.unlock();
        }
    }

    /** Ends the session: what it has goes back to its groups. Called with the lock held, also by the broker. */
    void end(String why) {
        if (endedBecause != null) {
            return;
        }
        endedBecause = why;
        store.remove(this);
        leases.removeAll().forEach(delivery -> delivery.group.takeBack(delivery));
        wake.signal();
        for (MemoryGroup group : groups) {
            group.leave(this);
            group.wakeOne();
        }
    }

    private void requireSession() {
        if (endedBecause != null) {
            throw new BrokerConnectionException(name + ": the session is over: " + endedBecause);
        }
    }
}
