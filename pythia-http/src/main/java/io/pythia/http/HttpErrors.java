package io.pythia.http;

import io.pythia.BrokerAuthenticationException;
import io.pythia.BrokerConnectionException;
import io.pythia.BrokerException;
import io.pythia.BrokerTimeoutException;
import io.pythia.DestinationNotFoundException;
import io.pythia.http.AddressGuard.BlockedAddressException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.ProtocolException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.net.UnknownServiceException;
import java.security.cert.CertificateException;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Predicate;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/** The table of what goes wrong: the first row that matches says what it is here. */
final class HttpErrors {
    /** One row for an error of the client. */
    record Row(
            Predicate<Throwable> matches, String advice, BiFunction<String, Throwable, BrokerException> translation) {}

    /** One row for a status. */
    record StatusRow(
            int from, int to, String advice, BiFunction<String, @Nullable Throwable, BrokerException> translation) {}

    /** Ordered from the special to the general. */
    static final List<Row> TABLE = List.of(
            new Row(BlockedAddressException.class::isInstance, "the request was not made", BrokerException::new),
            new Row(
                    TooLargeException.class::isInstance,
                    "raise maxResponseBytes, or ask for less",
                    HttpErrors::retryable),
            new Row(
                    HttpErrors::isCertificate,
                    "the server's certificate is not trusted or not for this host; see the setting tls",
                    BrokerAuthenticationException::new),
            new Row(UnknownServiceException.class::isInstance, "check the URL's scheme", BrokerException::new),
            new Row(
                    UnknownHostException.class::isInstance,
                    "check the host, and the name service",
                    BrokerConnectionException::new),
            new Row(
                    SocketTimeoutException.class::isInstance,
                    "the server did not answer in time; see the setting timeout",
                    BrokerTimeoutException::new),
            new Row(
                    InterruptedIOException.class::isInstance,
                    "the server did not answer in time; see the setting timeout",
                    BrokerTimeoutException::new),
            new Row(ConnectException.class::isInstance, "is the server up?", BrokerConnectionException::new),
            new Row(SSLException.class::isInstance, "does the server speak TLS there?", BrokerConnectionException::new),
            new Row(IOException.class::isInstance, "the connection broke", BrokerConnectionException::new));

    /** Statuses that are no success. */
    static final List<StatusRow> STATUSES = List.of(
            new StatusRow(
                    300,
                    399,
                    "redirects are not followed, since they can lead anywhere; set the URL to where it leads",
                    BrokerException::new),
            new StatusRow(401, 401, "check the credentials", BrokerAuthenticationException::new),
            new StatusRow(403, 403, "check the credentials and their rights", BrokerAuthenticationException::new),
            new StatusRow(404, 404, "check the URL", DestinationNotFoundException::new),
            new StatusRow(407, 407, "the proxy wants credentials", BrokerAuthenticationException::new),
            new StatusRow(408, 409, "it may go later", HttpErrors::retryable),
            new StatusRow(410, 410, "it is gone for good", DestinationNotFoundException::new),
            new StatusRow(425, 425, "it may go later", HttpErrors::retryable),
            new StatusRow(429, 429, "the server wants fewer requests", HttpErrors::retryable),
            new StatusRow(400, 499, "the server does not take such a request", BrokerException::new),
            new StatusRow(500, 599, "the server has a problem", BrokerConnectionException::new),
            new StatusRow(0, 999, "not a status that is expected here", BrokerException::new));

    private HttpErrors() {}

    private static BrokerException retryable(String text, @Nullable Throwable cause) {
        return new BrokerException(text, cause, true);
    }

    private static boolean isCertificate(Throwable error) {
        if (error instanceof SSLPeerUnverifiedException) {
            return true;
        }
        for (Throwable cause = error.getCause();
                error instanceof SSLException && cause != null;
                cause = cause.getCause()) {
            if (cause instanceof CertificateException) {
                return true;
            }
        }
        return false;
    }

    /** Translates an error that came while doing something. */
    static BrokerException translate(String doing, Throwable error) {
        if (error instanceof BrokerException known) {
            return known;
        }
        Throwable shown = error instanceof ProtocolException ? withoutQuotes(error) : error;
        for (Row row : TABLE) {
            if (row.matches.test(shown)) {
                return row.translation.apply(doing + ": " + text(shown) + "; " + row.advice, shown);
            }
        }
        return new BrokerException(doing + ": " + error.getClass().getSimpleName(), error);
    }

    /** The client quotes what came, and what came may repeat what was sent. */
    private static Throwable withoutQuotes(Throwable error) {
        ProtocolException plain = new ProtocolException("the server's answer is not as HTTP demands");
        plain.setStackTrace(error.getStackTrace());
        return plain;
    }

    /** Translates a status that is no success. */
    static BrokerException translate(String doing, int status) {
        for (StatusRow row : STATUSES) {
            if (status >= row.from && status <= row.to) {
                return row.translation.apply(doing + ": the server answered " + status + "; " + row.advice, null);
            }
        }
        throw new IllegalStateException("the last row matches every status");
    }

    /** One line, bounded: what a server says may hold line breaks. */
    private static String text(Throwable error) {
        String message = error.getMessage() == null ? "" : ": " + error.getMessage();
        String line = (error.getClass().getSimpleName() + message).replaceAll("\\p{Cntrl}", " ");
        return line.length() <= 300 ? line : line.substring(0, 300) + "...";
    }

    /** An answer is larger than allowed. */
    static final class TooLargeException extends IOException {
        private static final long serialVersionUID = 1L;

        TooLargeException(int max) {
            super("the answer has more than " + max + " bytes");
        }
    }
}
