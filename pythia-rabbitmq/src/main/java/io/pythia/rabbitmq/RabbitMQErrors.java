package io.pythia.rabbitmq;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.AlreadyClosedException;
import com.rabbitmq.client.AuthenticationFailureException;
import com.rabbitmq.client.MalformedFrameException;
import com.rabbitmq.client.Method;
import com.rabbitmq.client.MissedHeartbeatException;
import com.rabbitmq.client.PossibleAuthenticationFailureException;
import com.rabbitmq.client.ProtocolVersionMismatchException;
import com.rabbitmq.client.ShutdownSignalException;
import io.pythia.BrokerAuthenticationException;
import io.pythia.BrokerConnectionException;
import io.pythia.BrokerException;
import io.pythia.BrokerTimeoutException;
import io.pythia.DestinationNotFoundException;
import java.io.IOException;
import java.net.UnknownHostException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import java.util.function.BiFunction;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** The tables of RabbitMQ's errors: what the broker says by a reply code when it closes something, and what the client throws. */
final class RabbitMQErrors {
    /** What an error is here. */
    record Row(String advice, BiFunction<String, Throwable, BrokerException> translation) {}

    /** By the class of an error or of one of its causes; the first that matches. */
    record ClassRow(Class<? extends Throwable> type, Row row) {}

    /** By the reply code with which the broker closes a channel or a connection. */
    static final Map<Integer, Row> BY_CODE = Map.ofEntries(
            Map.entry(AMQP.CONTENT_TOO_LARGE, new Row("send less", RabbitMQErrors::retryable)),
            Map.entry(
                    AMQP.CONNECTION_FORCED,
                    new Row("an operator or a restart closed it", BrokerConnectionException::new)),
            Map.entry(AMQP.INVALID_PATH, new Row("check the virtual host", DestinationNotFoundException::new)),
            Map.entry(
                    AMQP.ACCESS_REFUSED,
                    new Row("check the password and the user's permissions", BrokerAuthenticationException::new)),
            Map.entry(AMQP.NOT_FOUND, new Row("declare it, or check its name", DestinationNotFoundException::new)),
            Map.entry(
                    AMQP.RESOURCE_LOCKED,
                    new Row("another connection holds it exclusively", RabbitMQErrors::retryable)),
            Map.entry(AMQP.PRECONDITION_FAILED, new Row("see the cause", RabbitMQErrors::retryable)),
            Map.entry(AMQP.FRAME_ERROR, new Row("the stream was damaged", BrokerConnectionException::new)),
            Map.entry(AMQP.SYNTAX_ERROR, new Row("the stream was damaged", BrokerConnectionException::new)),
            Map.entry(AMQP.COMMAND_INVALID, new Row("the stream was damaged", BrokerConnectionException::new)),
            Map.entry(AMQP.CHANNEL_ERROR, new Row("the stream was damaged", BrokerConnectionException::new)),
            Map.entry(AMQP.UNEXPECTED_FRAME, new Row("the stream was damaged", BrokerConnectionException::new)),
            Map.entry(AMQP.RESOURCE_ERROR, new Row("the broker is short of something", RabbitMQErrors::retryable)),
            Map.entry(
                    AMQP.NOT_ALLOWED,
                    new Row("check the virtual host and the user's rights to it", BrokerAuthenticationException::new)),
            Map.entry(AMQP.NOT_IMPLEMENTED, new Row("the broker can't do this", BrokerException::new)),
            Map.entry(AMQP.INTERNAL_ERROR, new Row("see the broker's log", RabbitMQErrors::retryable)));

    /** By what the client throws, from the special to the general. */
    static final List<ClassRow> BY_CLASS = List.of(
            new ClassRow(
                    CertificateException.class,
                    new Row(
                            "the broker's certificate is not trusted, expired, or for another host",
                            BrokerAuthenticationException::new)),
            new ClassRow(
                    CertPathValidatorException.class,
                    new Row("the broker's certificate is not trusted or expired", BrokerAuthenticationException::new)),
            new ClassRow(
                    AuthenticationFailureException.class,
                    new Row("check user name and password", BrokerAuthenticationException::new)),
            new ClassRow(
                    PossibleAuthenticationFailureException.class,
                    // Mostly a connection that broke in this moment: today's brokers say what they don't like.
                    new Row(
                            "the connection broke while it was made; an old broker also does this to a wrong password",
                            BrokerConnectionException::new)),
            new ClassRow(
                    UnknownHostException.class, new Row("check the name of the host", BrokerConnectionException::new)),
            new ClassRow(
                    SSLException.class,
                    new Row(
                            "does this port speak TLS, and does the broker ask for a client's certificate?",
                            BrokerConnectionException::new)),
            new ClassRow(
                    ProtocolVersionMismatchException.class,
                    new Row("is this a broker's port for AMQP 0-9-1?", BrokerConnectionException::new)),
            new ClassRow(
                    MalformedFrameException.class,
                    new Row("is this a broker's port for AMQP 0-9-1, without TLS?", BrokerConnectionException::new)),
            new ClassRow(
                    MissedHeartbeatException.class,
                    new Row("the broker or the network is silent", BrokerConnectionException::new)),
            new ClassRow(
                    TimeoutException.class, new Row("the broker does not answer in time", BrokerTimeoutException::new)),
            new ClassRow(
                    IOException.class,
                    new Row("is the address right, and the broker up?", BrokerConnectionException::new)),
            new ClassRow(AlreadyClosedException.class, new Row("the session is over", BrokerConnectionException::new)),
            new ClassRow(
                    ShutdownSignalException.class, new Row("the session is over", BrokerConnectionException::new)));

    /** Beyond this a chain of causes is a circle. */
    private static final int MAX_DEPTH = 20;

    private static final Row MISMATCH = new Row(
            "it exists with other properties: set the same ones, delete it, or use topology=passive",
            BrokerException::new);
    private static final Row IN_USE = new Row("another consumer has it exclusively", RabbitMQErrors::retryable);
    private static final Row NODE_DOWN = new Row("its node is down", RabbitMQErrors::retryable);
    private static final Row NO_VHOST = new Row("create the virtual host", DestinationNotFoundException::new);
    private static final Row ACK_TIMEOUT = new Row(
            "messages were unsettled for longer than the broker's consumer_timeout: they come again; settle sooner, or raise it",
            RabbitMQErrors::retryable);

    private RabbitMQErrors() {}

    private static BrokerException retryable(String text, Throwable cause) {
        return new BrokerException(text, cause, true);
    }

    /** Translates an error that came while doing something. */
    static BrokerException translate(String doing, Throwable error) {
        Throwable cause = error;
        for (int depth = 0; cause != null && depth < MAX_DEPTH; depth++) {
            if (cause instanceof BrokerException known) {
                return known;
            }
            if (cause instanceof ShutdownSignalException signal && replyText(signal) != null) {
                return said(doing, replyCode(signal), String.valueOf(replyText(signal)), error);
            }
            if (cause instanceof IllegalStateException && text(cause).contains("Message body is too large")) {
                return new BrokerException(doing + ": " + text(cause) + "; raise maxMessageBytes", error);
            }
            cause = cause.getCause();
        }
        for (ClassRow each : BY_CLASS) {
            Optional<Throwable> match = causeOf(each.type, error);
            if (match.isPresent()) {
                return each.row.translation.apply(doing + ": " + text(match.get()) + "; " + each.row.advice, error);
            }
        }
        return new BrokerException(doing + ": " + text(error), error);
    }

    /** Translates what the broker said when it closed a channel or a connection. */
    private static BrokerException said(String doing, int code, String text, Throwable error) {
        Row row = special(code, text);
        if (row == null) {
            row = BY_CODE.getOrDefault(code, new Row("see the cause", RabbitMQErrors::retryable));
        }
        String detail = row == MISMATCH ? mismatch(text) : oneLine(text);
        return row.translation.apply(doing + ": " + detail + "; " + row.advice, error);
    }

    /** The broker uses one code for different things; its text tells them apart. */
    private static @Nullable Row special(int code, String text) {
        return switch (code) {
            case AMQP.PRECONDITION_FAILED ->
                text.contains("inequivalent arg") || text.contains("invalid arg")
                        ? MISMATCH
                        : text.contains("timed out") ? ACK_TIMEOUT : null;
            case AMQP.ACCESS_REFUSED -> text.contains("in exclusive use") ? IN_USE : null;
            case AMQP.NOT_FOUND -> text.contains("down or inaccessible") ? NODE_DOWN : null;
            case AMQP.NOT_ALLOWED -> text.contains("not found") ? NO_VHOST : text.contains("down") ? NODE_DOWN : null;
            default -> null;
        };
    }

    /**
     * Says what differs between what is wanted and what exists: {@code inequivalent arg 'durable' for queue 'q' in vhost '/': received
     * 'false' but current is 'true'}.
     */
    static String mismatch(String text) {
        String argument = between(text, "inequivalent arg '", "'");
        String what = between(text, "' for ", " in vhost");
        String wanted = between(text, ": received ", " but current is ");
        int current = text.indexOf(" but current is ");
        if (argument == null || what == null || wanted == null || current < 0) {
            return oneLine(text);
        }
        return oneLine(what + " has another " + argument + ": wanted is " + wanted + ", but it exists with "
                + text.substring(current + " but current is ".length()));
    }

    /** Returns the size of the message for which the broker closed the channel because it takes only smaller ones, -1 if it was not that. */
    static long refusedSize(BrokerException error) {
        String text = String.valueOf(error.getMessage());
        String size = between(text, "message size ", " is larger than configured max size");
        try {
            return size == null ? -1 : Long.parseLong(size);
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    /** Returns whether the broker closed the channel, and not the connection: it did not like something that was sent there. */
    static boolean hasClosedChannel(BrokerException error) {
        return causeOf(ShutdownSignalException.class, error)
                .filter(signal -> ((ShutdownSignalException) signal).getReason() instanceof AMQP.Channel.Close)
                .isPresent();
    }

    private static @Nullable String between(String text, String before, String after) {
        int from = text.indexOf(before);
        int to = from < 0 ? -1 : text.indexOf(after, from + before.length());
        return to < 0 ? null : text.substring(from + before.length(), to);
    }

    private static Optional<Throwable> causeOf(Class<? extends Throwable> type, Throwable error) {
        Throwable cause = error;
        for (int depth = 0; cause != null && depth < MAX_DEPTH; depth++) {
            if (type.isInstance(cause)) {
                return Optional.of(cause);
            }
            cause = cause.getCause();
        }
        return Optional.empty();
    }

    static int replyCode(ShutdownSignalException signal) {
        Method reason = signal.getReason();
        return reason instanceof AMQP.Channel.Close close
                ? close.getReplyCode()
                : reason instanceof AMQP.Connection.Close close ? close.getReplyCode() : 0;
    }

    /** Returns what the broker said, or null if it did not close it. */
    static @Nullable String replyText(ShutdownSignalException signal) {
        Method reason = signal.getReason();
        if (signal.isInitiatedByApplication()) {
            return null;
        }
        return reason instanceof AMQP.Channel.Close close
                ? close.getReplyText()
                : reason instanceof AMQP.Connection.Close close ? close.getReplyText() : null;
    }

    private static String text(Throwable cause) {
        String message = cause.getMessage() == null ? "" : ": " + cause.getMessage();
        return oneLine(cause.getClass().getSimpleName() + message);
    }

    /** What a broker says may hold line breaks. */
    private static String oneLine(String text) {
        String line = text.replaceAll("\\p{Cntrl}", " ");
        return line.length() <= 500 ? line : line.substring(0, 500) + "...";
    }
}
