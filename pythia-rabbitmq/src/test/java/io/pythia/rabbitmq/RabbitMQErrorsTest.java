package io.pythia.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.AlreadyClosedException;
import com.rabbitmq.client.ShutdownSignalException;
import io.pythia.BrokerAuthenticationException;
import io.pythia.BrokerException;
import io.pythia.DestinationNotFoundException;
import java.io.EOFException;
import java.io.IOException;
import java.security.cert.CertificateExpiredException;
import java.util.stream.Stream;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class RabbitMQErrorsTest {

    static Stream<Integer> codes() {
        return RabbitMQErrors.BY_CODE.keySet().stream().sorted();
    }

    @ParameterizedTest
    @MethodSource("codes")
    void everyCode_isTranslated_ofChannelAndConnection(int code) {
        for (ShutdownSignalException signal :
                new ShutdownSignalException[] {channel(code, "so"), connection(code, "so")}) {
            BrokerException translated = RabbitMQErrors.translate("doing something", new IOException(signal));
            assertThat(translated)
                    .hasMessageContaining("doing something")
                    .hasMessageContaining("so")
                    .hasMessageContaining(RabbitMQErrors.BY_CODE.get(code).advice())
                    .hasRootCause(signal);
        }
    }

    static Stream<Class<? extends Throwable>> types() {
        return RabbitMQErrors.BY_CLASS.stream().map(RabbitMQErrors.ClassRow::type);
    }

    @ParameterizedTest
    @MethodSource("types")
    void everyClass_isReached(Class<? extends Throwable> type) throws ReflectiveOperationException {
        Throwable error;
        if (type == AlreadyClosedException.class) {
            error = new AlreadyClosedException(new ShutdownSignalException(true, true, null, null));
        } else if (type == ShutdownSignalException.class) {
            error = new ShutdownSignalException(true, false, null, null);
        } else if (type == com.rabbitmq.client.ProtocolVersionMismatchException.class) {
            error = new com.rabbitmq.client.ProtocolVersionMismatchException(null, null);
        } else {
            error = type.getConstructor(String.class).newInstance("said so");
        }
        RabbitMQErrors.Row row = RabbitMQErrors.BY_CLASS.stream()
                .filter(each -> each.type() == type)
                .findFirst()
                .orElseThrow()
                .row();
        assertThat(RabbitMQErrors.translate("doing something", error))
                .hasMessageContaining("doing something")
                .hasMessageContaining(row.advice())
                .hasCause(error);
    }

    /** One code means several things: the text tells. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "403|ACCESS_REFUSED - login was refused|BrokerAuthenticationException|false",
                "403|ACCESS_REFUSED - queue 'q' in vhost '/' in exclusive use|BrokerException|true",
                "404|NOT_FOUND - no queue 'q' in vhost '/'|DestinationNotFoundException|false",
                "404|NOT_FOUND - home node 'a@b' of durable queue 'q' in vhost '/' is down or inaccessible|BrokerException|true",
                "406|PRECONDITION_FAILED - inequivalent arg 'durable' for queue 'q' in vhost '/': received 'false' but current is 'true'|BrokerException|false",
                "406|PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out. Timeout value used: 5000 ms|BrokerException|true",
                "406|PRECONDITION_FAILED - unknown delivery tag 1|BrokerException|true",
                "530|NOT_ALLOWED - vhost nope not found|DestinationNotFoundException|false",
                "530|NOT_ALLOWED - access to vhost 'v' refused for user 'u'|BrokerAuthenticationException|false",
                "320|CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'|BrokerConnectionException|true"
            })
    void text_decides(int code, String text, String type, boolean retryable) {
        BrokerException translated = RabbitMQErrors.translate("x", connection(code, text));
        assertThat(translated.getClass().getSimpleName()).isEqualTo(type);
        assertThat(translated.isRetryable()).isEqualTo(retryable);
    }

    @Test
    void certificateProblem_isFatal_otherTlsProblemsAreNot() {
        SSLHandshakeException expired = new SSLHandshakeException("PKIX path validation failed");
        expired.initCause(new CertificateExpiredException("NotAfter: yesterday"));
        assertThat(RabbitMQErrors.translate("x", expired)).isInstanceOf(BrokerAuthenticationException.class);
        SSLHandshakeException restart = new SSLHandshakeException("Remote host terminated the handshake");
        restart.initCause(new EOFException("SSL peer shut down incorrectly"));
        assertThat(RabbitMQErrors.translate("x", restart).isRetryable()).isTrue();
    }

    @Test
    void messageBeyondTheClientsLimit_isFatal_andNamesTheSetting() {
        BrokerException translated = RabbitMQErrors.translate(
                "x", new IOException(new IllegalStateException("Message body is too large (5), maximum is 4")));
        assertThat(translated).hasMessageContaining("maxMessageBytes");
        assertThat(translated.isRetryable()).isFalse();
    }

    @Test
    void sizeTheBrokerRefused_isReadFromItsText() {
        BrokerException refused = RabbitMQErrors.translate(
                "x", channel(406, "PRECONDITION_FAILED - message size 300 is larger than configured max size 200"));
        assertThat(RabbitMQErrors.refusedSize(refused)).isEqualTo(300);
        assertThat(RabbitMQErrors.refusedSize(new BrokerException("else"))).isEqualTo(-1);
    }

    @Test
    void knownErrorInside_isKept_andTextIsOneLine() {
        DestinationNotFoundException known = new DestinationNotFoundException("gone");
        assertThat(RabbitMQErrors.translate("x", new IOException(known))).isSameAs(known);
        assertThat(RabbitMQErrors.translate("x", channel(541, "a\r\nb\u001b" + "c".repeat(2_000)))
                        .getMessage())
                .doesNotContain("\n", "\u001b")
                .hasSizeLessThan(700);
    }

    private static ShutdownSignalException channel(int code, String text) {
        return new ShutdownSignalException(
                false,
                false,
                new AMQP.Channel.Close.Builder().replyCode(code).replyText(text).build(),
                null);
    }

    private static ShutdownSignalException connection(int code, String text) {
        return new ShutdownSignalException(
                true,
                false,
                new AMQP.Connection.Close.Builder()
                        .replyCode(code)
                        .replyText(text)
                        .build(),
                null);
    }
}
