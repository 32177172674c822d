package io.pythia.internal;

import io.pythia.BrokerConnectionException;
import io.pythia.BrokerException;
import io.pythia.Health;
import io.pythia.Health.Status;
import io.pythia.spi.SendDriver;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Judges a producer: whether its broker gives a sign of life. */
final class SendHealth {
    private static final Duration BLOCKED = Duration.ofSeconds(3);

    private final SendEngine engine;
    private final SendLoop loop;

    SendHealth(SendEngine engine) {
        this.engine = engine;
        this.loop = engine.loop;
    }

    CompletableFuture<Health> check() {
        CompletableFuture<@Nullable BrokerException> asked = loop.isRunning() ? loop.ask() : null;
        return asked == null
                ? CompletableFuture.completedFuture(judge(loop.connector().lastError()))
                : asked.thenApply(this::judge);
    }

    private Health judge(@Nullable BrokerException error) {
        SendDriver current = loop.driver();
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("in-flight-bytes", Long.toString(engine.inFlightBytes()));
        facts.put("reconnects", Integer.toString(loop.connector().reconnects()));
        if (current != null) {
            facts.putAll(current.facts());
        }
        if (!loop.isRunning()) {
            BrokerException cause = loop.fatal();
            return new Health(Status.DOWN, cause == null ? "not connected" : "stopped: " + Events.text(cause), facts);
        }
        if (current == null) {
            String why = error == null ? "connecting" : Events.text(error);
            return new Health(Status.DOWN, "no connection, trying again: " + why, facts);
        }
        if (error != null) {
            return new Health(Status.DOWN, "the connection was checked, and failed: " + Events.text(error), facts);
        }
        BrokerException refusing = refusal(engine.name(), current);
        if (refusing != null) {
            return new Health(Status.DOWN, "connected, but waits: " + Events.text(refusing), facts);
        }
        Duration blocked = Duration.ofNanos(loop.callLasts(System.nanoTime()));
        if (blocked.compareTo(BLOCKED) > 0) {
            return new Health(
                    Status.DEGRADED,
                    "connected, but the client has taken nothing for " + blocked.toSeconds()
                            + " s: is the broker short of memory or disk, or does it refuse publishers?",
                    facts);
        }
        return new Health(Status.UP, "connected", facts);
    }

    /** Returns an error that says why the broker takes no messages, or null if it does. */
    static @Nullable BrokerException refusal(String name, SendDriver driver) {
        String why = driver.blocked();
        return why == null
                ? null
                : new BrokerConnectionException(name + ": the broker takes no messages at the moment: " + why);
    }
}
