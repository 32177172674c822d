package io.pythia.internal;

import io.pythia.BrokerException;
import io.pythia.Health;
import io.pythia.Health.Status;
import io.pythia.spi.ReceiveDriver;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Judges a consumer by its progress, and asks the broker for a sign of life when nothing flows or somebody wants to know. */
final class HealthCheck<R> {
    private static final int STACK_LINES = 12;

    private final ReceiveEngine<R> engine;
    private final Pulse pulse;

    HealthCheck(ReceiveEngine<R> engine) {
        this.engine = engine;
        this.pulse = new Pulse(engine.events, engine.options.retry().maxRetries());
    }

    CompletableFuture<Health> check() {
        Session<R> session = engine.receiver.session();
        if (session == null || engine.settler.isStopping()) {
            return CompletableFuture.completedFuture(judge(null));
        }
        return ask(session).thenApply(this::judge);
    }

    /** Called by the settle loop at every turn. */
    void watch(long now) {
        pulse.checkOverdue(now);
        Session<R> session = engine.receiver.session();
        if (session == null || engine.settler.isStopping()) {
            return;
        }
        if (pulse.isDue(now, engine.receiver.lastReceiveAt)) {
            ask(session);
        }
    }

    private CompletableFuture<@Nullable BrokerException> ask(Session<R> session) {
        CompletableFuture<@Nullable BrokerException> answer =
                pulse.ask(session.driver::ping, session.driver.recoversByItself(), error -> {
                    session.fail(error);
                    engine.receiver.wake();
                });
        if (session.isDead()) {
            pulse.forgetOutage(); // it died just now, and nobody else will
        }
        return answer;
    }

    /** The session is over: what its driver has answered does not count against the next one. */
    void sessionLost() {
        pulse.forgetOutage();
    }

    private Health judge(@Nullable BrokerException pingError) {
        Map<String, String> facts = facts();
        Throwable failure = engine.receiver.failure();
        if (failure != null) {
            return new Health(Status.DOWN, "stopped: " + Events.text(failure), facts);
        }
        if (!engine.receiver.isStarted() || engine.settler.isStopping()) {
            return new Health(
                    Status.DOWN,
                    engine.receiver.isCancelled() ? "cancelled by the subscriber" : "not connected",
                    facts);
        }
        if (engine.receiver.session() == null) {
            BrokerException error = engine.receiver.connector().lastError();
            String cause = error == null ? "connecting" : Events.text(error);
            return new Health(Status.DOWN, "no connection, trying again: " + cause, facts);
        }
        if (pingError != null) {
            return new Health(Status.DOWN, "the connection was checked, and failed: " + Events.text(pingError), facts);
        }
        Delivery<R> oldest = engine.inFlight.oldest();
        if (oldest != null && age(oldest).compareTo(engine.options.stuckAfter()) > 0) {
            return new Health(Status.DOWN, stuck(oldest), facts);
        }
        return new Health(Status.UP, activity(), facts);
    }

    private String activity() {
        if (!engine.receiver.isSubscribed()) {
            return "connected, nobody has subscribed";
        }
        if (!engine.hasRoom()) {
            return "connected, waits for the application to settle messages";
        }
        return engine.receiver.hasDemand() ? "connected" : "connected, waits for the subscriber to request more";
    }

    private String stuck(Delivery<R> oldest) {
        String where =
                engine.receiver.isDelivering() ? "; the subscriber is at " + stackOf(engine.receiver.thread()) : "";
        return "message " + oldest.content().id() + " from " + oldest.content().source() + " has been unsettled for "
                + age(oldest).toSeconds() + " s" + where;
    }

    private static String stackOf(Thread thread) {
        return Arrays.stream(thread.getStackTrace())
                .limit(STACK_LINES)
                .map(StackTraceElement::toString)
                .collect(Collectors.joining(" < "));
    }

    private Duration age(Delivery<R> delivery) {
        return Duration.ofNanos(System.nanoTime() - delivery.batch.since);
    }

    private Map<String, String> facts() {
        Map<String, String> facts = new LinkedHashMap<>();
        Delivery<R> oldest = engine.inFlight.oldest();
        facts.put("in-flight", Integer.toString(engine.inFlight.count()));
        facts.put("in-flight-bytes", Long.toString(engine.inFlight.bytes()));
        facts.put("waiting-for-redelivery", Integer.toString(engine.redeliveries.size()));
        facts.put(
                "oldest-unsettled-ms",
                oldest == null ? "0" : Long.toString(age(oldest).toMillis()));
        facts.put(
                "last-receive-ms-ago",
                Long.toString(Duration.ofNanos(System.nanoTime() - engine.receiver.lastReceiveAt)
                        .toMillis()));
        facts.put("reconnects", Integer.toString(engine.receiver.connector().reconnects()));
        ReceiveDriver<R> driver = engine.driver();
        if (driver != null) {
            facts.putAll(driver.facts());
        }
        return facts;
    }
}
