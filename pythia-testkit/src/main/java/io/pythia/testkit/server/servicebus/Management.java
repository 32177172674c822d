package io.pythia.testkit.server.servicebus;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.qpid.proton.Proton;
import org.apache.qpid.proton.amqp.Binary;
import org.apache.qpid.proton.amqp.Symbol;
import org.apache.qpid.proton.amqp.messaging.AmqpValue;
import org.apache.qpid.proton.amqp.messaging.ApplicationProperties;
import org.apache.qpid.proton.message.Message;
import org.jspecify.annotations.Nullable;

/** Answers what is asked by request and response: tokens, and what is done to queues beside receiving. */
@SuppressWarnings("JavaUtilDate") // what AMQP's timestamps are in proton-j
final class Management {
    private static final int OK = 200;
    private static final int ACCEPTED = 202;
    private static final int NO_CONTENT = 204;

    /** What an answer says when the request could not be done. */
    private static final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1;

        final int code;
        final String condition;

        Refused(int code, String condition, String text) {
            super(text);
            this.code = code;
            this.condition = condition;
        }
    }

    private final Entities entities;
    private final Access access;

    Management(Entities entities, Access access) {
        this.entities = entities;
        this.access = access;
    }

    /** Returns whether an answer is a good one. */
    static boolean isGood(Message answer) {
        Object code = answer.getApplicationProperties().getValue().get("statusCode");
        return code instanceof Integer number && number < 300;
    }

    /**
     * Answers a request.
     *
     * @param cbs whether it is about a token
     * @param entity the queue that it is about
     */
    Message answer(boolean cbs, String entity, Message request) {
        Map<String, Object> body = new HashMap<>();
        try {
            return message(request, cbs ? token(request) : queueRequest(entity, request, body), null, "OK", body);
        } catch (Refused e) {
            return message(request, e.code, e.condition, String.valueOf(e.getMessage()), Map.of());
        }
    }

    private static Message message(
            Message request, int code, @Nullable String condition, String text, Map<String, Object> body) {
        Map<String, Object> properties = new HashMap<>();
        properties.put("statusCode", code);
        properties.put("statusDescription", text);
        if (condition != null) {
            properties.put("errorCondition", Symbol.getSymbol(condition));
        }
        Message answer = Proton.message();
        answer.setCorrelationId(request.getMessageId());
        answer.setApplicationProperties(new ApplicationProperties(properties));
        answer.setBody(new AmqpValue(body));
        return answer;
    }

    private int token(Message request) {
        String type =
                String.valueOf(request.getApplicationProperties().getValue().get("type"));
        if (!access.allows(type, String.valueOf(((AmqpValue) request.getBody()).getValue()))) {
            throw new Refused(401, "amqp:unauthorized-access", "InvalidSignature: The token has an invalid signature.");
        }
        return ACCEPTED;
    }

    private int queueRequest(String entity, Message request, Map<String, Object> out) {
        StandInQueue queue = entities.queue(entity);
        String operation = String.valueOf(
                        request.getApplicationProperties().getValue().get("operation"))
                .replace("com.microsoft:", "");
        Map<?, ?> in = request.getBody() instanceof AmqpValue value && value.getValue() instanceof Map<?, ?> map
                ? map
                : Map.of();
        if (queue == null) {
            List<StandInQueue> subscriptions = entities.targets(entity);
            if (subscriptions == null) {
                throw new Refused(404, "amqp:not-found", Links.notFound(entity));
            }
            return topicRequest(operation);
        }
        return switch (operation) {
            case "renew-lock" -> renewLocks(queue, in, out);
            case "renew-session-lock" -> renewSession(queue, in, out);
            case "get-session-state" -> {
                byte[] state = queue.session(String.valueOf(in.get("session-id"))).state;
                out.put("session-state", state == null ? null : new Binary(state));
                yield OK;
            }
            case "set-session-state" -> {
                queue.session(String.valueOf(in.get("session-id"))).state =
                        in.get("session-state") instanceof Binary state ? AmqpCodec.bytes(state) : null;
                yield OK;
            }
            case "schedule-message" -> schedule(queue, in, out);
            case "cancel-scheduled-message" -> cancel(queue, in);
            case "peek-message" -> peek(queue, in, out);
            case "receive-by-sequence-number" -> receiveDeferred(queue, in, out);
            case "update-disposition" -> settle(queue, in);
            default -> throw new Refused(501, "amqp:not-implemented", operation + " is not known here");
        };
    }

    private static int topicRequest(String operation) {
        throw operation.equals("cancel-scheduled-message")
                ? noSuchMessage()
                : new Refused(501, "amqp:not-implemented", operation + " is not known here for topics");
    }

    private static Refused noSuchMessage() {
        return new Refused(404, "com.microsoft:message-not-found", "No such message.");
    }

    private static MessageLock lock(StandInQueue queue, UUID token) {
        MessageLock lock = queue.lock(token);
        if (lock == null) {
            throw new Refused(410, "com.microsoft:message-lock-lost", "The lock supplied is invalid.");
        }
        return lock;
    }

    private static int renewLocks(StandInQueue queue, Map<?, ?> in, Map<String, Object> out) {
        List<Date> ends = new ArrayList<>();
        for (UUID token : tokens(in)) {
            ends.add(queue.renew(lock(queue, token)));
        }
        out.put("expirations", ends.toArray(new Date[0]));
        return OK;
    }

    private static UUID[] tokens(Map<?, ?> in) {
        return in.get("lock-tokens") instanceof UUID[] tokens ? tokens : new UUID[0];
    }

    private static int renewSession(StandInQueue queue, Map<?, ?> in, Map<String, Object> out) {
        QueueSession session = queue.session(String.valueOf(in.get("session-id")));
        if (session.owner == null) {
            throw new Refused(410, "com.microsoft:session-lock-lost", "The session lock has expired.");
        }
        session.lockedUntil = System.currentTimeMillis() + queue.options.lock().toMillis();
        out.put("expiration", new Date(session.lockedUntil));
        return OK;
    }

    private static int schedule(StandInQueue queue, Map<?, ?> in, Map<String, Object> out) {
        List<Long> numbers = new ArrayList<>();
        if (in.get("messages") instanceof List<?> messages) {
            for (Object each : messages) {
                if (each instanceof Map<?, ?> map && map.get("message") instanceof Binary bytes) {
                    numbers.add(queue.add(AmqpCodec.decode(AmqpCodec.bytes(bytes))));
                }
            }
        }
        out.put("sequence-numbers", numbers.toArray(new Long[0]));
        return OK;
    }

    private static int cancel(StandInQueue queue, Map<?, ?> in) {
        for (long sequence : numbers(in)) {
            if (!queue.cancelScheduled(sequence)) {
                throw noSuchMessage();
            }
        }
        return OK;
    }

    private static int peek(StandInQueue queue, Map<?, ?> in, Map<String, Object> out) {
        Object session = in.get("session-id");
        List<Map<String, Object>> found = new ArrayList<>();
        for (Message message : queue.peek(
                number(in, "from-sequence-number"),
                (int) number(in, "message-count"),
                session == null ? null : session.toString())) {
            found.add(new HashMap<>(Map.of("message", new Binary(AmqpCodec.encode(message)))));
        }
        out.put("messages", found);
        return found.isEmpty() ? NO_CONTENT : OK;
    }

    private static int receiveDeferred(StandInQueue queue, Map<?, ?> in, Map<String, Object> out) {
        List<Map<String, Object>> found = new ArrayList<>();
        for (long sequence : numbers(in)) {
            MessageLock lock = queue.lockDeferred(sequence);
            if (lock != null) {
                Message message = lock.message.outgoing(new Date(lock.until), StoredMessage.State.DEFERRED);
                found.add(new HashMap<>(
                        Map.of("message", new Binary(AmqpCodec.encode(message)), "lock-token", lock.token)));
            }
        }
        if (found.isEmpty()) {
            throw noSuchMessage();
        }
        out.put("messages", found);
        return OK;
    }

    private static int settle(StandInQueue queue, Map<?, ?> in) {
        for (UUID token : tokens(in)) {
            MessageLock lock = lock(queue, token);
            if (in.get("properties-to-modify") instanceof Map<?, ?> changes) {
                lock.queue.modify(lock, changes);
            }
            switch (String.valueOf(in.get("disposition-status"))) {
                case "completed" -> queue.complete(lock);
                case "suspended" ->
                    queue.deadLetter(
                            lock,
                            String.valueOf(in.get("deadletter-reason")),
                            String.valueOf(in.get("deadletter-description")));
                case "defered" -> queue.defer(lock);
                case "abandoned" -> queue.release(lock, true);
                default -> queue.release(lock, false);
            }
        }
        return OK;
    }

    private static long number(Map<?, ?> in, String name) {
        return in.get(name) instanceof Number number ? number.longValue() : 0;
    }

    private static long[] numbers(Map<?, ?> in) {
        Object numbers = in.get("sequence-numbers");
        if (numbers instanceof long[] plain) {
            return plain;
        }
        return numbers instanceof Object[] boxed
                ? Arrays.stream(boxed)
                        .mapToLong(each -> ((Number) each).longValue())
                        .toArray()
                : new long[0];
    }
}
