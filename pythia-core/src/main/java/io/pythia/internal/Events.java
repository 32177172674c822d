package io.pythia.internal;

import io.pythia.BrokerException;
import io.pythia.BrokerListener;
import io.pythia.BrokerListener.Gap;
import io.pythia.BrokerMetrics;
import io.pythia.Message;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the log, the listener and the metrics what happens. Warnings are limited to one in 30 seconds of each kind, with the number of
 * those that were left out: a broker that is down for an hour must not fill the disk. Thread-safe.
 */
public final class Events {
    private static final Logger LOG = LoggerFactory.getLogger("io.pythia");
    private static final long INTERVAL = Duration.ofSeconds(30).toNanos();

    final String name;
    private final BrokerMetrics metrics;
    private final BrokerListener listener;
    private final Limiter connection = new Limiter();
    private final Limiter messages = new Limiter();
    private final Limiter losses = new Limiter();
    private final Limiter drops = new Limiter();

    /** Creates one for the consumer or producer of that name. */
    public Events(String name, BrokerListener listener, BrokerMetrics metrics) {
        this.name = name;
        this.listener = listener;
        this.metrics = metrics;
    }

    /** Tells the listener something; what it throws stays here. */
    public void tell(Consumer<BrokerListener> event) {
        try {
            event.accept(listener);
        } catch (RuntimeException e) {
            warn(messages, "{}: the listener failed{}: {}", e);
        }
    }

    /** Returns whether anybody listens. */
    boolean isListenedTo() {
        return listener != BrokerListener.NONE;
    }

    /** Lets the metrics count something; what they throw stays here. */
    void count(Consumer<BrokerMetrics> what) {
        try {
            what.accept(metrics);
        } catch (RuntimeException e) {
            warn(messages, "{}: the metrics failed{}: {}", e);
        }
    }

    /** Returns whether anybody counts: if nobody does, the figures need not be made. */
    boolean isCounted() {
        return metrics != BrokerMetrics.NONE;
    }

    void connectionLost(BrokerException cause) {
        warn(connection, "{}: connection lost{}: {}", cause);
        tell(l -> l.connectionLost(name, cause));
    }

    void reconnectFailed(BrokerException cause) {
        warn(connection, "{}: still no connection{}: {}", cause);
    }

    void connectionRestored(long outageNanos) {
        LOG.debug("{}: connection restored", name);
        tell(l -> l.connectionRestored(name, Duration.ofNanos(outageNanos)));
    }

    /** A part of the source is gone. Who has no listener finds it in the log. */
    public void dataLoss(Gap gap) {
        warn(
                losses,
                "{}: data loss{}: {}",
                gap.source() + " from " + gap.from() + " to " + gap.to() + ": " + gap.detail());
        tell(l -> l.dataLoss(name, gap));
    }

    /**
     * A message is dropped. Who has no listener finds it in the log.
     *
     * @param refusal why the dead letters refuse it, null if there are none
     */
    void dropped(Message message, String reason, @Nullable Throwable refusal) {
        warn(
                drops,
                "{}: dropped a message{}: {}",
                message.id() + " (" + reason + ")"
                        + (refusal == null ? "" : ", its dead letters refuse it: " + refusal));
        tell(l -> l.dropped(name, message, reason));
    }

    /** An event is told to nobody: so many wait already. */
    void listenerIsSlow(int waiting) {
        warn(
                messages,
                "{}: an event is left out{}: {}",
                "the listener is slow, and " + waiting + " others wait for it");
    }

    /** Warns about one message. */
    public void messageWarning(String what, Throwable cause) {
        warn(messages, "{}: " + what + "{}: {}", cause);
    }

    /** Warns of what the application has set. */
    public void settingWarning(String what) {
        LOG.warn("{}: {}", name, what);
    }

    /** The library gives up in the background. */
    public void gaveUp(Throwable cause) {
        LOG.error("{}: gave up: {}", name, text(cause), cause);
    }

    /** Tells the log what is of interest only to who looks for something. */
    public void debug(String what) {
        LOG.debug("{}: {}", name, what);
    }

    private void warn(Limiter limiter, String format, Throwable cause) {
        warn(limiter, format, cause.toString());
    }

    private void warn(Limiter limiter, String format, String detail) {
        long left = limiter.leftOut(System.nanoTime());
        if (left >= 0) {
            LOG.warn(format, name, left == 0 ? "" : " (and " + left + " more such warnings)", oneLine(detail));
        }
    }

    /** One line: what a broker says may hold line breaks. */
    public static String text(Throwable cause) {
        return oneLine(cause.toString());
    }

    private static String oneLine(String words) {
        String text = words.replaceAll("[\\p{Cntrl}]", " ");
        return text.length() <= 1000 ? text : text.substring(0, 1000) + "...";
    }

    /** Lets one through in a while and counts the others. */
    private static final class Limiter {
        private final AtomicLong next = new AtomicLong(System.nanoTime());
        private final AtomicLong skipped = new AtomicLong();

        /** Returns how many were left out since the last one, or -1 if this one is to be left out. */
        long leftOut(long now) {
            long due = next.get();
            if (now - due >= 0 && next.compareAndSet(due, now + INTERVAL)) {
                return skipped.getAndSet(0);
            }
            skipped.incrementAndGet();
            return -1;
        }
    }
}
