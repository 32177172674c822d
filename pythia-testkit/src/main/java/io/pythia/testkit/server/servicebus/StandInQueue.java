package io.pythia.testkit.server.servicebus;

import io.pythia.testkit.server.servicebus.StoredMessage.State;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.qpid.proton.amqp.Symbol;
import org.apache.qpid.proton.amqp.transport.ErrorCondition;
import org.apache.qpid.proton.engine.Delivery;
import org.apache.qpid.proton.engine.EndpointState;
import org.apache.qpid.proton.engine.Sender;
import org.apache.qpid.proton.message.Message;
import org.jspecify.annotations.Nullable;

/** A queue, or a subscription, or the dead letters of one. */
@SuppressWarnings("JavaUtilDate") // what AMQP's timestamps are in proton-j
final class StandInQueue {
    static final String DEAD_LETTERS = "/$deadletterqueue";

    final String name;
    final QueueOptions options;
    private final Journal journal;
    private final @Nullable StandInQueue deadLetters;
    private final TreeMap<Long, StoredMessage> ready = new TreeMap<>();
    private final TreeMap<Long, StoredMessage> deferred = new TreeMap<>();
    private final TreeMap<Long, StoredMessage> scheduled = new TreeMap<>();
    private final Map<UUID, MessageLock> locks = new LinkedHashMap<>();
    private final Map<String, QueueSession> sessions = new LinkedHashMap<>();
    private final List<QueueReader> readers = new ArrayList<>();
    private final Set<Object> knownIds = new HashSet<>();
    private long lastSequence;
    /** Sends nothing to anybody, as a link that hangs. */
    private boolean mute;

    StandInQueue(String name, QueueOptions options, Journal journal, @Nullable StandInQueue deadLetters) {
        this.name = name;
        this.options = options;
        this.journal = journal;
        this.deadLetters = deadLetters;
    }

    // What comes in.

    /** Adds a message; returns its number. */
    long add(Message message) {
        Object id = message.getMessageId();
        if (options.detectDuplicates() && id != null && !knownIds.add(id)) {
            return lastSequence;
        }
        StoredMessage stored = new StoredMessage(++lastSequence, message, System.currentTimeMillis(), 0, true);
        put(stored);
        journal.added(this, stored);
        return stored.sequence;
    }

    /** Puts back what was there before a restart. */
    void restore(StoredMessage stored, State state) {
        lastSequence = Math.max(lastSequence, stored.sequence);
        Object id = stored.id();
        if (options.detectDuplicates() && id != null) {
            knownIds.add(id);
        }
        if (state == State.DEFERRED) {
            deferred.put(stored.sequence, stored);
        } else {
            put(stored);
        }
    }

    private void put(StoredMessage stored) {
        boolean later = StoredMessage.scheduledFor(stored.amqp) > System.currentTimeMillis();
        (later ? scheduled : ready).put(stored.sequence, stored);
    }

    boolean cancelScheduled(long sequence) {
        StoredMessage gone = scheduled.remove(sequence);
        if (gone != null) {
            journal.removed(this, gone);
        }
        return gone != null;
    }

    // What goes out.

    void join(QueueReader reader) {
        readers.add(reader);
        pump();
    }

    /** A link is gone; a session goes with it, and with the session what it had. */
    void leave(QueueReader reader) {
        readers.remove(reader);
        QueueSession session = reader.session();
        if (session != null && session.owner == reader.link()) {
            session.owner = null;
            for (MessageLock lock : List.copyOf(locks.values())) {
                if (lock.session == session) {
                    release(lock, true);
                }
            }
        }
        pump();
    }

    List<QueueReader> readers() {
        return List.copyOf(readers);
    }

    void mute(boolean on) {
        mute = on;
        pump();
    }

    void pump() {
        boolean any = !mute;
        while (any) {
            any = false;
            for (QueueReader reader : List.copyOf(readers)) {
                StoredMessage next = takes(reader.link()) ? next(reader) : null;
                if (next != null) {
                    deliver(reader, next);
                    any = true;
                }
            }
        }
    }

    /** Not a link that was detached here and that the client still has: it would send back all it got, each time as a delivery. */
    private static boolean takes(Sender link) {
        return link.getLocalState() != EndpointState.CLOSED && link.getCredit() > 0;
    }

    private @Nullable StoredMessage next(QueueReader reader) {
        QueueSession session = reader.session();
        if (session == null) {
            return ready.isEmpty() ? null : ready.firstEntry().getValue();
        }
        return ready.values().stream()
                .filter(message -> session.id.equals(message.session()))
                .findFirst()
                .orElse(null);
    }

    private void deliver(QueueReader reader, StoredMessage message) {
        ready.remove(message.sequence);
        QueueSession session = reader.session();
        long until = session != null
                ? session.lockedUntil
                : System.currentTimeMillis() + options.lock().toMillis();
        MessageLock lock = new MessageLock(this, message, session, until);
        Delivery delivery = reader.link().delivery(AmqpCodec.tag(lock.token));
        byte[] bytes =
                AmqpCodec.encode(message.outgoing(reader.atMostOnce() ? null : new Date(lock.until), State.ACTIVE));
        reader.link().send(bytes, 0, bytes.length);
        if (reader.atMostOnce()) {
            delivery.settle();
            journal.removed(this, message);
        } else {
            delivery.setContext(lock);
            locks.put(lock.token, lock);
        }
        reader.link().advance();
    }

    // Locks and outcomes.

    @Nullable
    MessageLock lock(UUID token) {
        return locks.get(token);
    }

    /** Renews a lock; returns its new end. */
    Date renew(MessageLock lock) {
        lock.until = System.currentTimeMillis() + options.lock().toMillis();
        return new Date(lock.until);
    }

    /** Changes the properties of a message; the journal has it anew. */
    void modify(MessageLock lock, Map<?, ?> changes) {
        lock.message.modify(changes);
        journal.added(this, lock.message);
    }

    void complete(MessageLock lock) {
        locks.remove(lock.token);
        journal.removed(this, lock.message);
    }

    void defer(MessageLock lock) {
        locks.remove(lock.token);
        deferred.put(lock.message.sequence, lock.message);
        journal.changed(this, lock.message, State.DEFERRED);
    }

    void release(MessageLock lock, boolean counts) {
        locks.remove(lock.token);
        StoredMessage message = lock.message;
        message.deliveries += counts ? 1 : 0;
        if (message.deliveries >= options.maxDeliveries()) {
            kill(
                    message,
                    "MaxDeliveryCountExceeded",
                    "Message could not be consumed after " + options.maxDeliveries() + " delivery attempts.");
            return;
        }
        ready.put(message.sequence, message);
        journal.changed(this, message, State.ACTIVE);
    }

    void deadLetter(MessageLock lock, @Nullable String reason, @Nullable String description) {
        locks.remove(lock.token);
        kill(lock.message, reason, description);
    }

    private void kill(StoredMessage message, @Nullable String reason, @Nullable String description) {
        journal.removed(this, message);
        StandInQueue letters = deadLetters;
        if (letters == null) {
            return;
        }
        Map<String, Object> why = new LinkedHashMap<>();
        why.put("DeadLetterReason", reason == null ? "" : reason);
        why.put("DeadLetterErrorDescription", description == null ? "" : description);
        message.modify(why);
        StoredMessage letter =
                new StoredMessage(++letters.lastSequence, message.amqp, System.currentTimeMillis(), 0, false);
        letters.ready.put(letter.sequence, letter);
        letters.journal.added(letters, letter);
        letters.pump();
    }

    /** Returns the lock of a deferred message that somebody asks for by its number, null if there is none. */
    @Nullable
    MessageLock lockDeferred(long sequence) {
        StoredMessage message = deferred.remove(sequence);
        if (message == null) {
            return null;
        }
        MessageLock lock = new MessageLock(
                this, message, null, System.currentTimeMillis() + options.lock().toMillis());
        locks.put(lock.token, lock);
        return lock;
    }

    // Sessions.

    QueueSession session(String id) {
        return sessions.computeIfAbsent(id, QueueSession::new);
    }

    /** Returns a session that has messages and that nobody holds, or null. */
    @Nullable
    QueueSession freeSession() {
        return ready.values().stream()
                .map(StoredMessage::session)
                .filter(id -> id != null && session(id).owner == null)
                .findFirst()
                .map(this::session)
                .orElse(null);
    }

    // What time does.

    void tick(long now) {
        for (MessageLock lock : List.copyOf(locks.values())) {
            if (lock.isExpired(now)) {
                release(lock, true);
            }
        }
        for (QueueSession session : sessions.values()) {
            if (session.owner != null && session.lockedUntil <= now) {
                session.owner.setCondition(new ErrorCondition(
                        Symbol.getSymbol("com.microsoft:session-lock-lost"), "The session lock has expired."));
                session.owner.close();
                session.owner = null;
            }
        }
        for (StoredMessage message : List.copyOf(scheduled.values())) {
            if (StoredMessage.scheduledFor(message.amqp) <= now) {
                scheduled.remove(message.sequence);
                ready.put(message.sequence, message);
            }
        }
        expire(now);
        pump();
    }

    private void expire(long now) {
        for (StoredMessage message : List.copyOf(ready.values())) {
            if (message.isExpired(now)) {
                ready.remove(message.sequence);
                if (options.deadLetterOnExpiry()) {
                    kill(message, "TTLExpiredException", "The message expired and was dead lettered.");
                } else {
                    journal.removed(this, message);
                }
            }
        }
    }

    // What can be looked at.

    /** Returns up to {@code max} messages from a number on, as they would go out. */
    List<Message> peek(long from, int max, @Nullable String session) {
        TreeMap<Long, StoredMessage> all = new TreeMap<>(ready);
        all.putAll(scheduled);
        all.putAll(deferred);
        locks.values().forEach(lock -> all.put(lock.message.sequence, lock.message));
        return all.tailMap(from, true).values().stream()
                .filter(message -> session == null || session.equals(message.session()))
                .limit(max)
                .map(message -> message.outgoing(null, state(message)))
                .toList();
    }

    private State state(StoredMessage message) {
        return deferred.containsKey(message.sequence)
                ? State.DEFERRED
                : scheduled.containsKey(message.sequence) ? State.SCHEDULED : State.ACTIVE;
    }

    /** Returns how many messages are ready, locked, deferred and scheduled. */
    String counts() {
        return ready.size() + " " + locks.size() + " " + deferred.size() + " " + scheduled.size();
    }
}
