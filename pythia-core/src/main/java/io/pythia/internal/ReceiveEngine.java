package io.pythia.internal;

import io.pythia.BrokerException;
import io.pythia.BrokerListener;
import io.pythia.Health;
import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.RejectPolicy;
import io.pythia.Settled;
import io.pythia.spi.Capabilities;
import io.pythia.spi.Capabilities.Guarantee;
import io.pythia.spi.Capabilities.Support;
import io.pythia.spi.ConsumerOptions;
import io.pythia.spi.Outcome;
import io.pythia.spi.ReceiveDriver;
import io.pythia.spi.Received;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One connection of a consumer: what all connectors share, around their drivers.
 *
 * <p>It has two threads. The receiving one ({@link ReceiveLoop}) opens sessions, fetches and talks to the subscriber; the application
 * may block it. The settling one ({@link SettleLoop}) is never given to the application: it hands outcomes to the broker, extends
 * leases, watches the broker while nothing flows, and closes. This class is what both share, and what messages call.
 */
public final class ReceiveEngine<R> {
    /** A message that is nacked without a delay comes back after 1 ms, then 2 ms, up to this: quick, and no busy loop. */
    private static final long MAX_NACK_PAUSE = Duration.ofMillis(100).toNanos();

    /** How many events may wait for a listener that is slow. */
    private static final int MAX_EVENTS = 10_000;

    final Events events;
    final Capabilities capabilities;
    final ConsumerOptions options;
    final InFlight<R> inFlight = new InFlight<>();
    final Redeliveries<R> redeliveries = new Redeliveries<>();
    final SettlePump<R> pump = new SettlePump<>(this);
    final ReceiveLoop<R> receiver;
    final SettleLoop<R> settler;
    final HealthCheck<R> health;
    private final Aside eventCalls;
    private final Aside letterCalls;
    private final @Nullable DeadLetters deadLetters;
    private final CompletableFuture<Void> closed;

    /** Creates one that does nothing until {@link #connect} or a subscription. */
    public ReceiveEngine(
            Events events,
            Capabilities capabilities,
            ConsumerOptions options,
            @Nullable DeadLetters deadLetters,
            Supplier<? extends ReceiveDriver<R>> drivers) {
        this.events = events;
        this.capabilities = capabilities;
        this.options = options;
        this.deadLetters = deadLetters;
        this.receiver = new ReceiveLoop<>(this, drivers);
        this.settler = new SettleLoop<>(this);
        this.health = new HealthCheck<>(this);
        this.eventCalls = new Aside(events.name, "events", MAX_EVENTS, this::fail);
        // Their number is that of messages in flight.
        this.letterCalls = new Aside(events.name, "dead-letters", Integer.MAX_VALUE, this::fail);
        CompletableFuture<Void> settled = settler.closed();
        this.closed = deadLetters == null ? settled : settled.thenCompose(ok -> deadLetters.close());
    }

    String name() {
        return events.name;
    }

    /** Returns a future of the first session. */
    public CompletableFuture<Void> connect() {
        return receiver.connected();
    }

    /** Subscribes, once; refused when it is disconnected. */
    public void subscribe(Flow.Subscriber<? super Message> subscriber) {
        if (settler.isStopping()) {
            Signals.refuse(subscriber, new IllegalStateException(name() + " is disconnected"));
        } else {
            receiver.subscribe(subscriber);
        }
    }

    /** Returns the health; never fails. */
    public CompletableFuture<Health> healthCheck() {
        return health.check();
    }

    /** Gives nothing out any more; what is in flight can still be settled, until {@link #disconnect}. */
    public void stopIntake() {
        receiver.stopIntake();
    }

    /** Drains and closes; the future never fails. */
    public CompletableFuture<Void> disconnect() {
        settler.stop();
        return closed.copy();
    }

    /** Returns the driver of the session that is open now, or null. */
    public @Nullable ReceiveDriver<R> driver() {
        Session<R> session = receiver.session();
        return session == null ? null : session.driver;
    }

    /** Returns whether it has ended, by itself or by {@link #disconnect}. */
    public boolean isEnded() {
        return settler.isStopping() || receiver.failure() != null;
    }

    // What messages call.

    void requireSupported(Outcome outcome, @Nullable Object detail) {
        if (outcome == Outcome.NACK && support(detail) == Support.NONE) {
            throw new UnsupportedOperationException(
                    name() + " can't deliver a message again; acknowledge it, and send it again yourself if need be");
        }
    }

    private Support support(@Nullable Object detail) {
        return detail instanceof Duration ? capabilities.delayedNack() : capabilities.nack();
    }

    void settled(Delivery<R> delivery) {
        if (delivery.batch.session.isDead()) {
            events.count(m -> m.settled(name(), delivery.outcome, 1, 1));
            delivery.complete(Settled.STALE);
            return;
        }
        pump.add(delivery);
        // The receiving thread takes a turn itself when it has given out its batch: waking the other one for each
        // message would cost
        // more than all the rest. If the application blocks it, the settle loop looks by itself after a few
        // milliseconds.
        if (!receiver.isCurrentThread()) {
            settler.wakeIfWaiting();
        }
        pump.runIfOver();
    }

    /** Returns whether what is given back comes again. At most once, the broker has no more what it has given out. */
    boolean takesBack() {
        return capabilities.guarantee() == Guarantee.AT_LEAST_ONCE;
    }

    /** Nobody has looked at it: it goes back at once where the broker can take it, elsewhere when the session is closed. */
    void giveBack(Delivery<R> delivery) {
        delivery.outcome = Outcome.NACK;
        delivery.unseen = true;
        if (takesBack() && capabilities.nack() == Support.BROKER) {
            settled(delivery);
            return;
        }
        handedBack(List.of(delivery));
        if (!takesBack()) {
            gone(delivery);
        }
        delivery.complete(Settled.STALE); // for who keeps it all the same
    }

    /** Nobody will have it, and nobody but the listener would know. */
    private void gone(Delivery<R> delivery) {
        String why = "its stream has ended before it was handled, and the broker has it no more";
        tell(() -> events.dropped(delivery.message(), why, null));
    }

    /** These came when their session had been closed, since the close timeout was over. */
    void cameTooLate(Session<R> session, List<Received<R>> received) {
        if (!takesBack()) {
            for (Delivery<R> delivery : new Batch<>(this, session, received, System.nanoTime()).items) {
                gone(Objects.requireNonNull(delivery));
            }
        }
    }

    /** The session is over, and with it all that was received in it. */
    void forgetAll() {
        inFlight.clear();
        for (Delivery<R> waiting : redeliveries.clear()) {
            waiting.take();
            waiting.complete(Settled.STALE);
            if (!takesBack()) {
                gone(waiting);
            }
        }
    }

    CompletableFuture<Settled> extend(Delivery<R> delivery, Duration by) {
        if (!capabilities.leases()) {
            throw new UnsupportedOperationException(
                    name()
                            + " has no leases to extend: a message stays reserved for this consumer until it is settled or disconnects");
        }
        Extension<R> extension = new Extension<>(delivery, delivery.atLeast(by, System.nanoTime()), false);
        pump.add(extension);
        wakeSettler();
        return extension;
    }

    // What the pump asks and tells; called within a turn.

    /** Returns whether the broker itself does what was asked for. */
    boolean goesToBroker(Delivery<R> delivery) {
        if (delivery.outcome == Outcome.NACK && exhausted(delivery)) {
            delivery.outcome = Outcome.REJECT;
        }
        return switch (delivery.outcome) {
            case ACK, EXTEND -> true;
            case NACK -> support(delivery.detail) == Support.BROKER;
            case REJECT -> deadLetters == null && capabilities.deadLetter() == Support.BROKER;
        };
    }

    private boolean exhausted(Delivery<R> delivery) {
        return options.maxAttempts() > 0 && delivery.attempt >= options.maxAttempts() && !delivery.unseen;
    }

    /** Does it in the broker's place. Returns whether that is all; otherwise the delivery comes back to the pump. */
    boolean handleLocally(Delivery<R> delivery) {
        return switch (delivery.outcome) {
            case NACK -> deliverAgain(delivery);
            case REJECT -> putAside(delivery);
            case ACK, EXTEND -> throw new IllegalStateException("an ACK goes to the broker");
        };
    }

    private boolean deliverAgain(Delivery<R> delivery) {
        long pause = delivery.detail instanceof Duration delay
                ? toNanos(delay)
                : Math.min(MAX_NACK_PAUSE, 1_000_000L << Math.min(10, delivery.attempt - 1));
        Delivery<R> next = delivery.again();
        if (inFlight.replace(delivery, next)) {
            redeliveries.add(next, System.nanoTime() + pause);
        }
        if (delivery.batch.session.isDead()) {
            redeliveries.removeStale(); // it died just now: the others are gone already
        }
        receiver.wake();
        tell(l -> l.redelivered(name(), delivery.message()));
        return true;
    }

    void tell(Consumer<BrokerListener> event) {
        tell(() -> events.tell(event));
    }

    /** Tells the listener, if there is one, on another thread: this one may be what the listener waits for. */
    private void tell(Runnable event) {
        if (!events.isListenedTo()) {
            event.run(); // the log, if that
        } else if (!eventCalls.call(event)) {
            events.listenerIsSlow(MAX_EVENTS);
        }
    }

    /** Returns whether all was told, and every dead letter was handed over. */
    boolean hasToldAll() {
        return eventCalls.isIdle() && letterCalls.isIdle();
    }

    private boolean putAside(Delivery<R> delivery) {
        String reason = delivery.reason() == null ? "" : delivery.reason();
        if (deadLetters == null) {
            return putNowhere(
                    delivery,
                    "there are no dead letters to put it to; set a dead letter producer, or RejectPolicy.DROP",
                    null);
        }
        send(delivery, reason, deadLetters);
        return false;
    }

    private void send(Delivery<R> delivery, String reason, DeadLetters letters) {
        letterCalls.call(() -> letters.send(delivery, reason).whenComplete((ok, error) -> {
            if (error == null) {
                events.tell(l -> l.deadLettered(name(), delivery.message(), reason));
                acknowledge(delivery);
            } else if (!DeadLetters.isRefusal(error)) {
                events.messageWarning("could not send to the dead letters, will try again", error);
                pump.retryLater(
                        delivery, System.nanoTime() + Duration.ofSeconds(1).toNanos());
            } else if (putNowhere(delivery, "its dead letters refuse it for good: " + Events.text(error), error)) {
                pump.finishLater(delivery);
            }
            wakeSettler();
        }));
    }

    /** Returns whether that is all. */
    private boolean putNowhere(Delivery<R> delivery, String why, @Nullable Throwable cause) {
        String reason = delivery.reason() == null ? "" : delivery.reason();
        if (options.onReject() == RejectPolicy.DROP) {
            tell(() -> events.dropped(delivery.message(), reason, cause));
            acknowledge(delivery);
            wakeSettler();
            return false;
        }
        MessageException error = new MessageException(
                name() + ": message " + delivery.content().id() + " was rejected (" + reason + ") and " + why, cause);
        delivery.resolve(error);
        handedBack(List.of(delivery)); // the broker has it still, and nobody here will settle it any more
        fail(error);
        return true;
    }

    /** The broker itself delivers it again, or has put it to its dead letters. */
    void brokerHasTaken(Delivery<R> delivery) {
        if (delivery.outcome == Outcome.NACK) {
            tell(l -> l.redelivered(name(), delivery.message()));
        } else if (delivery.outcome == Outcome.REJECT) {
            String reason = delivery.reason() == null ? "" : delivery.reason();
            tell(l -> l.deadLettered(name(), delivery.message(), reason));
        }
    }

    private void acknowledge(Delivery<R> delivery) {
        delivery.putAside = true;
        delivery.outcome = Outcome.ACK;
        delivery.detail = null;
        pump.add(delivery);
    }

    /** The application is done with these: there is room for others. */
    void handedBack(List<Delivery<R>> settled) {
        inFlight.removeAll(settled);
        receiver.roomMade();
    }

    void leaseLost(Delivery<R> delivery) {
        if (delivery.take()) {
            redeliveries.remove(delivery); // first: an end waits for what is in flight and not to be delivered again
            inFlight.removeAll(List.of(delivery));
            delivery.complete(Settled.STALE);
            receiver.roomMade();
        }
    }

    boolean hasRoom() {
        return inFlight.count() < options.maxInFlight() && inFlight.bytes() < options.maxInFlightBytes();
    }

    void wakeSettler() {
        settler.wake();
        pump.runIfOver();
    }

    /** Ends the stream with an error. Any thread. */
    void fail(Throwable cause) {
        receiver.fail(cause);
    }

    static BrokerException asBrokerException(String doing, Throwable cause) {
        return cause instanceof BrokerException e
                ? e
                : new BrokerException(doing + " failed: " + Events.text(cause), cause);
    }

    static long toNanos(Duration duration) {
        try {
            return duration.toNanos();
        } catch (ArithmeticException e) {
            return Long.MAX_VALUE / 4;
        }
    }
}
