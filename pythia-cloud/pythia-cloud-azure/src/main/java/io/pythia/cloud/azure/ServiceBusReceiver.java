package io.pythia.cloud.azure;

import com.azure.messaging.servicebus.ServiceBusReceivedMessage;
import com.azure.messaging.servicebus.ServiceBusReceiverAsyncClient;
import com.azure.messaging.servicebus.models.ServiceBusMessageState;
import io.pythia.BrokerConnectionException;
import io.pythia.BrokerException;
import io.pythia.spi.ReceiveDriver;
import io.pythia.spi.Received;
import io.pythia.spi.Settlement;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Receives from a queue, a subscription, or sessions of one, with peek-lock, on a connection of its own. */
final class ServiceBusReceiver implements ReceiveDriver<ServiceBusRecord> {
    private static final Duration PING_LIMIT = Duration.ofSeconds(4);
    private static final Duration GIVE_BACK_LIMIT = Duration.ofSeconds(3);
    private static final long SHORTEST_LOCK = Duration.ofMillis(500).toNanos();
    private static final long RECENT = Duration.ofSeconds(15).toNanos();
    private static final int PEEKED = 32;

    private final ServiceBusConsumerSettings settings;
    private final ServiceBusInbox inbox = new ServiceBusInbox();
    /** What came and is neither settled nor back. */
    private final Set<ServiceBusRecord> held = ConcurrentHashMap.newKeySet();

    private final ServiceBusSettler settler;
    private final AtomicLong expired = new AtomicLong();
    private volatile @Nullable ServiceBusReceiverAsyncClient client;
    private volatile @Nullable ServiceBusLink link;
    private volatile @Nullable ServiceBusSessions sessions;
    private volatile long answeredAt = System.nanoTime();
    /** The longest time between the arrival of a message and the end of its lock that was seen, 0 before the first. */
    private volatile long lockSeen;

    ServiceBusReceiver(ServiceBusConsumerSettings settings) {
        this.settings = settings;
        this.settler = new ServiceBusSettler(settings.name(), settings.entity().path(), this::forget);
    }

    @Override
    public void open() throws InterruptedException {
        ServiceBusClients clients = new ServiceBusClients(settings.config());
        ServiceBusReceiverAsyncClient opened = clients.receiver(settings.entity());
        client = opened;
        // Checks address, credentials and name: the link itself gives no answer.
        Answers.await(
                settings.name() + ": connecting to " + settings.entity().path(),
                ServiceBusClients.opening(opened.peekMessage(0), settings.config()),
                settings.config().timeout());
        answeredAt = System.nanoTime();
        settings.silence().begins();
        if (settings.sessions() > 0) {
            sessions = new ServiceBusSessions(settings, clients.sessions(settings.entity()), this);
        } else {
            ServiceBusLink one = new ServiceBusLink(opened, settings.entity().path(), this::arrived, this::ended);
            link = one;
            one.start();
        }
    }

    /** Takes a message; returns false if it must go back. */
    boolean arrived(ServiceBusRecord record) {
        answeredAt = System.nanoTime();
        OffsetDateTime until = record.message().getLockedUntil();
        if (until != null) {
            boolean first = lockSeen == 0;
            lockedUntil(until);
            if (first && !record.link().isOfSession()) {
                record.link()
                        .whileItLasts(
                                Renewals.each(this::lease, this::renewWaiting).subscribe());
            }
        }
        held.add(record);
        if (inbox.put(record)) {
            return true;
        }
        held.remove(record);
        return false;
    }

    /** Learns from the end of a lock for how long locks last. */
    void lockedUntil(OffsetDateTime end) {
        long seen = Duration.between(Instant.now(), end.toInstant()).toNanos();
        if (seen >= SHORTEST_LOCK && seen > lockSeen) {
            lockSeen = seen;
        }
    }

    /** Returns whether nothing that came by a link is unsettled, or some of that is not for too long. */
    boolean isWithinMaxLease(ServiceBusLink link) {
        long now = System.nanoTime();
        List<ServiceBusRecord> unsettled =
                held.stream().filter(record -> record.link() == link).toList();
        return unsettled.isEmpty() || unsettled.stream().anyMatch(record -> isWithinMaxLease(record, now));
    }

    /** Renews the locks of what waits here, since the application holds up the engine. */
    private Mono<Void> renewWaiting() {
        long now = System.nanoTime();
        long third = lease().toNanos() / 3;
        return Flux.fromIterable(inbox.waiting())
                .filter(record -> record.nanosLocked(now) >= third && isWithinMaxLease(record, now))
                .flatMap(record -> renewal(record, now))
                .then();
    }

    private Mono<OffsetDateTime> renewal(ServiceBusRecord record, long now) {
        return record.link()
                .receiver()
                .renewMessageLock(record.message())
                .doOnNext(until -> {
                    record.renewed(now);
                    lockedUntil(until);
                })
                .onErrorComplete();
    }

    private boolean isWithinMaxLease(ServiceBusRecord record, long now) {
        return Duration.ofNanos(record.nanosHere(now)).compareTo(settings.maxLease()) < 0;
    }

    private void ended(ServiceBusLink which, @Nullable Throwable error) {
        fail(error == null ? new BrokerConnectionException("the broker has closed the link") : error);
    }

    /** Ends the session with the service. */
    void fail(Throwable error) {
        inbox.fail(AzureErrors.translate(
                settings.name() + ": receiving from " + settings.entity().path(), error));
    }

    @Override
    public List<Received<ServiceBusRecord>> receive(int max, Duration wait) throws InterruptedException {
        long now = System.nanoTime();
        int wanted = Math.max(max, settings.prefetchCount()) - inbox.size();
        ServiceBusSessions some = sessions;
        if (some != null) {
            some.want(wanted);
        } else if (link != null) {
            Objects.requireNonNull(link).want(wanted);
        }
        Duration limit = wait.compareTo(settings.maxWaitTime()) < 0 ? wait : settings.maxWaitTime();
        List<ServiceBusRecord> records = inbox.take(max, limit);
        if (records.isEmpty()) {
            settings.silence().waited(System.nanoTime() - now);
            return List.of();
        }
        settings.silence().received();
        if (some != null) {
            some.want(wanted - records.size()); // a session that comes later delivers nothing that nobody wants
        }
        return live(records);
    }

    /**
     * Drops what has waited here for longer than its lock, or has lost its session: somebody else has it by now. The engine takes locks to
     * begin now, so those that don't are renewed.
     */
    private List<Received<ServiceBusRecord>> live(List<ServiceBusRecord> records) {
        List<Received<ServiceBusRecord>> received = new ArrayList<>(records.size());
        long lock = lease().toNanos();
        long now = System.nanoTime();
        for (ServiceBusRecord record : records) {
            boolean ofSession = record.link().isOfSession();
            if (ofSession ? owns(record) : record.nanosLocked(now) < lock) {
                if (!ofSession && record.nanosLocked(now) >= lock / 3) {
                    renewal(record, now).subscribe();
                }
                received.add(new Received<>(record, record, record.attempt(), record.poison()));
            } else {
                expired.incrementAndGet();
                forget(record);
            }
        }
        return received;
    }

    private void forget(ServiceBusRecord record) {
        answeredAt = System.nanoTime();
        if (held.remove(record)) {
            record.link().settled();
        }
    }

    @Override
    public CompletableFuture<?> settle(List<? extends Settlement<ServiceBusRecord>> batch) {
        return settler.settle(batch);
    }

    /** The lock time of the queue as far as it was seen, never more than the setting, which does not depend on anybody's clock. */
    @Override
    public Duration lease() {
        long seen = lockSeen;
        return seen == 0 || seen > settings.lockDuration().toNanos() ? settings.lockDuration() : Duration.ofNanos(seen);
    }

    @Override
    public boolean owns(ServiceBusRecord receipt) {
        return held.contains(receipt) && !receipt.link().isOver();
    }

    @Override
    public void wakeup() {
        inbox.wakeUp();
    }

    /** A recent answer will do: about each look into an empty queue the client writes a warning to the log. */
    @Override
    public void ping() throws InterruptedException {
        ServiceBusReceiverAsyncClient current = Objects.requireNonNull(client, "not open");
        boolean suspicious = settings.silence().isSuspicious();
        if (!suspicious && System.nanoTime() - answeredAt < RECENT) {
            return;
        }
        List<ServiceBusReceivedMessage> peeked = Answers.awaitLife(
                settings.name() + ": asking for a sign of life",
                current.peekMessages(suspicious ? PEEKED : 1, 0).collectList(),
                PING_LIMIT);
        answeredAt = System.nanoTime();
        if (suspicious && peeked != null && peeked.stream().anyMatch(this::shouldHaveCome)) {
            settings.silence().givenUp();
            inbox.fail(new BrokerConnectionException(settings.name()
                    + ": the receiver is silent although the queue has messages; a new one takes its place"));
        }
    }

    private boolean shouldHaveCome(ServiceBusReceivedMessage message) {
        return message.getState() == ServiceBusMessageState.ACTIVE
                && held.stream()
                        .noneMatch(record -> record.message().getSequenceNumber() == message.getSequenceNumber());
    }

    @Override
    public Map<String, String> facts() {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("queue", settings.entity().path());
        facts.put("prefetched", Integer.toString(inbox.size()));
        facts.put("expired-unseen", Long.toString(expired.get()));
        ServiceBusSessions some = sessions;
        if (some != null) {
            facts.put("sessions", Integer.toString(some.count()));
        }
        return facts;
    }

    /** Asks for a message that was put off; it comes as others do. Returns whether there is one. */
    Mono<Boolean> fetchDeferred(@Nullable String sessionId, long sequenceNumber) {
        ServiceBusLink by = linkOf(sessionId);
        if (by == null) {
            return Mono.error(new BrokerException(settings.name() + " does not hold the session " + sessionId));
        }
        return by.receiver()
                .receiveDeferredMessages(List.of(sequenceNumber))
                .doOnNext(by::hand)
                .hasElements()
                .onErrorResume(
                        error -> AzureErrors.isStale(error) || AzureErrors.isAnswer(error), gone -> Mono.just(false));
    }

    /** Returns the link of a session that is held, or the only one; null if there is none. */
    @Nullable
    ServiceBusLink linkOf(@Nullable String sessionId) {
        ServiceBusSessions some = sessions;
        return some == null ? link : sessionId == null ? null : some.link(sessionId);
    }

    @Override
    public void close() {
        boolean alive = inbox.failure() == null;
        inbox.fail(new BrokerException(settings.name() + " is disconnected"));
        ServiceBusLink one = link;
        if (one != null) {
            one.stop();
        }
        ServiceBusReceiverAsyncClient current = client;
        if (alive && current != null) {
            // Answers come in order: after this one the broker has taken the link away, and sends nothing more by it.
            giveBack(ServiceBusSettler.abandon(new HashSet<>(held))
                    .then(current.peekMessage(0).then()));
        }
        ServiceBusSessions some = sessions;
        if (some != null) {
            Mono<Void> links = some.close();
            if (alive) {
                giveBack(links);
            }
            some.closeClient();
        }
        if (current != null) {
            // On another thread: it may wait for an answer that does not come.
            Schedulers.boundedElastic().schedule(current::close);
        }
    }

    private void giveBack(Mono<Void> messages) {
        try {
            Answers.await(settings.name() + ": giving messages back", messages, GIVE_BACK_LIMIT);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (BrokerException e) {
            // Their locks end by themselves.
        }
    }
}
