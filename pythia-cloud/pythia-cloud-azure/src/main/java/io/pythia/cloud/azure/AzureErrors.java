package io.pythia.cloud.azure;

import com.azure.core.amqp.exception.AmqpErrorCondition;
import com.azure.core.amqp.exception.AmqpException;
import com.azure.core.exception.ClientAuthenticationException;
import com.azure.messaging.servicebus.ServiceBusException;
import com.azure.messaging.servicebus.ServiceBusFailureReason;
import com.azure.storage.queue.models.QueueStorageException;
import io.pythia.BrokerAuthenticationException;
import io.pythia.BrokerConnectionException;
import io.pythia.BrokerException;
import io.pythia.BrokerTimeoutException;
import io.pythia.DestinationNotFoundException;
import io.pythia.MessageException;
import io.pythia.UncertainSendException;
import java.io.IOException;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import java.util.function.BiFunction;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** The tables of Azure's errors: what Service Bus says by a reason, what Storage says by a code, and what the clients throw. */
final class AzureErrors {
    /** What an error is here. */
    record Row(String advice, BiFunction<String, Throwable, BrokerException> translation) {}

    /** By the class of an error or of one of its causes; the first that matches. */
    record ClassRow(Class<? extends Throwable> type, Row row) {}

    private static final Row NOT_FOUND = new Row("create it, or check its name", DestinationNotFoundException::new);
    // Storage says the one of odd characters, the other of a name that is too short or too long.
    private static final Row NAME = new Row(
            "is the name of the queue right? It has 3 to 63 lower-case letters, digits and single hyphens",
            BrokerException::new);
    private static final Row REFUSED =
            new Row("check the key, or the rights of who signs in", BrokerAuthenticationException::new);
    private static final Row TOO_LARGE = new Row("send less", AzureErrors::refusedMessage);
    private static final Row BUSY = new Row("the service is busy; send more slowly", AzureErrors::retryable);
    private static final Row SILENT = new Row("the service does not answer in time", BrokerTimeoutException::new);
    private static final Row BROKEN =
            new Row("is the address right, and the service up?", BrokerConnectionException::new);
    private static final Row LOST = new Row("another consumer may have it now", AzureErrors::retryable);

    /** By the reason that Service Bus gives. */
    static final Map<ServiceBusFailureReason, Row> BY_REASON = Map.ofEntries(
            Map.entry(ServiceBusFailureReason.MESSAGING_ENTITY_NOT_FOUND, NOT_FOUND),
            Map.entry(ServiceBusFailureReason.MESSAGING_ENTITY_DISABLED, new Row("enable it", BrokerException::new)),
            Map.entry(ServiceBusFailureReason.UNAUTHORIZED, REFUSED),
            Map.entry(ServiceBusFailureReason.MESSAGE_SIZE_EXCEEDED, TOO_LARGE),
            Map.entry(
                    ServiceBusFailureReason.QUOTA_EXCEEDED,
                    new Row("the queue is full, or has too many connections", AzureErrors::retryable)),
            Map.entry(ServiceBusFailureReason.SERVICE_BUSY, BUSY),
            Map.entry(ServiceBusFailureReason.SERVICE_TIMEOUT, SILENT),
            Map.entry(ServiceBusFailureReason.SERVICE_COMMUNICATION_ERROR, BROKEN),
            Map.entry(ServiceBusFailureReason.MESSAGE_LOCK_LOST, LOST),
            Map.entry(ServiceBusFailureReason.SESSION_LOCK_LOST, LOST),
            Map.entry(ServiceBusFailureReason.MESSAGE_NOT_FOUND, LOST),
            Map.entry(
                    ServiceBusFailureReason.SESSION_CANNOT_BE_LOCKED,
                    new Row("another consumer has the session", AzureErrors::retryable)));

    /** By the code that Storage gives, which is more exact than the status. */
    static final Map<String, Row> BY_CODE = Map.ofEntries(
            Map.entry("QueueNotFound", NOT_FOUND),
            Map.entry("InvalidResourceName", NAME),
            Map.entry("OutOfRangeInput", NAME),
            Map.entry(
                    "QueueBeingDeleted",
                    new Row("the queue is being deleted; it is free again in half a minute", AzureErrors::retryable)),
            Map.entry("QueueDisabled", new Row("enable it", BrokerException::new)),
            Map.entry("MessageTooLarge", TOO_LARGE),
            Map.entry("RequestBodyTooLarge", TOO_LARGE),
            Map.entry("ServerBusy", BUSY),
            Map.entry("OperationTimedOut", SILENT),
            Map.entry("AuthenticationFailed", REFUSED),
            Map.entry("AuthorizationFailure", REFUSED),
            Map.entry("AccountIsDisabled", new Row("enable the account", BrokerAuthenticationException::new)));

    /** By what the clients throw, from the special to the general. */
    static final List<ClassRow> BY_CLASS = List.of(
            new ClassRow(ClientAuthenticationException.class, REFUSED),
            new ClassRow(
                    UnknownHostException.class, new Row("check the name of the host", BrokerConnectionException::new)),
            new ClassRow(
                    SSLException.class,
                    new Row(
                            "the certificate is not trusted, or this port speaks no TLS",
                            BrokerConnectionException::new)),
            new ClassRow(TimeoutException.class, SILENT),
            new ClassRow(
                    UnsupportedOperationException.class,
                    new Row("does the queue want sessions, and the consumer too?", BrokerException::new)),
            new ClassRow(IOException.class, BROKEN));

    /** Those after which Service Bus has certainly not taken a message over. */
    private static final Set<ServiceBusFailureReason> CERTAIN = Set.of(
            ServiceBusFailureReason.MESSAGING_ENTITY_NOT_FOUND,
            ServiceBusFailureReason.MESSAGING_ENTITY_DISABLED,
            ServiceBusFailureReason.UNAUTHORIZED,
            ServiceBusFailureReason.MESSAGE_SIZE_EXCEEDED,
            ServiceBusFailureReason.QUOTA_EXCEEDED,
            ServiceBusFailureReason.SERVICE_BUSY);

    private static final Set<ServiceBusFailureReason> STALE = Set.of(
            ServiceBusFailureReason.MESSAGE_LOCK_LOST,
            ServiceBusFailureReason.SESSION_LOCK_LOST,
            ServiceBusFailureReason.MESSAGE_NOT_FOUND);

    /** What Storage says when it is asked too often; the number where it gives no code. */
    private static final Set<String> BUSY_CODES = Set.of("ServerBusy", "429");

    /** Beyond this a chain of causes is a circle. */
    private static final int MAX_DEPTH = 20;

    private static final int SERVER_ERROR = 500;

    private AzureErrors() {}

    private static BrokerException retryable(String text, Throwable cause) {
        return new BrokerException(text, cause, true);
    }

    private static BrokerException refusedMessage(String text, Throwable cause) {
        return new MessageException(text, cause);
    }

    /** Translates an error that came while doing something. */
    static BrokerException translate(String doing, Throwable error) {
        BrokerException known = find(error, BrokerException.class);
        if (known != null) {
            return known;
        }
        QueueStorageException storage = find(error, QueueStorageException.class);
        if (storage != null) {
            return ofStorage(doing, storage, error);
        }
        ServiceBusException bus = find(error, ServiceBusException.class);
        Row row = bus == null ? null : BY_REASON.get(bus.getReason());
        if (row != null && bus != null) {
            return apply(row, doing, bus, error);
        }
        for (ClassRow each : BY_CLASS) {
            Throwable match = find(error, each.type);
            if (match != null) {
                return apply(each.row, doing, match, error);
            }
        }
        AmqpException amqp = find(error, AmqpException.class);
        if (amqp != null) {
            return ofAmqp(doing, amqp, error);
        }
        // What the clients throw otherwise when they are closed or their connection is: a new session decides.
        return new BrokerConnectionException(doing + ": " + text(error), error);
    }

    private static BrokerException ofAmqp(String doing, AmqpException amqp, Throwable error) {
        AmqpErrorCondition condition = amqp.getErrorCondition();
        if (condition == AmqpErrorCondition.NOT_ALLOWED || condition == AmqpErrorCondition.NOT_IMPLEMENTED) {
            return new BrokerException(doing + ": " + text(amqp) + "; the queue does not allow it", error);
        }
        return apply(BROKEN, doing, amqp, error);
    }

    private static BrokerException ofStorage(String doing, QueueStorageException storage, Throwable error) {
        String code = code(storage);
        Row row = BY_CODE.get(code);
        String said = doing + ": Storage says " + code + " (" + storage.getStatusCode() + ")";
        if (row != null) {
            return row.translation.apply(said + "; " + row.advice, error);
        }
        return switch (storage.getStatusCode()) {
            case 401, 403 -> new BrokerAuthenticationException(said + "; " + REFUSED.advice, error);
            case 404 -> new DestinationNotFoundException(said + "; " + NOT_FOUND.advice, error);
            case 413 -> new MessageException(said + "; " + TOO_LARGE.advice, error);
            case 408, 429 -> retryable(said + "; " + BUSY.advice, error);
            default -> new BrokerException(said, error, storage.getStatusCode() >= SERVER_ERROR);
        };
    }

    /** Returns the code that Storage gave, or the status where there is none. */
    static String code(QueueStorageException storage) {
        String header = storage.getResponse() == null
                ? null
                : storage.getResponse()
                        .getHeaders()
                        .getValue(com.azure.core.http.HttpHeaderName.fromString("x-ms-error-code"));
        return header == null ? Integer.toString(storage.getStatusCode()) : oneLine(header);
    }

    /** Translates an error of a send: what does not say that the message was refused leaves its fate open. */
    static BrokerException ofSend(String doing, Throwable error) {
        BrokerException known = translate(doing, error);
        ServiceBusException bus = find(error, ServiceBusException.class);
        QueueStorageException storage = find(error, QueueStorageException.class);
        boolean certain = known instanceof MessageException
                || known instanceof BrokerAuthenticationException
                || known instanceof DestinationNotFoundException
                || (bus != null && CERTAIN.contains(bus.getReason()))
                || (storage != null && storage.getStatusCode() < SERVER_ERROR)
                || find(error, java.net.ConnectException.class) != null
                || find(error, UnsupportedOperationException.class) != null; // amqp:not-allowed, as the client tells it
        return certain ? known : new UncertainSendException(known.getMessage() + "; it may have been sent", error);
    }

    /** Returns whether the broker had taken the message back. */
    static boolean isStale(Throwable error) {
        ServiceBusException bus = find(error, ServiceBusException.class);
        if (bus != null && STALE.contains(bus.getReason())) {
            return true;
        }
        AmqpException amqp = find(error, AmqpException.class);
        return amqp != null
                && (amqp.getErrorCondition() == AmqpErrorCondition.MESSAGE_LOCK_LOST
                        || amqp.getErrorCondition() == AmqpErrorCondition.SESSION_LOCK_LOST);
    }

    /** Returns whether it is something that the service has said, and not its silence. */
    static boolean isAnswer(Throwable error) {
        AmqpException amqp = find(error, AmqpException.class);
        return amqp != null
                && (amqp.getErrorCondition() == AmqpErrorCondition.NOT_FOUND
                        || amqp.getErrorCondition() == AmqpErrorCondition.MESSAGE_NOT_FOUND);
    }

    /** Returns whether the service has said that it is asked too often: it is there, and will answer later. */
    static boolean isBusy(Throwable error) {
        QueueStorageException storage = find(error, QueueStorageException.class);
        ServiceBusException bus = find(error, ServiceBusException.class);
        return (storage != null && BUSY_CODES.contains(code(storage)))
                || (bus != null && bus.getReason() == ServiceBusFailureReason.SERVICE_BUSY);
    }

    /** Returns the error or the first of its causes that is of a type, or null. */
    static <T extends Throwable> @Nullable T find(Throwable error, Class<T> type) {
        Throwable cause = error;
        for (int depth = 0; cause != null && depth < MAX_DEPTH; depth++) {
            if (type.isInstance(cause)) {
                return type.cast(cause);
            }
            cause = cause.getCause();
        }
        return null;
    }

    private static BrokerException apply(Row row, String doing, Throwable match, Throwable error) {
        return row.translation.apply(doing + ": " + text(match) + "; " + row.advice, error);
    }

    private static String text(Throwable cause) {
        String message = cause.getMessage() == null ? "" : ": " + cause.getMessage();
        return oneLine(cause.getClass().getSimpleName() + message);
    }

    /** What a service says may hold line breaks. */
    private static String oneLine(String text) {
        String line = text.replaceAll("\\p{Cntrl}", " ");
        return line.length() <= 500 ? line : line.substring(0, 500) + "...";
    }
}
