package io.pythia.cloud.gcp;

import com.google.api.gax.rpc.ApiException;
import com.google.api.gax.rpc.StatusCode.Code;
import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import com.google.rpc.Status;
import io.grpc.protobuf.StatusProto;
import io.pythia.BrokerAuthenticationException;
import io.pythia.BrokerConnectionException;
import io.pythia.BrokerException;
import io.pythia.BrokerTimeoutException;
import io.pythia.DestinationNotFoundException;
import io.pythia.MessageException;
import io.pythia.UncertainSendException;
import java.io.IOException;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.function.BiFunction;

/** The table of Pub/Sub's errors, by the status of the call. */
final class PubSubErrors {
    /** What an error is here. */
    record Row(String advice, BiFunction<String, Throwable, BrokerException> translation) {}

    /** What the same call may not meet the next time. Of a send that failed so nobody knows whether it was applied. */
    static final Set<Code> PASSING =
            Set.of(Code.UNAVAILABLE, Code.DEADLINE_EXCEEDED, Code.ABORTED, Code.INTERNAL, Code.UNKNOWN, Code.CANCELLED);

    /** By the status of the call. */
    static final Map<Code, Row> BY_CODE = byCode();

    private static final int MAX_TEXT = 500;
    private static final int MAX_DEPTH = 10;

    private PubSubErrors() {}

    private static Map<Code, Row> byCode() {
        Map<Code, Row> rows = new EnumMap<>(Code.class);
        rows.put(Code.NOT_FOUND, new Row("create it, or check name and project", DestinationNotFoundException::new));
        rows.put(
                Code.PERMISSION_DENIED,
                new Row("give the account a role with this permission", BrokerAuthenticationException::new));
        rows.put(Code.UNAUTHENTICATED, new Row("check the credentials", BrokerAuthenticationException::new));
        rows.put(
                Code.UNAVAILABLE, new Row("is the address right, and the network up?", BrokerConnectionException::new));
        rows.put(Code.CANCELLED, new Row("the connection was closed", BrokerConnectionException::new));
        rows.put(Code.DEADLINE_EXCEEDED, new Row("no answer in time", BrokerTimeoutException::new));
        rows.put(Code.RESOURCE_EXHAUSTED, new Row("a quota is used up", PubSubErrors::retryable));
        rows.put(Code.ABORTED, new Row("it can be repeated", PubSubErrors::retryable));
        rows.put(Code.INTERNAL, new Row("the service has failed", PubSubErrors::retryable));
        rows.put(Code.UNKNOWN, new Row("see the cause", PubSubErrors::retryable));
        rows.put(
                Code.FAILED_PRECONDITION,
                new Row("is the subscription detached, or one that pushes?", BrokerException::new));
        rows.put(Code.INVALID_ARGUMENT, new Row("see the cause", BrokerException::new));
        rows.put(Code.OUT_OF_RANGE, new Row("see the cause", BrokerException::new));
        rows.put(Code.ALREADY_EXISTS, new Row("see the cause", BrokerException::new));
        rows.put(Code.DATA_LOSS, new Row("see the cause", BrokerException::new));
        rows.put(Code.UNIMPLEMENTED, new Row("is this an address of Pub/Sub?", BrokerException::new));
        rows.put(Code.OK, new Row("the service has ended the stream", BrokerConnectionException::new));
        return rows;
    }

    private static BrokerException retryable(String message, Throwable cause) {
        return new BrokerException(message, cause, true);
    }

    /** Returns what an error of the client is here; one of ours as it is. */
    static BrokerException translate(String doing, Throwable error) {
        Throwable cause = unwrap(error);
        if (cause instanceof BrokerException ours) {
            return ours;
        }
        if (cause instanceof ApiException call) {
            Row row = row(call.getStatusCode().getCode());
            return row.translation.apply(doing + ": " + text(call) + "; " + row.advice, call);
        }
        if (cause instanceof IOException) {
            return new BrokerAuthenticationException(
                    doing + ": no usable credentials (" + cause.getClass().getSimpleName()
                            + "); set credentialsPath, or GOOGLE_APPLICATION_CREDENTIALS",
                    cause);
        }
        return new BrokerException(doing + ": " + oneLine(cause.toString()), cause);
    }

    /** Returns what became of a message that was not sent, or nobody knows. */
    static BrokerException translateSend(String doing, Throwable error) {
        Throwable cause = unwrap(error);
        if (!(cause instanceof ApiException call)) {
            return new UncertainSendException(
                    doing + ": " + oneLine(cause.toString()) + "; the broker may have the message", cause);
        }
        Code code = call.getStatusCode().getCode();
        if (PASSING.contains(code)) {
            return new UncertainSendException(
                    doing + ": " + text(call) + "; the broker may have the message: send it again with the same id",
                    call);
        }
        Row row = row(code);
        BrokerException translated = row.translation.apply(doing + ": " + text(call) + "; " + row.advice, call);
        boolean atFault = translated.getClass() == BrokerException.class;
        return atFault
                ? new MessageException(String.valueOf(translated.getMessage()), call, translated.isRetryable())
                : translated;
    }

    /** Returns the status of a call that has failed, also by the translation of its error. */
    static Code code(Throwable error) {
        Throwable cause = error instanceof BrokerException && error.getCause() != null ? error.getCause() : error;
        return unwrap(cause) instanceof ApiException call ? call.getStatusCode().getCode() : Code.UNKNOWN;
    }

    /** Returns whether a quota is used up: the service is there, and the same may work later. */
    static boolean isThrottled(Throwable error) {
        return code(error) == Code.RESOURCE_EXHAUSTED;
    }

    private static Row row(Code code) {
        Row row = BY_CODE.get(code);
        return row != null ? row : new Row("see the cause", BrokerException::new);
    }

    /** Returns what the service says about single ack ids: {@code PERMANENT_FAILURE_...} or {@code TRANSIENT_FAILURE_...}; else nothing. */
    static Map<String, String> reasonsByAckId(Throwable error) {
        Status status = StatusProto.fromThrowable(error);
        if (status != null) {
            for (Any detail : status.getDetailsList()) {
                if (detail.is(ErrorInfo.class)) {
                    try {
                        return detail.unpack(ErrorInfo.class).getMetadataMap();
                    } catch (InvalidProtocolBufferException e) {
                        return Map.of();
                    }
                }
            }
        }
        return Map.of();
    }

    private static Throwable unwrap(Throwable error) {
        Throwable cause = error;
        for (int i = 0; i < MAX_DEPTH && cause instanceof ExecutionException && cause.getCause() != null; i++) {
            cause = cause.getCause();
        }
        return cause;
    }

    /** The client's own text has the class of an exception in front. */
    private static String text(ApiException call) {
        String text = String.valueOf(call.getMessage());
        int colon = text.indexOf("Exception: ");
        return oneLine(colon < 0 ? text : text.substring(colon + "Exception: ".length()));
    }

    private static String oneLine(String text) {
        String line = text.replaceAll("\\p{Cntrl}", " ");
        return line.length() <= MAX_TEXT ? line : line.substring(0, MAX_TEXT) + "...";
    }
}
