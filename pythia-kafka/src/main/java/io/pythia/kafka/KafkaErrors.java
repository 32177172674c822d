package io.pythia.kafka;

import io.pythia.BrokerAuthenticationException;
import io.pythia.BrokerConnectionException;
import io.pythia.BrokerException;
import io.pythia.BrokerTimeoutException;
import io.pythia.DestinationNotFoundException;
import io.pythia.MessageException;
import io.pythia.UncertainSendException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.function.BiFunction;
import org.apache.kafka.clients.producer.BufferExhaustedException;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.CorruptRecordException;
import org.apache.kafka.common.errors.DisconnectException;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.NetworkException;
import org.apache.kafka.common.errors.RecordBatchTooLargeException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.errors.UnsupportedVersionException;

/** The table of Kafka's errors: the first row whose class matches says what it is here. */
final class KafkaErrors {
    /** One row. */
    record Row(
            Class<? extends Throwable> type,
            String advice,
            BiFunction<String, Throwable, BrokerException> translation) {}

    /** Ordered from the special to the general. */
    static final List<Row> TABLE = table();

    private KafkaErrors() {}

    private static List<Row> table() {
        List<Row> rows = new ArrayList<>();
        rows.add(new Row(
                AuthenticationException.class,
                "check the credentials and the security protocol",
                BrokerAuthenticationException::new));
        rows.add(new Row(
                AuthorizationException.class,
                "the user needs the right by an ACL",
                BrokerAuthenticationException::new));
        rows.add(new Row(
                UnknownTopicOrPartitionException.class,
                "create the topic, or check its name",
                DestinationNotFoundException::new));
        rows.add(
                new Row(InvalidTopicException.class, "check the name of the topic", DestinationNotFoundException::new));
        rows.add(new Row(
                RecordTooLargeException.class,
                "send less, or raise max.request.size and the topic's max.message.bytes",
                MessageException::new));
        rows.add(new Row(
                RecordBatchTooLargeException.class,
                "send less, or raise the topic's max.message.bytes",
                MessageException::new));
        rows.add(new Row(InvalidRecordException.class, "the broker refused the record", MessageException::new));
        rows.add(new Row(
                CorruptRecordException.class, "the record was damaged on its way", UncertainSendException::new));
        rows.add(new Row(SerializationException.class, "the serializer failed", MessageException::new));
        rows.add(new Row(BufferExhaustedException.class, "the client's buffer is full", KafkaErrors::notSentInTime));
        rows.add(new Row(
                FencedInstanceIdException.class,
                "another consumer has the same groupInstanceId",
                BrokerException::new));
        rows.add(new Row(
                UnsupportedVersionException.class, "the broker is too old for this setting", BrokerException::new));
        rows.add(new Row(NetworkException.class, "the connection broke", BrokerConnectionException::new));
        rows.add(new Row(DisconnectException.class, "the connection broke", BrokerConnectionException::new));
        rows.add(new Row(
                TimeoutException.class,
                "is the broker up, and does it advertise an address that can be reached?",
                BrokerTimeoutException::new));
        rows.add(new Row(RetriableException.class, "it may go later", (text, e) -> new BrokerException(text, e, true)));
        rows.add(new Row(ApiException.class, "see the cause", BrokerException::new));
        rows.add(new Row(KafkaException.class, "see the cause", BrokerException::new));
        return List.copyOf(rows);
    }

    private static BrokerException notSentInTime(String text, Throwable cause) {
        return new MessageException(text, cause, true);
    }

    /** Translates an error that came while doing something. */
    static BrokerException translate(String doing, Throwable error) {
        Throwable cause = unwrap(error);
        if (cause instanceof BrokerException known) {
            return known;
        }
        for (Row row : TABLE) {
            if (row.type.isInstance(cause)) {
                return row.translation.apply(doing + ": " + text(cause) + "; " + row.advice, cause);
            }
        }
        return new BrokerException(doing + ": " + text(cause), cause);
    }

    /**
     * Translates the error of a send. Whether the record may have been written is what matters: the client says so only by the kind of
     * its time-out, a record that expired in its buffer was not sent or has no answer.
     */
    static BrokerException translateSend(String doing, Throwable error) {
        Throwable cause = unwrap(error);
        if (cause instanceof TimeoutException || (cause instanceof RetriableException && !isCertain(cause))) {
            return new UncertainSendException(
                    doing + ": " + text(cause) + "; the broker may have the message, send it again with the same id",
                    cause);
        }
        BrokerException translated = translate(doing, cause);
        return translated instanceof BrokerConnectionException
                ? new UncertainSendException(translated.getMessage() + "; the broker may have the message", cause)
                : translated;
    }

    private static boolean isCertain(Throwable cause) {
        return cause instanceof UnknownTopicOrPartitionException || cause instanceof BufferExhaustedException;
    }

    /** Translates the error of handing a record to the client, which has then certainly not been sent. */
    static BrokerException translateNotSent(String doing, Throwable error) {
        Throwable cause = unwrap(error);
        if (cause instanceof TimeoutException) {
            return new MessageException(doing + ": " + text(cause) + "; the message was not sent", cause, true);
        }
        BrokerException translated = translate(doing, cause);
        boolean knownKind = translated instanceof MessageException
                || translated instanceof DestinationNotFoundException
                || translated instanceof BrokerAuthenticationException;
        return knownKind
                ? translated
                : new MessageException(String.valueOf(translated.getMessage()), cause, translated.isRetryable());
    }

    private static Throwable unwrap(Throwable error) {
        Throwable cause = error;
        while ((cause instanceof ExecutionException || cause instanceof CompletionException)
                && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause;
    }

    /** One line: what a broker says may hold line breaks. */
    static String text(Throwable cause) {
        String message = cause.getMessage() == null ? "" : ": " + cause.getMessage();
        return cause.getClass().getSimpleName() + message.replaceAll("\\p{Cntrl}", " ");
    }
}
