package io.pythia.redis;

import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisCommandTimeoutException;
import io.lettuce.core.RedisException;
import io.pythia.BrokerAuthenticationException;
import io.pythia.BrokerConnectionException;
import io.pythia.BrokerException;
import io.pythia.BrokerTimeoutException;
import io.pythia.DestinationNotFoundException;
import io.pythia.MessageException;
import io.pythia.UncertainSendException;
import java.io.IOException;
import java.security.cert.CertificateException;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.BiFunction;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import javax.net.ssl.SSLHandshakeException;
import org.jspecify.annotations.Nullable;

/** The table of Redis's errors: the first row that matches says what it is here. */
final class RedisErrors {
    /**
     * One row.
     *
     * @param what a word the server's answer begins with, or the simple name of an exception
     * @param endsSession whether the connection leads to the wrong place, so that a new one has to be sought
     */
    record Row(
            String what,
            String advice,
            boolean endsSession,
            Predicate<Throwable> matches,
            BiFunction<String, Throwable, BrokerException> translation) {}

    /** Ordered from the special to the general. */
    static final List<Row> TABLE = List.of(
            answer("NOAUTH", "set the password", false, BrokerAuthenticationException::new),
            answer("WRONGPASS", "check user and password", false, BrokerAuthenticationException::new),
            answer("NOPERM", "the user needs the right by an ACL", false, BrokerAuthenticationException::new),
            answer("ERR invalid password", "check the password", false, BrokerAuthenticationException::new),
            answer("ERR AUTH", "the server has no password: set none", false, BrokerAuthenticationException::new),
            answer("NOGROUP", "the stream or its group is gone", false, DestinationNotFoundException::new),
            answer("WRONGTYPE", "the key holds something else: check its name", false, BrokerException::new),
            answer("CROSSSLOT", "give the keys one {hash-tag}", false, BrokerException::new),
            answer("ERR unknown command", "the server is too old (6.2 is needed)", false, BrokerException::new),
            answer("ERR unknown subcommand", "the server is too old (6.2 is needed)", false, BrokerException::new),
            answer("OOM", "the server's memory is full (maxmemory)", false, RedisErrors::later),
            answer("MISCONF", "the server can't save what it has", false, RedisErrors::later),
            answer("NOREPLICAS", "too few replicas follow the server", false, RedisErrors::later),
            answer("BUSY", "the server is in a long script", false, RedisErrors::later),
            answer("LOADING", "the server is starting", true, BrokerConnectionException::new),
            answer("READONLY", "the server is a replica now", true, BrokerConnectionException::new),
            answer("MASTERDOWN", "the replica has lost its master", true, BrokerConnectionException::new),
            answer("MOVED", "the slot is at another node now", true, BrokerConnectionException::new),
            answer("ASK", "the slot is moving to another node", true, BrokerConnectionException::new),
            answer("TRYAGAIN", "the slot is moving to another node", true, BrokerConnectionException::new),
            answer("CLUSTERDOWN", "the cluster is not complete", true, BrokerConnectionException::new),
            answer("ERR max number of clients", "raise maxclients", true, BrokerConnectionException::new),
            new Row(
                    "RedisCommandExecutionException",
                    "see the cause",
                    false,
                    RedisCommandExecutionException.class::isInstance,
                    BrokerException::new),
            new Row(
                    "CertificateException",
                    "check the certificates and the host's name",
                    false,
                    CertificateException.class::isInstance,
                    BrokerAuthenticationException::new),
            new Row(
                    "SSLHandshakeException",
                    "check the certificates, and that the port speaks TLS",
                    false,
                    e -> e.getClass() == SSLHandshakeException.class,
                    BrokerAuthenticationException::new),
            new Row(
                    "RedisCommandTimeoutException",
                    "is the server overloaded, or the network cut?",
                    true,
                    RedisCommandTimeoutException.class::isInstance,
                    BrokerTimeoutException::new),
            new Row(
                    "TimeoutException",
                    "is the server overloaded, or the network cut?",
                    true,
                    TimeoutException.class::isInstance,
                    BrokerTimeoutException::new),
            new Row(
                    "CancellationException",
                    "the connection was lost",
                    true,
                    CancellationException.class::isInstance,
                    BrokerConnectionException::new),
            new Row(
                    "IOException",
                    "is the address right, and the server up?",
                    true,
                    IOException.class::isInstance,
                    BrokerConnectionException::new),
            new Row(
                    "RedisException",
                    "is the address right, and the server up?",
                    true,
                    RedisException.class::isInstance,
                    BrokerConnectionException::new));

    private static final int MAX_DEPTH = 10;

    /** What a server before 7 says before the error of a command in a script. */
    private static final Pattern IN_A_SCRIPT =
            Pattern.compile("^ERR Error running script \\(call to \\w+\\): (?:@user_script: ?\\d+: )+-?");

    private RedisErrors() {}

    private static Row answer(
            String prefix,
            String advice,
            boolean endsSession,
            BiFunction<String, Throwable, BrokerException> translation) {
        return new Row(
                prefix,
                advice,
                endsSession,
                e -> e instanceof RedisCommandExecutionException && text(e).startsWith(prefix),
                translation);
    }

    private static BrokerException later(String text, Throwable cause) {
        return new BrokerException(text, cause, true);
    }

    /** Translates an error that came while doing something. */
    static BrokerException translate(String doing, Throwable error) {
        Throwable cause = unwrap(error);
        if (cause instanceof BrokerException known) {
            return known;
        }
        Row row = row(cause);
        return row == null
                ? new BrokerException(doing + ": " + shown(cause), cause)
                : row.translation.apply(doing + ": " + shown(cause) + "; " + row.advice, cause);
    }

    /**
     * Translates the error of a send. What the server answered is certain: it has not taken the message. Everything else leaves it open.
     *
     * @param sendAgain whether the engine may send it again although nobody knows
     */
    static BrokerException translateSend(String doing, Throwable error, boolean sendAgain) {
        Throwable cause = unwrap(error);
        BrokerException translated = translate(doing, cause);
        if (cause instanceof BrokerException) {
            return translated;
        }
        if (!(cause instanceof RedisCommandExecutionException)) {
            return new UncertainSendException(
                    translated.getMessage() + "; the server may have the message", cause, sendAgain);
        }
        return translated instanceof BrokerAuthenticationException
                ? translated
                : new MessageException(String.valueOf(translated.getMessage()), cause, translated.isRetryable());
    }

    /** Translates the error of handing a command to the client, which has then certainly not been sent. */
    static BrokerException translateNotSent(String doing, Throwable error) {
        BrokerException translated = translate(doing, error);
        return new MessageException(
                translated.getMessage() + "; the message was not sent", translated.getCause(), true);
    }

    /** Returns whether a new connection has to be sought after this error. */
    static boolean endsSession(Throwable error) {
        Row row = row(unwrap(error));
        return row == null || row.endsSession;
    }

    /** Returns whether the server's answer begins so. */
    static boolean isAnswer(Throwable error, String prefix) {
        Throwable cause = unwrap(error);
        return cause instanceof RedisCommandExecutionException && text(cause).startsWith(prefix);
    }

    /**
     * Returns whether the client has lost why it could not connect: when the server has refused it before the client looks, that says only
     * that its own "RedisHandshakeHandler" is "not registered".
     */
    static boolean isUnknown(Throwable error) {
        Throwable cause = error;
        for (int i = 0; cause != null && i < MAX_DEPTH; i++) {
            if (cause instanceof IllegalStateException) {
                return true;
            }
            cause = cause.getCause();
        }
        return false;
    }

    private static @Nullable Row row(Throwable cause) {
        for (Row row : TABLE) {
            if (row.matches.test(cause)) {
                return row;
            }
        }
        return null;
    }

    /** The client wraps what it can't connect for, once or more: what the server or the system said is deep inside. */
    private static Throwable unwrap(Throwable error) {
        Throwable cause = error;
        while ((cause instanceof ExecutionException || cause instanceof CompletionException)
                && cause.getCause() != null) {
            cause = cause.getCause();
        }
        Throwable deep = cause;
        for (int i = 0; deep != null && i < MAX_DEPTH; i++) {
            if (deep instanceof RedisCommandExecutionException
                    || deep instanceof CertificateException
                    || deep.getClass() == SSLHandshakeException.class) {
                return deep;
            }
            deep = deep.getCause();
        }
        return cause;
    }

    private static String text(Throwable cause) {
        return cause.getMessage() == null
                ? ""
                : IN_A_SCRIPT.matcher(cause.getMessage()).replaceFirst("");
    }

    /** One line: what a server says may hold line breaks. */
    private static String shown(Throwable cause) {
        Throwable root = cause.getCause();
        String more = root == null || root == cause || root.getMessage() == null ? "" : " (" + root.getMessage() + ")";
        String all = cause.getClass().getSimpleName() + (text(cause).isEmpty() ? "" : ": " + text(cause)) + more;
        return all.replaceAll("\\p{Cntrl}", " ");
    }
}
