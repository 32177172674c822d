package io.pythia.cloud.aws;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.BrokerAuthenticationException;
import io.pythia.BrokerConnectionException;
import io.pythia.BrokerException;
import io.pythia.BrokerTimeoutException;
import io.pythia.DestinationNotFoundException;
import io.pythia.MessageException;
import io.pythia.UncertainSendException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.AbortedException;
import software.amazon.awssdk.core.exception.ApiCallTimeoutException;
import software.amazon.awssdk.core.exception.SdkClientException;

class AwsErrorsTest {

    static AwsServiceException service(int status, String code, String message) {
        return AwsServiceException.builder()
                .statusCode(status)
                .awsErrorDetails(AwsErrorDetails.builder()
                        .errorCode(code)
                        .errorMessage(message)
                        .build())
                .build();
    }

    private static SdkClientException client(Throwable cause) {
        return SdkClientException.create("Unable to execute HTTP request", cause);
    }

    static Iterable<AwsErrors.Row> rows() {
        return AwsErrors.BY_CODE;
    }

    @ParameterizedTest
    @MethodSource("rows")
    void row_saysWhatWasDone_whatWasSaid_andWhatToDo(AwsErrors.Row row) {
        for (String code : row.codes()) {
            AwsServiceException cause = service(400, "AWS.SimpleQueueService." + code, "said");
            BrokerException error = AwsErrors.translate("sqs:orders: doing", cause);
            assertThat(error)
                    .hasMessageContaining("sqs:orders: doing")
                    .hasMessageContaining(code)
                    .hasMessageContaining("said")
                    .hasMessageContaining(row.advice())
                    .hasCause(cause);
        }
    }

    @Test
    void rows_haveEachCodeOnce() {
        Set<String> all = new HashSet<>();
        AwsErrors.BY_CODE.forEach(row ->
                row.codes().forEach(code -> assertThat(all.add(code)).as(code).isTrue()));
    }

    @ParameterizedTest
    @CsvSource({
        "400,QueueDoesNotExist,io.pythia.DestinationNotFoundException,false",
        "404,NotFound,io.pythia.DestinationNotFoundException,false",
        "403,AccessDenied,io.pythia.BrokerAuthenticationException,false",
        "403,InvalidClientTokenId,io.pythia.BrokerAuthenticationException,false",
        "400,ExpiredTokenException,io.pythia.BrokerAuthenticationException,false",
        "400,KMS.DisabledException,io.pythia.BrokerException,false",
        "400,KmsDisabled,io.pythia.BrokerAuthenticationException,false",
        "403,RequestThrottled,io.pythia.BrokerException,true",
        "400,OverLimit,io.pythia.BrokerException,true",
        "400,InvalidMessageContents,io.pythia.MessageException,false",
        "500,NeverHeardOf,io.pythia.BrokerException,true",
        "400,NeverHeardOf,io.pythia.BrokerException,false",
    })
    void serviceError_isTyped(int status, String code, String type, boolean retryable) throws ClassNotFoundException {
        BrokerException error = AwsErrors.translate("x", service(status, code, "m"));
        assertThat(error).isExactlyInstanceOf(Class.forName(type));
        assertThat(error.isRetryable()).isEqualTo(retryable);
    }

    @Test
    void clientError_isTyped() {
        assertThat(AwsErrors.translate("x", client(new ConnectException("refused"))))
                .isInstanceOf(BrokerConnectionException.class);
        assertThat(AwsErrors.translate("x", client(new UnknownHostException("nowhere"))))
                .isInstanceOf(BrokerConnectionException.class)
                .hasMessageContaining("region");
        assertThat(AwsErrors.translate("x", client(new SocketException("reset"))))
                .isInstanceOf(BrokerConnectionException.class);
        assertThat(AwsErrors.translate("x", ApiCallTimeoutException.create(5)))
                .isInstanceOf(BrokerTimeoutException.class);
        assertThat(AwsErrors.translate("x", AbortedException.create("interrupted")))
                .isInstanceOf(BrokerConnectionException.class);
        assertThat(AwsErrors.translate(
                        "x", SdkClientException.create("Unable to load credentials from any of the providers")))
                .isInstanceOf(BrokerAuthenticationException.class);
        assertThat(AwsErrors.translate(
                        "x", SdkClientException.create("Unable to load region from any of the providers")))
                .isExactlyInstanceOf(BrokerException.class)
                .matches(e -> !((BrokerException) e).isRetryable());
        DestinationNotFoundException own = new DestinationNotFoundException("own");
        assertThat(AwsErrors.translate("x", own)).isSameAs(own);
    }

    @Test
    void sending_saysWhetherTheServiceMayHaveIt() {
        assertThat(AwsErrors.sending("x", client(new ConnectException("refused"))))
                .isInstanceOf(BrokerConnectionException.class);
        assertThat(AwsErrors.sending("x", client(new SocketException("reset"))))
                .isInstanceOf(UncertainSendException.class);
        assertThat(AwsErrors.sending("x", ApiCallTimeoutException.create(5)))
                .isInstanceOf(UncertainSendException.class);
        assertThat(AwsErrors.sending("x", service(500, "InternalError", "m")))
                .isInstanceOf(UncertainSendException.class);
        assertThat(AwsErrors.sending("x", new IllegalStateException("the answer can't be read")))
                .isInstanceOf(UncertainSendException.class);
        assertThat(AwsErrors.sending("x", service(403, "RequestThrottled", "m")))
                .isNotInstanceOf(UncertainSendException.class);
        assertThat(AwsErrors.sending("x", service(400, "InvalidMessageContents", "m")))
                .isInstanceOf(MessageException.class);
    }

    @Test
    void stale_isWhatIsTheReceiptsFault() {
        assertThat(AwsErrors.isStale("ReceiptHandleIsInvalid", null)).isTrue();
        assertThat(AwsErrors.isStale("AWS.SimpleQueueService.MessageNotInflight", "m"))
                .isTrue();
        assertThat(AwsErrors.isStale("InvalidParameterValue", "The receipt handle has expired"))
                .isTrue();
        assertThat(AwsErrors.isStale(
                        "InvalidParameterValue",
                        "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]"))
                .isFalse();
        assertThat(AwsErrors.isStale("InternalError", "m")).isFalse();
    }

    @Test
    void textOfAService_isOneLineAndNotEndless() {
        assertThat(AwsErrors.translate("x", service(400, "Odd", "a\r\nb\u001b[31m" + "y".repeat(5_000)))
                        .getMessage())
                .doesNotContain("\n", "\r", "\u001b")
                .hasSizeLessThan(600);
    }
}
