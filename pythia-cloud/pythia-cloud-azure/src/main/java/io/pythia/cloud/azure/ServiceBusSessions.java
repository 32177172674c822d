package io.pythia.cloud.azure;

import com.azure.messaging.servicebus.ServiceBusException;
import com.azure.messaging.servicebus.ServiceBusFailureReason;
import com.azure.messaging.servicebus.ServiceBusReceiverAsyncClient;
import com.azure.messaging.servicebus.ServiceBusSessionReceiverAsyncClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;
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

    private final ServiceBusConsumerSettings settings;
    private final ServiceBusSessionReceiverAsyncClient client;
    private final Predicate<ServiceBusRecord> onMessage;
    private final Consumer<Throwable> onFailure;
    private final Map<String, ServiceBusLink> links = new LinkedHashMap<>();
    private final Disposable.Swap accepting = Disposables.swap();
    private boolean isAccepting;
    private boolean closed;
    /** What each session is wanted to deliver. */
    private int share = 1;

    /**
     * Creates them, none held.
     *
     * @param onFailure hears what ends not only one session
     */
    ServiceBusSessions(
            ServiceBusConsumerSettings settings,
            ServiceBusSessionReceiverAsyncClient client,
            Predicate<ServiceBusRecord> onMessage,
            Consumer<Throwable> onFailure) {
        this.settings = settings;
        this.client = client;
        this.onMessage = onMessage;
        this.onFailure = onFailure;
    }

    /** Takes the next session with messages, if there is room for one. */
    synchronized void accept() {
        if (closed || isAccepting || links.size() >= settings.sessions()) {
            return;
        }
        isAccepting = true;
        String wanted = settings.sessionId();
        Mono<ServiceBusReceiverAsyncClient> next =
                wanted == null ? client.acceptNextSession() : client.acceptSession(wanted);
        accepting.update(next.subscribe(this::accepted, this::notAccepted));
    }

    private void accepted(ServiceBusReceiverAsyncClient receiver) {
        ServiceBusLink link = new ServiceBusLink(receiver, settings.entity().path(), onMessage, this::ended);
        synchronized (this) {
            isAccepting = false;
            if (closed) {
                close(receiver);
                return;
            }
            links.put(receiver.getSessionId(), link);
        }
        link.start();
        link.want(share);
        accept();
    }

    private void notAccepted(Throwable error) {
        synchronized (this) {
            isAccepting = false;
            if (closed) {
                return;
            }
        }
        onFailure.accept(error);
    }

    private void ended(ServiceBusLink link, @Nullable Throwable error) {
        synchronized (this) {
            links.values().remove(link);
        }
        close(link.receiver());
        if (error == null || isOnlyOfThisSession(error)) {
            accept();
        } else {
            onFailure.accept(error);
        }
    }

    private static boolean isOnlyOfThisSession(Throwable error) {
        ServiceBusException bus = AzureErrors.find(error, ServiceBusException.class);
        return AzureErrors.isStale(error)
                || (bus != null && bus.getReason() == ServiceBusFailureReason.SESSION_LOCK_LOST);
    }

    /** Sees to it that {@code count} messages are on their way, at least one by each session; gives back those that are idle. */
    void want(int count, long now) {
        List<ServiceBusLink> held;
        List<ServiceBusLink> idle = new ArrayList<>();
        synchronized (this) {
            if (settings.sessionId() == null) {
                links.values().removeIf(link -> {
                    boolean gone = link.isIdle(now, settings.maxWaitTime().toNanos());
                    return gone && idle.add(link);
                });
            }
            held = new ArrayList<>(links.values());
            share = Math.max(1, count / Math.max(1, held.size()));
        }
        for (ServiceBusLink link : idle) {
            link.stop();
            close(link.receiver());
        }
        held.forEach(link -> link.want(share));
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
