package io.pythia.http;

import io.pythia.BrokerAuthenticationException;
import io.pythia.BrokerConnectionException;
import io.pythia.BrokerException;
import io.pythia.BrokerTimeoutException;
import io.pythia.DestinationNotFoundException;
import io.pythia.MessageException;
import io.pythia.UncertainSendException;
import io.pythia.http.ScriptedServer.Exchange;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;

/** What a server can do to a client, and what a poller and a webhook sender make of it. */
enum HostileAnswer {
    UNAUTHORIZED(status(401), BrokerAuthenticationException.class, BrokerAuthenticationException.class),
    FORBIDDEN(status(403), BrokerAuthenticationException.class, BrokerAuthenticationException.class),
    NOT_FOUND(status(404), DestinationNotFoundException.class, DestinationNotFoundException.class),
    GONE(status(410), DestinationNotFoundException.class, DestinationNotFoundException.class),
    BAD_REQUEST(status(400), BrokerException.class, MessageException.class),
    PROXY_LOGIN(status(407, "Proxy-Authenticate: Basic"), BrokerException.class, BrokerException.class),
    REQUEST_TIMEOUT(status(408), BrokerException.class, MessageException.class),
    MISDIRECTED(status(421), BrokerException.class, MessageException.class),
    TOO_MANY(status(429, "Retry-After: Fri, 06 Nov 2099 08:49:37 GMT"), BrokerException.class, MessageException.class),
    SERVER_ERROR(status(500), BrokerConnectionException.class, MessageException.class),
    UNAVAILABLE_AT_ONCE(status(503, "Retry-After: 0"), BrokerConnectionException.class, MessageException.class),
    UNAVAILABLE_FOR_AGES(
            status(503, "Retry-After: 99999999999"), BrokerConnectionException.class, MessageException.class),
    UNAVAILABLE_NEGATIVE(status(503, "Retry-After: -5"), BrokerConnectionException.class, MessageException.class),
    UNAVAILABLE_TWICE(
            status(503, "Retry-After: 0", "Retry-After: 120"), BrokerConnectionException.class, MessageException.class),
    UNAVAILABLE_ODDLY(status(503, "Retry-After: \u00e9"), BrokerConnectionException.class, MessageException.class),
    FINE_ODDLY(status(200, "Retry-After: \u00e9\u0001"), null, null),
    MOVED(status(301, "Location: http://169.254.169.254/"), BrokerException.class, MessageException.class),
    SEE_OTHER(status(303, "Location: /other"), BrokerException.class, MessageException.class),
    TEMPORARY(status(307, "Location: http://127.0.0.1:1/"), BrokerException.class, MessageException.class),
    PERMANENT(status(308, "Location: file:///etc/passwd"), BrokerException.class, MessageException.class),
    ODD_STATUS(status(799), BrokerException.class, MessageException.class),
    NOT_HTTP(raw("SSH-2.0-OpenSSH_9.2\r\n"), BrokerConnectionException.class, UncertainSendException.class),
    NO_STATUS(raw("HTTP/1.1 \r\n\r\n"), BrokerConnectionException.class, UncertainSendException.class),
    BAD_STATUS(raw("HTTP/1.1 abc OK\r\n\r\n"), BrokerConnectionException.class, UncertainSendException.class),
    SWITCHED_PROTOCOL(
            raw("HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nxx"),
            BrokerConnectionException.class,
            UncertainSendException.class),
    ENDLESS_CONTINUE(
            (request, exchange) -> {
                while (true) {
                    exchange.raw("HTTP/1.1 100 Continue\r\n\r\n");
                }
            },
            BrokerException.class,
            UncertainSendException.class),
    HUNG_UP((request, exchange) -> exchange.close(), BrokerConnectionException.class, UncertainSendException.class),
    RESET((request, exchange) -> exchange.reset(), BrokerConnectionException.class, UncertainSendException.class),
    RESET_IN_HEADERS(
            (request, exchange) -> {
                exchange.raw("HTTP/1.1 200 OK\r\nContent-Le");
                exchange.reset();
            },
            BrokerConnectionException.class,
            UncertainSendException.class),
    SILENT((request, exchange) -> exchange.awaitHangUp(), BrokerTimeoutException.class, UncertainSendException.class),
    DRIPPING_HEADERS(
            (request, exchange) -> {
                exchange.raw("HTTP/1.1 200 OK\r\n");
                drip(exchange, "X-Drip: 1\r\n");
            },
            BrokerTimeoutException.class,
            UncertainSendException.class),
    HUGE_HEADERS(
            raw("HTTP/1.1 200 OK\r\nX-Huge: " + "x".repeat(600_000) + "\r\nContent-Length: 0\r\n\r\n"),
            BrokerConnectionException.class,
            UncertainSendException.class),
    BAD_HEADER(
            (request, exchange) ->
                    exchange.raw("HTTP/1.1 200 OK\r\n: no name\r\nX\u00e9: \u00ff\u0080\r\nContent-Length: 0\r\n\r\n"),
            null,
            null),
    // With these a webhook has its 2xx: that is a receipt, whatever comes of the rest.
    DRIPPING_BODY(
            (request, exchange) -> {
                exchange.raw("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
                drip(exchange, "x");
            },
            BrokerTimeoutException.class,
            null),
    RESET_IN_BODY(
            (request, exchange) -> {
                exchange.raw("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc");
                exchange.reset();
            },
            BrokerConnectionException.class,
            null),
    CUT_OFF(
            (request, exchange) -> {
                exchange.raw("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc");
                exchange.close();
            },
            BrokerConnectionException.class,
            null),
    BAD_CHUNK(
            raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n"),
            BrokerConnectionException.class,
            null),
    HUGE_CHUNK(
            raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nabc\r\n"),
            BrokerConnectionException.class,
            null),
    CHUNKS_CUT_OFF(
            (request, exchange) -> {
                exchange.raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n");
                exchange.close();
            },
            BrokerConnectionException.class,
            null),
    TOO_LARGE((request, exchange) -> exchange.send(200, new byte[3 << 20]), BrokerException.class, null),
    GZIP_BOMB(
            (request, exchange) -> exchange.send(200, Bomb.BYTES, "Content-Encoding: gzip"),
            BrokerException.class,
            null),
    NO_GZIP(
            (request, exchange) -> exchange.send(200, "plain", "Content-Encoding: gzip"),
            BrokerConnectionException.class,
            null),
    NO_CONTENT_WITH_CONTENT(
            raw("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nabcde"),
            BrokerConnectionException.class,
            UncertainSendException.class);

    final ScriptedServer.Script script;
    /** Null if it is a good answer after all. */
    final Class<? extends BrokerException> forPoller;

    final Class<? extends BrokerException> forWebhook;

    HostileAnswer(
            ScriptedServer.Script script,
            Class<? extends BrokerException> forPoller,
            Class<? extends BrokerException> forWebhook) {
        this.script = script;
        this.forPoller = forPoller;
        this.forWebhook = forWebhook;
    }

    private static ScriptedServer.Script status(int status, String... headers) {
        return (request, exchange) -> exchange.send(status, "no\u001b[31m\r\nX: y", headers);
    }

    private static ScriptedServer.Script raw(String text) {
        return (request, exchange) -> {
            exchange.raw(text);
            exchange.awaitHangUp();
        };
    }

    private static void drip(Exchange exchange, String drop) throws IOException, InterruptedException {
        while (true) {
            exchange.raw(drop);
            TimeUnit.MILLISECONDS.sleep(50);
        }
    }

    /** Made once: it takes a while. */
    private static final class Bomb {
        static final byte[] BYTES = bomb();
    }

    /** Before the clock runs. */
    static void makeTheBomb() {
        if (Bomb.BYTES.length == 0) {
            throw new AssertionError("no bomb");
        }
    }

    private static byte[] bomb() {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
            byte[] zeros = new byte[1 << 20];
            for (int i = 0; i < 200; i++) {
                gzip.write(zeros);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return packed.toByteArray();
    }
}
