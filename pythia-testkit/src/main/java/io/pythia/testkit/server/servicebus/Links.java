package io.pythia.testkit.server.servicebus;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.qpid.proton.amqp.Symbol;
import org.apache.qpid.proton.amqp.UnsignedLong;
import org.apache.qpid.proton.amqp.messaging.Accepted;
import org.apache.qpid.proton.amqp.messaging.Modified;
import org.apache.qpid.proton.amqp.messaging.Rejected;
import org.apache.qpid.proton.amqp.messaging.Released;
import org.apache.qpid.proton.amqp.transport.DeliveryState;
import org.apache.qpid.proton.amqp.transport.ErrorCondition;
import org.apache.qpid.proton.amqp.transport.SenderSettleMode;
import org.apache.qpid.proton.engine.Delivery;
import org.apache.qpid.proton.engine.Link;
import org.apache.qpid.proton.engine.Receiver;
import org.apache.qpid.proton.engine.Sender;
import org.apache.qpid.proton.message.Message;
import org.jspecify.annotations.Nullable;

/** The links of one connection: what is attached, what is sent by them, and how messages are settled. */
final class Links {
    static final String CBS = "$cbs";
    static final String MANAGEMENT = "/$management";
    private static final int MAX_MESSAGE = 262_144;
    private static final int CREDIT = 1000;

    private final Entities entities;
    private final Management management;
    private final SessionWaits waits;
    private final Map<String, Sender> replies = new HashMap<>();
    private boolean authorized;

    Links(Entities entities, Access access) {
        this.entities = entities;
        this.management = new Management(entities, access);
        this.waits = new SessionWaits();
    }

    static String notFound(String address) {
        return "The messaging entity 'sb://stand-in/" + address + "' could not be found.";
    }

    static void close(Link link, String condition, String description) {
        link.setCondition(new ErrorCondition(Symbol.getSymbol(condition), description));
        link.close();
    }

    /** Ends a link as the service does now and then. */
    static void detach(Link link) {
        close(link, "amqp:link:detach-forced", "The link is force detached by the stand-in.");
    }

    private static void refuse(Link link, String condition, String description) {
        link.setSource(null);
        link.setTarget(null);
        link.open();
        close(link, condition, description);
    }

    // Attaching.

    void attach(Link link) {
        link.setSenderSettleMode(link.getRemoteSenderSettleMode());
        link.setReceiverSettleMode(link.getRemoteReceiverSettleMode());
        link.setSource(link.getRemoteSource());
        link.setTarget(link.getRemoteTarget());
        if (link instanceof Receiver receiver) {
            attachSender(receiver, receiver.getRemoteTarget().getAddress());
        } else if (link instanceof Sender sender) {
            attachReader(sender, sender.getRemoteSource().getAddress());
        }
    }

    /** A client that sends. */
    private void attachSender(Receiver link, String address) {
        if (!isService(address)) {
            if (!authorized) {
                refuse(link, "amqp:unauthorized-access", "Unauthorized access. 'Send' claim(s) are required.");
                return;
            }
            if (entities.targets(address) == null) {
                refuse(link, "amqp:not-found", notFound(address));
                return;
            }
        }
        link.setContext(address);
        link.setMaxMessageSize(UnsignedLong.valueOf(MAX_MESSAGE));
        link.open();
        link.flow(CREDIT);
    }

    /** A client that receives, or that wants answers. */
    private void attachReader(Sender link, String address) {
        if (isService(address)) {
            replies.put(link.getRemoteTarget().getAddress(), link);
            link.open();
            return;
        }
        if (!authorized) {
            refuse(link, "amqp:unauthorized-access", "Unauthorized access. 'Listen' claim(s) are required.");
            return;
        }
        StandInQueue queue = entities.queue(address);
        if (queue == null) {
            refuse(link, "amqp:not-found", notFound(address));
            return;
        }
        boolean atMostOnce = link.getRemoteSenderSettleMode() == SenderSettleMode.SETTLED;
        boolean wantsSession = SessionWaits.wantsSession(link);
        if (wantsSession != queue.options.sessions()) {
            refuse(
                    link,
                    "amqp:not-allowed",
                    wantsSession
                            ? "A sessionful message receiver cannot be created on an entity that does not require sessions."
                            : "It is not possible for an entity that requires sessions to create a non-sessionful message receiver.");
        } else if (wantsSession) {
            waits.open(link, queue, atMostOnce);
        } else {
            QueueReader reader = new QueueReader(link, queue, atMostOnce, null);
            link.setContext(reader);
            link.open();
            queue.join(reader);
        }
    }

    private static boolean isService(String address) {
        return address.equals(CBS) || address.endsWith(MANAGEMENT);
    }

    /** The client has ended a link. */
    void detached(Link link) {
        leave(link);
        waits.forget(link);
        link.close();
    }

    /** The connection is gone. */
    void gone(Link link) {
        leave(link);
        waits.forget(link);
    }

    private static void leave(Link link) {
        if (link.getContext() instanceof QueueReader reader) {
            link.setContext(null);
            reader.queue().leave(reader);
        }
    }

    void credit(Link link) {
        if (link.getContext() instanceof QueueReader reader) {
            reader.queue().pump();
        }
    }

    void tick(long now) {
        waits.tick(now);
    }

    // Deliveries.

    void delivery(Delivery delivery) {
        if (delivery.getLink() instanceof Sender) {
            disposition(delivery);
        } else if (delivery.isReadable() && !delivery.isPartial()) {
            Receiver link = (Receiver) delivery.getLink();
            byte[] bytes = new byte[delivery.pending()];
            link.recv(bytes, 0, bytes.length);
            link.advance();
            link.flow(1);
            received(delivery, String.valueOf(link.getContext()), bytes);
        }
    }

    private void received(Delivery delivery, String address, byte[] bytes) {
        if (isService(address)) {
            request(address, AmqpCodec.decode(bytes));
            accept(delivery);
            return;
        }
        List<StandInQueue> targets = entities.targets(address);
        if (targets == null) {
            reject(delivery, "amqp:not-found", notFound(address));
            return;
        }
        if (entities.isBusy(address)) {
            reject(delivery, "com.microsoft:server-busy", "The stand-in is busy.");
            return;
        }
        boolean batch = delivery.getMessageFormat() == AmqpCodec.BATCH_FORMAT;
        for (StandInQueue queue : targets) {
            // Decoded for each: a message belongs to one queue.
            (batch ? AmqpCodec.decodeBatch(bytes) : List.of(AmqpCodec.decode(bytes))).forEach(queue::add);
        }
        accept(delivery);
        targets.forEach(StandInQueue::pump);
    }

    private void request(String address, Message request) {
        boolean cbs = address.equals(CBS);
        String entity = cbs ? "" : address.substring(0, address.length() - MANAGEMENT.length());
        Message answer = management.answer(cbs, entity, request);
        authorized |= cbs && Management.isGood(answer);
        Sender to = replies.get(request.getReplyTo());
        if (to != null) {
            byte[] bytes = AmqpCodec.encode(answer);
            Delivery reply = to.delivery(AmqpCodec.tag(UUID.randomUUID()));
            to.send(bytes, 0, bytes.length);
            reply.settle();
            to.advance();
        }
        StandInQueue queue = entities.queue(entity);
        if (queue != null) {
            queue.pump();
        }
    }

    private static void accept(Delivery delivery) {
        if (!delivery.remotelySettled()) {
            delivery.disposition(Accepted.getInstance());
        }
        delivery.settle();
    }

    private static void reject(Delivery delivery, String condition, String description) {
        Rejected rejected = new Rejected();
        rejected.setError(new ErrorCondition(Symbol.getSymbol(condition), description));
        delivery.disposition(rejected);
        delivery.settle();
    }

    // Settling.

    private void disposition(Delivery delivery) {
        DeliveryState state = delivery.getRemoteState();
        if (state == null && !delivery.remotelySettled()) {
            return;
        }
        MessageLock lock = delivery.getContext() instanceof MessageLock held ? held : null;
        if (lock == null || lock.queue.lock(lock.token) == null) {
            if (!delivery.isSettled()) {
                lockLost(delivery, state);
            }
            return;
        }
        if (state instanceof Rejected rejected) {
            Map<?, ?> info =
                    rejected.getError() == null ? null : rejected.getError().getInfo();
            if (info != null) {
                lock.message.modify(info);
            }
            lock.queue.deadLetter(lock, text(info, "DeadLetterReason"), text(info, "DeadLetterErrorDescription"));
        } else if (state instanceof Modified modified) {
            if (modified.getMessageAnnotations() != null) {
                lock.queue.modify(lock, modified.getMessageAnnotations());
            }
            if (Boolean.TRUE.equals(modified.getUndeliverableHere())) {
                lock.queue.defer(lock);
            } else {
                lock.queue.release(lock, true);
            }
        } else if (state instanceof Accepted) {
            lock.queue.complete(lock);
        } else {
            lock.queue.release(lock, false);
        }
        delivery.disposition(state == null ? Released.getInstance() : state);
        delivery.settle();
        lock.queue.pump();
    }

    private static void lockLost(Delivery delivery, @Nullable DeliveryState state) {
        if (state == null || state instanceof Released) {
            delivery.disposition(Released.getInstance());
            delivery.settle();
        } else {
            reject(
                    delivery,
                    "com.microsoft:message-lock-lost",
                    "The lock supplied is invalid. Either the lock expired, or the message has already been removed from the queue.");
        }
    }

    private static @Nullable String text(@Nullable Map<?, ?> map, String name) {
        if (map != null) {
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                if (String.valueOf(entry.getKey()).equals(name)) {
                    return String.valueOf(entry.getValue());
                }
            }
        }
        return null;
    }
}
