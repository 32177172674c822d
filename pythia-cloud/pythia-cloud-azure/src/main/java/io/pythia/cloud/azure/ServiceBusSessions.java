package io.pythia.cloud.azure;

import com.azure.messaging.servicebus.ServiceBusException;
import com.azure.messaging.servicebus.ServiceBusFailureReason;
import com.azure.messaging.servicebus.ServiceBusReceiverAsyncClient;
import com.azure.messaging.servicebus.ServiceBusSessionReceiverAsyncClient;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * The sessions that are held at a time. A session that has had no message for a while is given back and the next one with messages taken.
 * Thread-safe: sessions come and end on the client's threads.
 */
final class ServiceBusSessions {
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(3);
    private static final long SHORTEST_LOOK = Duration.ofMillis(1).toNanos();

    private final ServiceBusConsumerSettings settings;
    private final ServiceBusSessionReceiverAsyncClient client;
    private final ServiceBusReceiver driver;
    private final Map<String, ServiceBusLink> links = new LinkedHashMap<>();
    private final Disposable.Swap accepting = Disposables.swap();
    private boolean isAccepting;
    private boolean closed;
    /** How many messages all of them are wanted to deliver. */
    private int wanted;

    /**
     * Creates them, none held.
     *
     * @param driver takes their messages, and hears what ends not only one session
     */
    ServiceBusSessions(
            ServiceBusConsumerSettings settings,
            ServiceBusSessionReceiverAsyncClient client,
            ServiceBusReceiver driver) {
        this.settings = settings;
        this.client = client;
        this.driver = driver;
    }

    /** Takes the next session with messages, if messages are wanted and there is room for it. */
    private synchronized void accept() {
        if (closed || isAccepting || wanted <= 0 || links.size() >= settings.sessions()) {
            return;
        }
        isAccepting = true;
        String only = settings.sessionId();
        Mono<ServiceBusReceiverAsyncClient> next =
                only == null ? client.acceptNextSession() : client.acceptSession(only);
        accepting.update(next.subscribe(this::accepted, this::notAccepted));
    }

    private void accepted(ServiceBusReceiverAsyncClient receiver) {
        ServiceBusLink link = new ServiceBusLink(receiver, settings.entity().path(), driver::arrived, this::ended);
        int share;
        synchronized (this) {
            isAccepting = false;
            if (closed) {
                close(receiver);
                return;
            }
            links.put(receiver.getSessionId(), link);
            share = share();
        }
        link.start();
        link.want(share);
        link.whileItLasts(Disposables.composite(
                Renewals.each(driver::lease, () -> renewal(link)).subscribe(), idleWatch(link)));
        accept();
    }

    /**
     * Returns what renews the lock of a session, which is that of all its messages. The first comes at once: its answer is the only one that
     * tells of the lock time of a session without messages.
     */
    private Mono<OffsetDateTime> renewal(ServiceBusLink link) {
        return driver.isWithinMaxLease(link)
                ? link.receiver().renewSessionLock().doOnNext(driver::lockedUntil)
                : Mono.empty();
    }

    /** What each is wanted to deliver: at least one message, for who knows which of them has some. With the lock. */
    private int share() {
        return wanted <= 0 ? 0 : Math.max(1, wanted / Math.max(1, links.size()));
    }

    private void notAccepted(Throwable error) {
        synchronized (this) {
            isAccepting = false;
            if (closed) {
                return;
            }
        }
        driver.fail(error);
    }

    private void ended(ServiceBusLink link, @Nullable Throwable error) {
        synchronized (this) {
            links.values().remove(link);
        }
        close(link.receiver());
        if (error == null || isOnlyOfThisSession(error)) {
            accept();
        } else {
            driver.fail(error);
        }
    }

    private static boolean isOnlyOfThisSession(Throwable error) {
        ServiceBusException bus = AzureErrors.find(error, ServiceBusException.class);
        return AzureErrors.isStale(error)
                || (bus != null && bus.getReason() == ServiceBusFailureReason.SESSION_LOCK_LOST);
    }

    /**
     * Sees to it that {@code count} messages are on their way, at least one by each session that is held; none if the application wants none.
     */
    void want(int count) {
        List<ServiceBusLink> held;
        int share;
        synchronized (this) {
            wanted = count;
            held = new ArrayList<>(links.values());
            share = share();
        }
        held.forEach(link -> link.want(share));
        accept();
    }

    /** Gives a session back when it is idle, for others to have, also if nothing is wanted. The only one that is wanted is kept. */
    private Disposable idleWatch(ServiceBusLink link) {
        if (settings.sessionId() != null) {
            return Disposables.disposed();
        }
        long most = settings.maxWaitTime().toNanos();
        return Mono.defer(() -> Mono.delay(Duration.ofNanos(Math.max(SHORTEST_LOOK, most - link.nanosIdle()))))
                .repeat(() -> link.nanosIdle() < most)
                .subscribe(look -> {}, error -> {}, () -> giveBack(link));
    }

    private void giveBack(ServiceBusLink link) {
        synchronized (this) {
            links.values().remove(link);
        }
        link.stop();
        close(link.receiver());
        accept();
    }

    /** Returns the link of a session that is held, else null. */
    synchronized @Nullable ServiceBusLink link(String sessionId) {
        return links.get(sessionId);
    }

    synchronized int count() {
        return links.size();
    }

    /** Ends them all; what is unsettled goes back with its session. Completes when the broker has taken the links away. */
    Mono<Void> close() {
        List<ServiceBusLink> all;
        synchronized (this) {
            closed = true;
            all = new ArrayList<>(links.values());
            links.clear();
        }
        accepting.dispose();
        all.forEach(ServiceBusLink::stop);
        return Mono.when(all.stream().map(link -> closing(link.receiver())).toList());
    }

    /** Ends the connection, unless it has other clients. */
    void closeClient() {
        Schedulers.boundedElastic().schedule(client::close);
    }

    private static void close(ServiceBusReceiverAsyncClient receiver) {
        closing(receiver).subscribe();
    }

    /**
     * On another thread, since the client waits for the broker's answer: but not for long, because there are only so many of those
     * threads, and all of the client needs them. If no answer comes the link ends with its connection.
     */
    private static Mono<Void> closing(ServiceBusReceiverAsyncClient receiver) {
        return Mono.<Void>fromRunnable(() -> closeQuietly(receiver))
                .subscribeOn(Schedulers.boundedElastic())
                .timeout(CLOSE_LIMIT, Mono.empty());
    }

    private static void closeQuietly(ServiceBusReceiverAsyncClient receiver) {
        try {
            receiver.close();
        } catch (RuntimeException e) {
            // Interrupted at the limit, or refused by a link that is gone.
        }
    }
}
