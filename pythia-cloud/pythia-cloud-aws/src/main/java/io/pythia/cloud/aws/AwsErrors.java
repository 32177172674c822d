package io.pythia.cloud.aws;

import io.pythia.BrokerAuthenticationException;
import io.pythia.BrokerConnectionException;
import io.pythia.BrokerException;
import io.pythia.BrokerTimeoutException;
import io.pythia.DestinationNotFoundException;
import io.pythia.MessageException;
import io.pythia.UncertainSendException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Set;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.AbortedException;
import software.amazon.awssdk.core.exception.ApiCallAttemptTimeoutException;
import software.amazon.awssdk.core.exception.ApiCallTimeoutException;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.exception.SdkException;

/** The tables of the errors of SQS, SNS and the SDK. */
final class AwsErrors {
    private static final int SERVER_ERROR = 500;
    private static final int MAX_DEPTH = 10;
    private static final int MAX_TEXT = 500;

    /** What an error is here. */
    record Row(Set<String> codes, String advice, BiFunction<String, Throwable, BrokerException> translation) {}

    private static final Set<String> THROTTLING = Set.of(
            "KMSThrottling",
            "KmsThrottled",
            "RequestThrottled",
            "Throttling",
            "ThrottlingException",
            "Throttled",
            "TooManyRequestsException",
            "RequestLimitExceeded",
            "SlowDown",
            "OverLimit");

    /** By the service's code, without a prefix like {@code AWS.SimpleQueueService.}; the first row that has it. */
    static final List<Row> BY_CODE = List.of(
            new Row(
                    Set.of(
                            "QueueDoesNotExist",
                            "NonExistentQueue",
                            "InvalidAddress",
                            "NotFound",
                            "NotFoundException",
                            "ResourceNotFoundException"),
                    "check name, account and region, or make it",
                    DestinationNotFoundException::new),
            new Row(
                    Set.of("QueueDeletedRecently"),
                    "a queue of that name can be made again 60 s after its deletion",
                    AwsErrors::retryable),
            new Row(
                    Set.of(
                            "AccessDenied",
                            "AccessDeniedException",
                            "AuthorizationError",
                            "AuthorizationErrorException"),
                    "check the policies of the user or role, and that of the queue or topic; another account's must allow it on both sides",
                    BrokerAuthenticationException::new),
            new Row(
                    Set.of(
                            "InvalidClientTokenId",
                            "UnrecognizedClientException",
                            "InvalidAccessKeyId",
                            "SignatureDoesNotMatch",
                            "InvalidSignatureException",
                            "IncompleteSignature",
                            "MissingAuthenticationToken",
                            "InvalidSecurity",
                            "OptInRequired"),
                    "check the access key, its secret and the region",
                    BrokerAuthenticationException::new),
            new Row(
                    Set.of("ExpiredToken", "ExpiredTokenException", "RequestExpired", "RequestTimeTooSkewed"),
                    "the temporary credentials have expired, or this machine's clock is wrong",
                    BrokerAuthenticationException::new),
            new Row(
                    Set.of(
                            "KMSAccessDenied",
                            "KmsAccessDenied",
                            "KMSDisabled",
                            "KmsDisabled",
                            "KMSNotFound",
                            "KmsNotFound",
                            "KMSInvalidState",
                            "KmsInvalidState",
                            "KMSInvalidKeyUsage",
                            "KmsInvalidKeyUsage",
                            "KMSOptInRequired",
                            "KmsOptInRequired"),
                    "the queue or topic is encrypted by a key that can't be used: allow kms:GenerateDataKey and kms:Decrypt on it, and see that it is enabled",
                    BrokerAuthenticationException::new),
            new Row(THROTTLING, "the service limits the rate, or what may be in flight", AwsErrors::retryable),
            new Row(
                    Set.of(
                            "InternalError",
                            "InternalFailure",
                            "InternalErrorException",
                            "ServiceUnavailable",
                            "ServiceUnavailableException"),
                    "the service has trouble",
                    AwsErrors::retryable),
            new Row(
                    Set.of("RequestTimeout", "RequestTimeoutException"),
                    "the service waited for the request",
                    BrokerTimeoutException::new),
            new Row(
                    Set.of(
                            "InvalidMessageContents",
                            "BatchRequestTooLong",
                            "InvalidParameterValue",
                            "InvalidParameter",
                            "ParameterValueInvalid",
                            "InvalidAttributeValue",
                            "InvalidAttributeName",
                            "MissingParameter",
                            "UnsupportedOperation",
                            "EndpointDisabled",
                            "EndpointDisabledException",
                            "PlatformApplicationDisabled"),
                    "see what the service says about it",
                    MessageException::new));

    /** What a settlement of a message says that SQS has already taken back. */
    private static final Set<String> STALE =
            Set.of("ReceiptHandleIsInvalid", "MessageNotInflight", "InvalidParameterValue", "InvalidIdFormat");

    private AwsErrors() {}

    private static BrokerException retryable(String text, @Nullable Throwable cause) {
        return new BrokerException(text, cause, true);
    }

    /** Translates a failure of the client. */
    static BrokerException translate(String doing, Throwable error) {
        if (error instanceof BrokerException broker) {
            return broker;
        }
        AwsServiceException service = cause(AwsServiceException.class, error);
        if (service != null) {
            return said(doing, service);
        }
        if (has(error, ApiCallTimeoutException.class) || has(error, ApiCallAttemptTimeoutException.class)) {
            return new BrokerTimeoutException(doing + ": no answer in time; see timeout", error);
        }
        if (has(error, UnknownHostException.class)) {
            return new BrokerConnectionException(doing + ": the host is not known; check region and endpoint", error);
        }
        if (isNotSent(error)) {
            return new BrokerConnectionException(doing + ": nothing answers there", error);
        }
        if (has(error, AbortedException.class) || has(error, InterruptedException.class)) {
            return new BrokerConnectionException(doing + ": cut off", error);
        }
        if (has(error, java.io.IOException.class)) {
            return new BrokerConnectionException(doing + ": the connection was lost: " + text(error), error);
        }
        String text = String.valueOf(error.getMessage());
        if (error instanceof SdkClientException && (text.contains("credentials") || text.contains("Profile"))) {
            return new BrokerAuthenticationException(
                    doing
                            + ": no credentials found; set accessKeyId and secretAccessKey, a profile, or those of the environment",
                    error);
        }
        if (error instanceof SdkClientException && text.contains("region")) {
            return new BrokerException(doing + ": no region found; set region", error);
        }
        return new BrokerException(doing + ": " + text(error), error, error instanceof SdkClientException);
    }

    private static BrokerException said(String doing, AwsServiceException error) {
        var details = error.awsErrorDetails();
        String code = details == null ? null : details.errorCode();
        String message = details == null ? null : details.errorMessage();
        return said(doing, code, message, error.statusCode() >= SERVER_ERROR, error);
    }

    /** Translates what the service said, about a request or about one entry of a batch. */
    static BrokerException said(
            String doing,
            @Nullable String code,
            @Nullable String message,
            boolean serverFault,
            @Nullable Throwable error) {
        String plain = plain(code);
        String text = doing + ": " + oneLine(plain + (message == null ? "" : ": " + message));
        for (Row row : BY_CODE) {
            if (row.codes.contains(plain)) {
                return row.translation.apply(text + "; " + row.advice, error);
            }
        }
        return new BrokerException(text, error, serverFault);
    }

    /** Translates a failure to send: what may have been applied all the same is uncertain, also if the answer can't be read. */
    static BrokerException sending(String doing, Throwable error) {
        BrokerException translated = translate(doing, error);
        AwsServiceException service = cause(AwsServiceException.class, error);
        boolean refused = service != null && service.statusCode() < SERVER_ERROR;
        boolean known = error instanceof SdkException || error instanceof BrokerException;
        return (translated.isRetryable() || !known) && !refused && !isCertainlyNotSent(error)
                ? new UncertainSendException(translated.getMessage() + "; the service may have the message", error)
                : translated;
    }

    /** Returns whether the service can't have taken anything, and may take the same later. */
    static boolean isCertainlyNotSent(Throwable error) {
        AwsServiceException service = cause(AwsServiceException.class, error);
        boolean clockIsWrong =
                service != null && service.isClockSkewException(); // the SDK corrects it for the next try
        return clockIsWrong || isThrottled(error) || isNotSent(error) || has(error, UnknownHostException.class);
    }

    /** Returns whether a settlement failed because SQS has already taken the message back. */
    static boolean isStale(@Nullable String code, @Nullable String message) {
        boolean tooLong = message != null && message.contains("VisibilityTimeout") && message.contains("limit");
        return STALE.contains(plain(code)) && !tooLong;
    }

    /** Returns whether the service limits the rate. */
    static boolean isThrottled(Throwable error) {
        AwsServiceException service = cause(AwsServiceException.class, error);
        return service != null && (service.isThrottlingException() || THROTTLING.contains(code(error)));
    }

    private static String code(Throwable error) {
        AwsServiceException service = cause(AwsServiceException.class, error);
        return service == null || service.awsErrorDetails() == null
                ? ""
                : plain(service.awsErrorDetails().errorCode());
    }

    /** Returns whether the caller's identity is known, but may not do that. */
    static boolean isDenied(Throwable error) {
        String code = code(error);
        return code.startsWith("AccessDenied") || code.startsWith("AuthorizationError");
    }

    /** Returns whether no connection was made at all: then nothing was sent. */
    private static boolean isNotSent(Throwable error) {
        return has(error, ConnectException.class) || has(error, NoRouteToHostException.class);
    }

    private static String plain(@Nullable String code) {
        return code == null ? "unknown error" : code.substring(code.lastIndexOf('.') + 1);
    }

    private static boolean has(Throwable error, Class<? extends Throwable> type) {
        return cause(type, error) != null;
    }

    private static <T extends Throwable> @Nullable T cause(Class<T> type, Throwable error) {
        Throwable cause = error;
        for (int depth = 0; cause != null && depth < MAX_DEPTH; depth++) {
            if (type.isInstance(cause)) {
                return type.cast(cause);
            }
            cause = cause.getCause();
        }
        return null;
    }

    private static String text(Throwable error) {
        return oneLine(error.getClass().getSimpleName() + ": " + error.getMessage());
    }

    /** What a service says may hold line breaks. */
    private static String oneLine(String text) {
        String line = text.replaceAll("\\p{Cntrl}", " ");
        return line.length() <= MAX_TEXT ? line : line.substring(0, MAX_TEXT) + "...";
    }
}
