package io.pythia.testkit.server.servicebus;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.qpid.proton.amqp.Symbol;
import org.apache.qpid.proton.amqp.messaging.Source;
import org.apache.qpid.proton.engine.Link;
import org.apache.qpid.proton.engine.Sender;

/** Gives sessions to the links of one connection that ask for one; those that ask for any wait until one has messages. */
final class SessionWaits {
    private static final Symbol FILTER = Symbol.getSymbol("com.microsoft:session-filter");
    private static final Symbol TIMEOUT = Symbol.getSymbol("com.microsoft:timeout");
    private static final Symbol LOCKED_UNTIL = Symbol.getSymbol("com.microsoft:locked-until-utc");
    private static final long LONGEST_WAIT = 60_000;
    /** The time in .NET counts tenths of microseconds since the year 1. */
    private static final long TICKS_PER_MILLI = 10_000;

    private static final long TICKS_AT_EPOCH = 621_355_968_000_000_000L;

    private record Waiting(Sender link, StandInQueue queue, boolean atMostOnce, long until) {}

    private final List<Waiting> waiting = new ArrayList<>();

    static boolean wantsSession(Sender link) {
        return filter(link).containsKey(FILTER);
    }

    private static Map<?, ?> filter(Sender link) {
        Map<?, ?> filter = link.getRemoteSource() instanceof Source source ? source.getFilter() : null;
        return filter == null ? Map.of() : filter;
    }

    void open(Sender link, StandInQueue queue, boolean atMostOnce) {
        Object wanted = filter(link).get(FILTER);
        if (wanted != null) {
            QueueSession session = queue.session(wanted.toString());
            if (session.owner == null) {
                give(new Waiting(link, queue, atMostOnce, 0), session);
            } else {
                refuse(
                        link,
                        "com.microsoft:session-cannot-be-locked",
                        "The requested session '" + wanted
                                + "' cannot be accepted. It may be locked by another receiver.");
            }
            return;
        }
        Object timeout = link.getRemoteProperties() == null
                ? null
                : link.getRemoteProperties().get(TIMEOUT);
        long wait = timeout instanceof Number number ? number.longValue() : LONGEST_WAIT;
        waiting.add(new Waiting(link, queue, atMostOnce, System.currentTimeMillis() + wait));
        tick(System.currentTimeMillis());
    }

    void forget(Link link) {
        waiting.removeIf(each -> each.link == link);
    }

    void tick(long now) {
        for (Iterator<Waiting> all = waiting.iterator(); all.hasNext(); ) {
            Waiting each = all.next();
            QueueSession free = each.queue.freeSession();
            if (free != null) {
                all.remove();
                give(each, free);
            } else if (each.until <= now) {
                all.remove();
                refuse(
                        each.link,
                        "com.microsoft:timeout",
                        "The operation did not complete within the allotted timeout: no session available.");
            }
        }
    }

    private static void refuse(Sender link, String condition, String description) {
        link.setSource(null);
        link.setTarget(null);
        link.open();
        Links.close(link, condition, description);
    }

    private static void give(Waiting to, QueueSession session) {
        Sender link = to.link;
        session.owner = link;
        session.lockedUntil =
                System.currentTimeMillis() + to.queue.options.lock().toMillis();
        Source source = new Source();
        source.setAddress(link.getRemoteSource().getAddress());
        source.setFilter(new HashMap<>(Map.of(FILTER, session.id)));
        link.setSource(source);
        link.setProperties(new HashMap<>(Map.of(LOCKED_UNTIL, session.lockedUntil * TICKS_PER_MILLI + TICKS_AT_EPOCH)));
        QueueReader reader = new QueueReader(link, to.queue, to.atMostOnce, session);
        link.setContext(reader);
        link.open();
        to.queue.join(reader);
    }
}
