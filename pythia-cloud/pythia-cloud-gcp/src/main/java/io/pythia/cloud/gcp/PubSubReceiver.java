package io.pythia.cloud.gcp;

import com.google.api.gax.rpc.StatusCode.Code;
import com.google.cloud.pubsub.v1.stub.SubscriberStub;
import com.google.pubsub.v1.GetSubscriptionRequest;
import com.google.pubsub.v1.ReceivedMessage;
import com.google.pubsub.v1.Subscription;
import io.pythia.BrokerConnectionException;
import io.pythia.BrokerException;
import io.pythia.internal.MessageIds;
import io.pythia.spi.Outcome;
import io.pythia.spi.ReceiveDriver;
import io.pythia.spi.Received;
import io.pythia.spi.Settlement;
import io.pythia.spi.WholeSeconds;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Receives what the service pushes on a stream, which it ends now and then: as long as the service answers, that is no end of the session,
 * since what is outstanding stays so. The engine extends the leases of what it has; those of what waits here are extended here.
 */
final class PubSubReceiver implements ReceiveDriver<PubSubMessage> {
    private static final Duration GIVE_BACK_LIMIT = Duration.ofSeconds(2);
    private static final Duration DRAIN_LIMIT = Duration.ofSeconds(1);
    private static final long HEARTBEAT_SECONDS = 30;
    private static final Duration MAX_DEADLINE = Duration.ofMinutes(10);
    /** Before another stream, when a quota was used up. */
    private static final long THROTTLED_PAUSE = TimeUnit.SECONDS.toNanos(1);

    private final PubSubSubscriberSettings settings;
    private final ScheduledExecutorService threads;
    private final Inbox inbox = new Inbox();
    private final String clientId = MessageIds.next();
    private final long lease;
    private @Nullable SubscriberStub stub;
    private @Nullable AckCalls calls;
    private volatile @Nullable PullStream stream;
    private final CountDownLatch intakeOver = new CountDownLatch(1);
    private final AtomicLong throttled = new AtomicLong();
    private volatile boolean stopped;
    private volatile boolean closed;
    private volatile boolean exactlyOnce;
    private volatile boolean broken;

    PubSubReceiver(PubSubSubscriberSettings settings) {
        this.settings = settings;
        this.lease = settings.ackDeadline().toNanos();
        this.threads = PubSubClients.threads(settings.name());
    }

    @Override
    public void open() throws InterruptedException {
        String doing = settings.name() + ": connecting to " + settings.subscription();
        try {
            SubscriberStub opened = PubSubClients.subscriber(settings.config(), threads);
            stub = opened;
            calls = new AckCalls(opened, settings);
        } catch (IOException e) {
            throw PubSubErrors.translate(doing, e);
        }
        Subscription found = look(doing, settings.connectTimeout());
        exactlyOnce = found.getEnableExactlyOnceDelivery();
        long period = Math.max(1, lease / 3);
        threads.scheduleWithFixedDelay(this::extendWaiting, period, period, TimeUnit.NANOSECONDS);
        threads.scheduleWithFixedDelay(this::heartbeat, HEARTBEAT_SECONDS, HEARTBEAT_SECONDS, TimeUnit.SECONDS);
    }

    /** Returns the subscription, or an empty one if the account may use and not see it: consuming needs less. */
    private Subscription look(String doing, Duration limit) throws InterruptedException {
        SubscriberStub current = stub;
        if (current == null) {
            throw new BrokerConnectionException(doing + ": it is not connected");
        }
        GetSubscriptionRequest request = GetSubscriptionRequest.newBuilder()
                .setSubscription(settings.subscription())
                .build();
        try {
            return current.getSubscriptionCallable()
                    .futureCall(request, PubSubClients.once(limit))
                    .get();
        } catch (ExecutionException e) {
            if (PubSubErrors.code(e) == Code.PERMISSION_DENIED) {
                return Subscription.getDefaultInstance();
            }
            throw PubSubErrors.translate(doing, e);
        }
    }

    @Override
    public List<Received<PubSubMessage>> receive(int max, Duration wait) throws InterruptedException {
        PullStream current = stopped ? null : openStream();
        List<PubSubMessage> taken = inbox.take(max, wait);
        if (current != null && hasRoom()) {
            current.more();
        }
        List<Received<PubSubMessage>> received = new ArrayList<>(taken.size());
        for (PubSubMessage each : taken) {
            received.add(new Received<>(each, each, each.attempt(), null));
        }
        return received;
    }

    private boolean hasRoom() {
        return inbox.size() <= settings.maxMessages() / 2;
    }

    /** Returns a stream that is open: the same, or a new one after a routine end; null while the service wants to be left alone. */
    private @Nullable PullStream openStream() throws InterruptedException {
        PullStream current = stream;
        PullStream.CloseReason end = current == null ? null : current.end();
        if (current != null && end == null) {
            return current;
        }
        if (end != null && end.error() != null && PubSubErrors.isThrottled(end.error())) {
            if (System.nanoTime() - end.at() < THROTTLED_PAUSE) {
                return null;
            }
            throttled.incrementAndGet();
        } else if (current != null && end != null) {
            BrokerException cause = ended(end);
            if (!cause.isRetryable() || !current.hasWorked()) {
                throw fail(cause);
            }
            ping();
        }
        SubscriberStub opened = stub;
        if (opened == null || closed) {
            throw new BrokerConnectionException(settings.name() + " is disconnected");
        }
        PullStream fresh = new PullStream(opened, settings, clientId, this::arrived, inbox::wakeUp);
        stream = fresh;
        return fresh;
    }

    private BrokerException ended(PullStream.CloseReason end) {
        String doing = settings.name() + ": receiving from " + settings.subscription();
        Throwable error = end.error();
        return error == null
                ? new BrokerConnectionException(doing + ": the service has ended the stream")
                : PubSubErrors.translate(doing, error);
    }

    private BrokerException fail(BrokerException cause) {
        broken = true;
        return cause;
    }

    /** On the client's thread. */
    private void arrived(List<ReceivedMessage> messages) {
        long now = System.nanoTime();
        List<PubSubMessage> fresh = new ArrayList<>(messages.size());
        for (ReceivedMessage each : messages) {
            int attempt = settings.attempts().of(each.getMessage().getMessageId(), each.getDeliveryAttempt());
            fresh.add(new PubSubMessage(settings.subscription(), each, attempt, now, lease));
        }
        inbox.addAll(fresh);
        PullStream current = stream;
        if (current != null && !stopped && hasRoom()) {
            current.more();
        }
    }

    /** Keeps what waits for demand, for as long as the engine would keep it. */
    private void extendWaiting() {
        long now = System.nanoTime();
        long oldest = settings.maxLease().toNanos();
        List<PubSubMessage> due = inbox.waiting();
        due.removeIf(message -> now - message.receivedAt > oldest || message.leaseLeft(now) <= 0);
        AckCalls current = calls;
        if (!due.isEmpty() && current != null && !stopped) {
            current.reserve(
                    (int) settings.ackDeadline().toSeconds(), due, message -> message, new Extended(now + lease));
        }
    }

    /** What became of messages that wait here; if it failed, their leases end. */
    private record Extended(long until) implements AckCalls.Result<PubSubMessage> {
        @Override
        public void holds(PubSubMessage message) {
            message.leasedUntil(until);
        }

        @Override
        public void lapsed(PubSubMessage message) {
            message.leasedUntil(System.nanoTime());
        }

        @Override
        public void failed(PubSubMessage message, BrokerException error) {}
    }

    private void heartbeat() {
        PullStream current = stream;
        if (current != null) {
            current.heartbeat();
        }
    }

    @Override
    public CompletableFuture<?> settle(List<? extends Settlement<PubSubMessage>> batch) {
        AckCalls current = calls;
        if (current == null || closed) {
            return CompletableFuture.failedFuture(new BrokerConnectionException(settings.name() + " is disconnected"));
        }
        long now = System.nanoTime();
        List<Settlement<PubSubMessage>> acks = new ArrayList<>(batch.size());
        Map<Integer, List<Settlement<PubSubMessage>>> bySeconds = new LinkedHashMap<>();
        List<PubSubMessage> settled = new ArrayList<>(batch.size());
        for (Settlement<PubSubMessage> each : batch) {
            PubSubMessage message = each.receipt();
            boolean lapsed = message.leaseLeft(now) <= 0;
            if (lapsed || each.outcome() != Outcome.EXTEND) {
                settled.add(message);
            }
            if (lapsed) {
                each.stale(); // it may be with another consumer
            } else if (each.outcome() == Outcome.ACK) {
                settings.attempts().succeeded(message.messageId());
                acks.add(each);
            } else {
                bySeconds
                        .computeIfAbsent(seconds(each, now), s -> new ArrayList<>())
                        .add(each);
            }
        }
        inbox.settled(settled);
        return send(current, acks, bySeconds, now);
    }

    private CompletableFuture<?> send(
            AckCalls calls,
            List<Settlement<PubSubMessage>> acks,
            Map<Integer, List<Settlement<PubSubMessage>>> bySeconds,
            long now) {
        List<CompletableFuture<?>> sent = new ArrayList<>();
        if (!acks.isEmpty()) {
            sent.add(calls.acknowledge(acks, Settlement::receipt, new Settling(inbox, 0)));
        }
        bySeconds.forEach((seconds, items) -> sent.add(calls.reserve(
                seconds,
                items,
                Settlement::receipt,
                new Settling(inbox, now + Duration.ofSeconds(seconds).toNanos()))));
        return sent.size() == 1 ? sent.get(0) : CompletableFuture.allOf(sent.toArray(CompletableFuture[]::new));
    }

    /** Returns for how many seconds a message stays reserved: until it shall come again, or as it was asked for, and never shorter. */
    private int seconds(Settlement<PubSubMessage> settlement, long now) {
        Duration wanted = settlement.delay();
        if (settlement.outcome() == Outcome.EXTEND) {
            Duration left = Duration.ofNanos(settlement.receipt().leaseLeft(now));
            wanted = wanted.compareTo(left) < 0 ? left : wanted;
        } else if (!settlement.isUnseen()) {
            settings.attempts().failed(settlement.receipt().messageId());
        }
        return (int) WholeSeconds.of(wanted, MAX_DEADLINE);
    }

    /** What became of settlements. */
    private record Settling(Inbox inbox, long leasedUntil) implements AckCalls.Result<Settlement<PubSubMessage>> {
        @Override
        public void holds(Settlement<PubSubMessage> settlement) {
            if (settlement.outcome() == Outcome.EXTEND) {
                settlement.receipt().leasedUntil(leasedUntil);
            }
        }

        @Override
        public void lapsed(Settlement<PubSubMessage> settlement) {
            settlement.receipt().leasedUntil(System.nanoTime());
            // Also after an extension: the engine settles nothing that is stale.
            inbox.settled(List.of(settlement.receipt()));
            settlement.stale();
        }

        @Override
        public void failed(Settlement<PubSubMessage> settlement, BrokerException error) {
            settlement.fail(error);
        }
    }

    @Override
    public void wakeup() {
        inbox.wakeUp();
    }

    /** Ends the stream and gives back at once what was pushed and not given out; what is in flight can still be settled. */
    @Override
    public void stopIntake() {
        stopped = true;
        PullStream current = stream;
        AckCalls giving = calls;
        try {
            if (current != null && giving != null && !broken) {
                current.close(DRAIN_LIMIT);
                giving.giveBack(inbox.clearWaiting(), GIVE_BACK_LIMIT);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            intakeOver.countDown();
        }
    }

    @Override
    public Duration lease() {
        return settings.ackDeadline();
    }

    @Override
    public boolean owns(PubSubMessage receipt) {
        return receipt.leaseLeft(System.nanoTime()) > 0;
    }

    @Override
    public void ping() throws InterruptedException {
        try {
            look(settings.name() + ": asking for a sign of life", PubSubClients.PING_LIMIT);
            broken = false;
        } catch (BrokerException e) {
            broken = !PubSubErrors.isThrottled(e);
            if (broken) {
                throw e;
            }
        }
    }

    @Override
    public Map<String, String> facts() {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("subscription", settings.subscription());
        facts.put("exactly-once", Boolean.toString(exactlyOnce));
        facts.put("prefetched", Integer.toString(inbox.size()));
        facts.put("outstanding", Integer.toString(inbox.unsettled()));
        facts.put("throttled", Long.toString(throttled.get()));
        facts.put("lapsed", Long.toString(inbox.lapsed()));
        return facts;
    }

    @Override
    public void close() {
        boolean drained = stopped;
        stopped = true;
        closed = true;
        PullStream current = stream;
        SubscriberStub used = stub;
        AckCalls giving = calls;
        if (giving != null) {
            giving.end(new BrokerConnectionException(settings.name() + " is disconnected"));
        }
        try {
            if (drained) { // perhaps by another thread, at this moment
                intakeOver.await(DRAIN_LIMIT.plus(GIVE_BACK_LIMIT).toMillis(), TimeUnit.MILLISECONDS);
            }
            if (current != null && !drained && !broken) {
                current.close(DRAIN_LIMIT);
            } else if (current != null) {
                current.cancel();
            }
            if (giving != null && !broken) {
                giving.giveBack(inbox.clear(), GIVE_BACK_LIMIT);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            inbox.wakeUp();
            PubSubClients.close(used, threads);
        }
    }
}
