package io.pythia.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.pythia.BrokerConnectionException;
import io.pythia.BrokerException;
import io.pythia.FirstRun;
import io.pythia.http.Extraction.Extracted;
import io.pythia.http.Fetcher.Fetched;
import io.pythia.http.PollCursor.Validators;
import io.pythia.internal.Hashes;
import io.pythia.spi.ReceiveDriver;
import io.pythia.spi.Received;
import io.pythia.spi.Settlement;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import okhttp3.HttpUrl;
import org.jspecify.annotations.Nullable;

/**
 * Polls. The place from which it fetches runs ahead of the place that is stored, which {@link PollProgress} moves when everything before it
 * is acknowledged. An answer that fails does not end the session, since there is no connection that could be lost: the
 * {@link PollSchedule} says when the next request is due.
 */
final class PollerReceiver implements ReceiveDriver<PolledMessage> {
    private static final int NOT_MODIFIED = 304;
    private static final int FORBIDDEN = 403;
    private static final Set<Integer> PAGE_IS_LOST = Set.of(400, 404, 410, 422);

    private final PollSettings settings;
    private final PollSchedule schedule;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final AtomicReference<@Nullable Runnable> arrived = new AtomicReference<>();
    private volatile @Nullable Fetcher fetcher;
    private volatile @Nullable PollProgress progress;
    private volatile @Nullable BrokerException lastError;
    private volatile boolean wokenUp;
    private volatile boolean fetchingHere;
    private volatile boolean closed;
    private volatile boolean waitsForAcks;
    private final AtomicLong polls = new AtomicLong();

    // Only the receiving thread, before that the one that opens:
    private final ArrayDeque<Received<PolledMessage>> buffer = new ArrayDeque<>();
    private PollCursor cursor = PollCursor.START;
    private boolean firstRun;
    private boolean fetchingElsewhere;
    private int pagesInARow;
    /** Whether the last round ended at a page that was lost. */
    private boolean brokenOff;

    /** Only the settling thread, before that the one that opens. */
    private long savedVersion = -1;

    PollerReceiver(PollSettings settings, PollSchedule schedule) {
        this.settings = settings;
        this.schedule = schedule;
    }

    /** Loads the place, and makes the first request: what is wrong with address, credentials or answer is said at once. */
    @Override
    public void open() throws InterruptedException {
        PollProgress loaded = load();
        cursor = loaded.stored();
        progress = loaded;
        long throttled = schedule.throttledFor(System.nanoTime());
        if (throttled > 0) {
            throw new BrokerConnectionException(settings.name() + ": the server wants no requests for another "
                    + (Duration.ofNanos(throttled).toSeconds() + 1) + " s");
        }
        Fetcher opened = new Fetcher(settings, () -> fetchingHere && wokenUp);
        fetcher = opened;
        try {
            do {
                awaitRateLimit();
                long startedAt = System.nanoTime();
                handle(fetchFirst(opened), startedAt);
                // All that is there now must be passed over before anybody may rely on getting what comes.
            } while (firstRun && settings.firstRun() == FirstRun.ONLY_NEW && lastError == null);
        } catch (IOException | RuntimeException e) {
            throw failed(e);
        }
        BrokerException error = lastError;
        if (error != null) {
            throw error;
        }
        schedule.connected();
        if (loaded.version() > 0) {
            save(loaded); // that the first run has been; else what comes next would be taken for old
        }
    }

    /** What names a page of a round that an earlier session began may be too old by now: then the round begins anew. */
    private Fetched fetchFirst(Fetcher opened) throws IOException, InterruptedException {
        Fetched fetched = opened.fetch(url(), known());
        if (!firstRun && cursor.page() != null && PAGE_IS_LOST.contains(fetched.status())) {
            cursor = cursor.roundBrokenOff(Validators.NONE);
            awaitRateLimit();
            fetched = opened.fetch(url(), known());
        }
        return fetched;
    }

    /** The first requests count, too: a limit may be one that several pollers of a host share. */
    private void awaitRateLimit() throws InterruptedException {
        lock.lock();
        try {
            for (long wait = schedule.limitedFor(System.nanoTime());
                    wait > 0 && !closed;
                    wait = schedule.limitedFor(System.nanoTime())) {
                if (wait > settings.connectTimeout().toNanos()) {
                    throw new BrokerConnectionException(
                            settings.name() + ": its rate limit allows no request for another "
                                    + (Duration.ofNanos(wait).toSeconds() + 1) + " s, longer than connectTimeout");
                }
                changed.awaitNanos(wait);
            }
        } finally {
            lock.unlock();
        }
    }

    private PollProgress load() {
        try {
            String state = settings.store().load(settings.stateKey());
            firstRun = state == null;
            return PollProgress.read(state, settings.dedupWindow());
        } catch (JsonProcessingException e) {
            throw new BrokerException(settings.name() + ": what the state store has under \"" + settings.stateKey()
                    + "\" is none of ours; delete it to begin anew");
        } catch (IOException e) {
            throw new BrokerConnectionException(settings.name() + ": the state store could not be read", e);
        } catch (RuntimeException e) {
            throw new BrokerException(settings.name() + ": the state store failed", e, true);
        }
    }

    private HttpUrl url() {
        return settings.pagination().url(settings.url(), cursor);
    }

    /** Within a round nothing is known of a page; only the first can be the same as before. */
    private Validators known() {
        return cursor.page() == null && settings.isConditional() ? cursor.known() : Validators.NONE;
    }

    @Override
    public List<Received<PolledMessage>> receive(int max, Duration wait) throws InterruptedException {
        long deadline = System.nanoTime() + wait.toNanos();
        while (true) {
            Runnable answer = arrived.getAndSet(null);
            if (answer != null) {
                fetchingElsewhere = false;
                answer.run();
            }
            if (!buffer.isEmpty()) {
                return take(max);
            }
            long left = deadline - System.nanoTime();
            if (wokenUp || left <= 0) {
                wokenUp = false;
                return List.of();
            }
            long due = fetchingElsewhere || mustWaitForAcks() ? left : schedule.dueIn(System.nanoTime());
            if (due <= 0) {
                due = schedule.tryAcquire(System.nanoTime());
            }
            if (due <= 0) {
                poll();
            } else {
                await(Math.min(left, due));
            }
        }
    }

    /** What is acknowledged behind a gap is kept and stored, so it has a limit: then the poller waits for what is unsettled. */
    private boolean mustWaitForAcks() {
        waitsForAcks = true; // before the look: settle acknowledges before it looks at this
        waitsForAcks = isFarAhead();
        return waitsForAcks;
    }

    private boolean isFarAhead() {
        return Objects.requireNonNull(progress).ackedBeyond() >= settings.maxAhead();
    }

    private List<Received<PolledMessage>> take(int max) {
        List<Received<PolledMessage>> batch = new ArrayList<>(Math.min(max, buffer.size()));
        while (batch.size() < max && !buffer.isEmpty()) {
            batch.add(buffer.remove());
        }
        return batch;
    }

    private void await(long nanos) throws InterruptedException {
        lock.lock();
        try {
            for (long left = nanos; left > 0 && !hasNews(); ) {
                left = changed.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }

    private boolean hasNews() {
        return wokenUp || arrived.get() != null || (waitsForAcks && !isFarAhead());
    }

    private void signal() {
        lock.lock();
        try {
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Makes a request. On this thread if nothing is with the application: then the engine wakes us only to stop, and the request is broken
     * off. Else on another, since a message may have to be delivered again while the server takes its time.
     */
    private void poll() {
        Fetcher open = Objects.requireNonNull(fetcher);
        long startedAt = System.nanoTime();
        if (Objects.requireNonNull(progress).open() == 0) {
            fetchingHere = true;
            try {
                if (!wokenUp) {
                    handle(open.fetch(url(), known()), startedAt);
                } else {
                    schedule.abandoned();
                }
            } catch (IOException | RuntimeException e) {
                failedWhileRunning(e);
            } finally {
                fetchingHere = false;
            }
        } else {
            fetchingElsewhere = true;
            open.fetch(
                    url(),
                    known(),
                    fetched -> arrive(() -> handleWhileRunning(fetched, startedAt)),
                    error -> arrive(() -> failedWhileRunning(error)));
        }
    }

    private void arrive(Runnable answer) {
        arrived.set(answer);
        signal();
    }

    private void handleWhileRunning(Fetched fetched, long startedAt) {
        try {
            handle(fetched, startedAt);
        } catch (RuntimeException e) {
            failedWhileRunning(e);
        }
    }

    private void failedWhileRunning(Throwable error) {
        if (wokenUp || closed) {
            schedule.abandoned();
            return;
        }
        if (error instanceof Error fatal) {
            throw fatal;
        }
        BrokerException translated = failed(error);
        if (!translated.isRetryable()) {
            throw translated;
        }
    }

    private BrokerException failed(Throwable error) {
        BrokerException translated = HttpErrors.translate(doing(), error);
        if (lastError != translated) {
            schedule.failed(System.nanoTime(), null);
            lastError = translated;
        }
        return translated;
    }

    private String doing() {
        return settings.name() + ": polling";
    }

    private void handle(Fetched fetched, long startedAt) {
        polls.incrementAndGet();
        if (fetched.status() == NOT_MODIFIED) {
            succeeded(startedAt, false, fetched);
        } else if (!fetched.head().isSuccessful()) {
            refused(fetched);
        } else if (isSame(fetched)) {
            succeeded(startedAt, false, fetched);
        } else {
            boolean more = enter(fetched);
            succeeded(startedAt, more, fetched);
        }
    }

    /** A server without validators, or one that ignores them, sends the same once more. */
    private boolean isSame(Fetched fetched) {
        String hash = known().hash();
        return hash != null && hash.equals(fetched.validators().hash());
    }

    private void succeeded(long startedAt, boolean more, Fetched fetched) {
        lastError = null;
        if (!more) {
            brokenOff = false;
            firstRun = false;
            pagesInARow = 0;
            Objects.requireNonNull(progress).forgetRestored();
        }
        boolean goOn = more && ++pagesInARow < settings.maxPages();
        if (!goOn) {
            pagesInARow = 0;
        }
        schedule.succeeded(startedAt, System.nanoTime(), goOn, maxAge(fetched));
    }

    private static @Nullable Duration maxAge(Fetched fetched) {
        int seconds = fetched.head().cacheControl().maxAgeSeconds();
        return seconds < 0 ? null : Duration.ofSeconds(seconds);
    }

    private void refused(Fetched fetched) {
        Duration pause = RetryAfter.parse(
                fetched.head().header(HttpClients.RETRY_AFTER), Instant.now(), settings.maxRetryAfter());
        BrokerException error = fetched.status() == FORBIDDEN && pause != null
                ? new BrokerException(doing() + ": the server answered 403 and wants fewer requests", null, true)
                : HttpErrors.translate(
                        doing() + (cursor.position() == null ? "" : " from a stored place"), fetched.status());
        schedule.failed(System.nanoTime(), pause);
        lastError = error;
        if (error.isRetryable()) {
            return;
        }
        if (cursor.page() == null || brokenOff || !PAGE_IS_LOST.contains(fetched.status())) {
            throw error;
        }
        brokenOff = true;
        cursor = cursor.roundBrokenOff(Validators.NONE);
    }

    /** Makes messages of an answer, and returns whether to go on at once. */
    private boolean enter(Fetched fetched) {
        List<Extracted> items = settings.extraction().apply(fetched.response(), settings.pointers());
        Pagination.Page page = new Pagination.Page(fetched.url(), fetched.response(), items, fetched.validators());
        Pagination.Step step = settings.pagination().next(settings.url(), cursor, page);
        PollProgress current = Objects.requireNonNull(progress);
        PollProgress.OpenPage open = new PollProgress.OpenPage(step.cursor());
        boolean skipAll = firstRun && settings.firstRun() == FirstRun.ONLY_NEW;
        Instant now = Instant.now();
        for (int i = 0; i < items.size(); i++) {
            Extracted item = items.get(i);
            String fingerprint = fingerprint(fetched, item, i);
            boolean hasId = item.item().id() != null;
            if (skipAll || current.isKnown(fingerprint)) {
                current.skip(open, fingerprint, hasId);
            } else {
                PolledMessage message =
                        new PolledMessage(fingerprint, open, settings.source(), item.item(), now, fetched.head());
                current.deliver(message);
                buffer.add(new Received<>(message, message, 1, item.poison()));
            }
        }
        current.add(open);
        cursor = step.cursor();
        return step.more();
    }

    /** An item without an id is recognized only in the same answer to the same request. */
    private static String fingerprint(Fetched fetched, Extracted item, int index) {
        String id = item.item().id();
        if (id != null) {
            return Hashes.of(id);
        }
        return Hashes.of(
                (fetched.url() + "\n" + fetched.validators().hash() + "\n" + index).getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public CompletableFuture<?> settle(List<? extends Settlement<PolledMessage>> batch) {
        PollProgress current = Objects.requireNonNull(progress);
        batch.forEach(settlement -> current.ack(settlement.receipt()));
        if (waitsForAcks) {
            signal();
        }
        try {
            save(current);
            return CompletableFuture.completedFuture(null);
        } catch (BrokerException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private void save(PollProgress current) {
        long version = current.version();
        if (version == savedVersion) {
            return;
        }
        try {
            settings.store().save(settings.stateKey(), current.write());
            savedVersion = version;
        } catch (IOException e) {
            throw new BrokerConnectionException(settings.name() + ": the state store could not be written", e);
        } catch (RuntimeException e) {
            throw new BrokerException(settings.name() + ": the state store failed", e, true);
        }
    }

    @Override
    public void wakeup() {
        wokenUp = true;
        Fetcher open = fetcher;
        if (fetchingHere && open != null) {
            open.cancel();
        }
        signal();
    }

    /** There is no connection to lose, and the place is kept: what is with the application stays valid over any outage. */
    @Override
    public boolean recoversByItself() {
        return true;
    }

    /** Asks no server: each poll is a sign of life, and the poll interval the heart beat. */
    @Override
    public void ping() throws BrokerException {
        BrokerException error = lastError;
        if (error != null) {
            throw error;
        }
    }

    @Override
    public Map<String, String> facts() {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("polls", Long.toString(polls.get()));
        facts.put(
                "next-poll-ms",
                Long.toString(Math.max(
                        0, Duration.ofNanos(schedule.dueIn(System.nanoTime())).toMillis())));
        return facts;
    }

    @Override
    public void close() {
        closed = true;
        Fetcher open = fetcher;
        if (open != null) {
            open.close();
        }
        signal();
    }
}
