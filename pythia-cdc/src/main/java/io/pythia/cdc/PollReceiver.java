package io.pythia.cdc;

import io.pythia.BrokerException;
import io.pythia.spi.ReceiveDriver;
import io.pythia.spi.Received;
import io.pythia.spi.Settlement;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Polls. The place from which it reads ({@link PollRound}) runs ahead of the place that is stored ({@link Progress}), which moves when
 * everything before it is acknowledged.
 */
final class PollReceiver implements ReceiveDriver<ChangeRecord> {
    private static final long PAUSE_WHEN_FULL = Duration.ofMillis(20).toNanos();

    private final CdcSettings settings;
    private final Database database;
    private final Places places;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private volatile boolean wokenUp;
    private volatile boolean intakeOver;
    private volatile @Nullable Progress<PollState> progress;
    private volatile @Nullable PollRound round;
    private volatile long nextPollAt;
    private final AtomicLong polls = new AtomicLong();

    /** Only the receiving thread. */
    private List<Received<ChangeRecord>> page = List.of();

    /** How much of the page was returned already. Only the receiving thread. */
    private int taken;

    /** Only the settling thread, before that the one that opens. */
    private long savedVersion;

    PollReceiver(CdcSettings settings) {
        this.settings = settings;
        this.database = new Database(settings);
        this.places = new Places(settings, database);
    }

    @Override
    public void open() {
        database.open();
        PollRound opened = new PollRound(settings, database);
        opened.lookUpTables();
        String state = places.load();
        Progress<PollState> loaded = new Progress<>(state(state));
        opened.begin(state(state), loaded);
        if (opened.enterTables(state == null)) {
            save(loaded);
        }
        progress = loaded;
        round = opened;
        nextPollAt = System.nanoTime();
    }

    private PollState state(@Nullable String stored) {
        return stored == null ? new PollState() : places.parse(stored, PollState::read);
    }

    @Override
    public List<Received<ChangeRecord>> receive(int max, Duration wait) throws InterruptedException {
        PollRound current = Objects.requireNonNull(round);
        long deadline = System.nanoTime() + wait.toNanos();
        while (taken == page.size()) {
            long now = System.nanoTime();
            if (wokenUp || now - deadline >= 0) {
                wokenUp = false;
                return List.of();
            }
            if (now - nextPollAt < 0) {
                await(Math.min(nextPollAt, deadline) - now);
                continue;
            }
            if (Objects.requireNonNull(progress).isFull()) {
                nextPollAt = now + PAUSE_WHEN_FULL; // until the application settles the first of them
                continue;
            }
            page = current.next();
            taken = 0;
            if (current.isOver()) {
                polls.incrementAndGet();
                nextPollAt = System.nanoTime() + settings.pollInterval().toNanos();
            }
        }
        return take(max);
    }

    private List<Received<ChangeRecord>> take(int max) {
        List<Received<ChangeRecord>> whole = page;
        int from = taken;
        taken = Math.min(whole.size(), from + max);
        if (taken < whole.size()) {
            return whole.subList(from, taken);
        }
        page = List.of(); // the engine has it now, and lets go of what is settled
        taken = 0;
        return from == 0 ? whole : whole.subList(from, whole.size());
    }

    /** The next page is read while this one is with the application: one page at most waits here. */
    @Override
    public void prefetch(int max) {
        if (taken == page.size()) {
            Objects.requireNonNull(round).readAhead();
        }
    }

    private void await(long nanos) throws InterruptedException {
        lock.lock();
        try {
            for (long left = nanos; left > 0 && !wokenUp; ) {
                left = changed.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void wakeup() {
        lock.lock();
        try {
            wokenUp = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public CompletableFuture<?> settle(List<? extends Settlement<ChangeRecord>> batch) {
        Progress<PollState> current = Objects.requireNonNull(progress);
        current.acknowledge(batch);
        try {
            save(current);
            return CompletableFuture.completedFuture(null);
        } catch (BrokerException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private void save(Progress<PollState> current) {
        long version = current.version();
        if (version != savedVersion) {
            places.save(current.look(state -> state.write(Set.of())));
            savedVersion = version;
        }
    }

    @Override
    public void stopIntake() {
        intakeOver = true;
    }

    @Override
    public void ping() {
        database.ping();
    }

    @Override
    public Map<String, String> facts() {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("polls", Long.toString(polls.get()));
        facts.put("next-poll-ms", Long.toString(Math.max(0, (nextPollAt - System.nanoTime()) / 1_000_000)));
        PollRound current = round;
        if (current != null && current.heldBack() > 0) {
            facts.put("waits-for-transaction", Long.toString(current.horizon()));
        }
        return facts;
    }

    /** At an orderly end it is stored, too, what was read of late: without windows it would be read once more. */
    @Override
    public void close() {
        PollRound current = round;
        Progress<PollState> reached = progress;
        try {
            Set<String> recent =
                    intakeOver && current != null ? current.recent().acknowledged() : Set.of();
            if (reached != null && !recent.isEmpty()) {
                places.save(reached.look(state -> state.write(recent)));
            }
        } catch (BrokerException e) {
            // only that some may be delivered twice
        } finally {
            if (current != null) {
                current.close();
            }
            database.close();
        }
    }
}
