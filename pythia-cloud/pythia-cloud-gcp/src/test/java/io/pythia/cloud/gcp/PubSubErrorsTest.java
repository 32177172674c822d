package io.pythia.cloud.gcp;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.api.gax.grpc.GrpcStatusCode;
import com.google.api.gax.rpc.ApiException;
import com.google.api.gax.rpc.ApiExceptionFactory;
import com.google.api.gax.rpc.StatusCode.Code;
import io.grpc.Status;
import io.pythia.BrokerAuthenticationException;
import io.pythia.BrokerConnectionException;
import io.pythia.BrokerException;
import io.pythia.BrokerTimeoutException;
import io.pythia.DestinationNotFoundException;
import io.pythia.MessageException;
import io.pythia.UncertainSendException;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PubSubErrorsTest {
    private static final Map<Code, Class<? extends BrokerException>> TYPES = Map.of(
            Code.NOT_FOUND, DestinationNotFoundException.class,
            Code.PERMISSION_DENIED, BrokerAuthenticationException.class,
            Code.UNAUTHENTICATED, BrokerAuthenticationException.class,
            Code.UNAVAILABLE, BrokerConnectionException.class,
            Code.CANCELLED, BrokerConnectionException.class,
            Code.OK, BrokerConnectionException.class,
            Code.DEADLINE_EXCEEDED, BrokerTimeoutException.class);

    private static ApiException error(Code code) {
        Status status = Status.fromCode(Status.Code.valueOf(code.name())).withDescription("native\ntext");
        return ApiExceptionFactory.createException(
                status.asRuntimeException(), GrpcStatusCode.of(status.getCode()), false);
    }

    @ParameterizedTest
    @EnumSource
    void everyStatus_hasARow_andSaysWhatToDo(Code code) {
        assertThat(PubSubErrors.BY_CODE).containsKey(code);
        BrokerException translated = PubSubErrors.translate("pubsub:x: receiving", new ExecutionException(error(code)));
        assertThat(translated).isExactlyInstanceOf(TYPES.getOrDefault(code, BrokerException.class));
        assertThat(translated).hasMessageStartingWith("pubsub:x: receiving: ").hasCauseInstanceOf(ApiException.class);
        assertThat(translated.getMessage()).doesNotContain("\n");
        boolean passing = PubSubErrors.PASSING.contains(code) || code == Code.RESOURCE_EXHAUSTED || code == Code.OK;
        assertThat(translated.isRetryable()).isEqualTo(passing);
    }

    @ParameterizedTest
    @EnumSource
    void everySend_isCertainlyNotSent_orUncertain(Code code) {
        BrokerException translated = PubSubErrors.translateSend("pubsub:x: sending", error(code));
        if (PubSubErrors.PASSING.contains(code)) {
            assertThat(translated).isInstanceOf(UncertainSendException.class);
            assertThat(translated.isRetryable()).isTrue();
        } else {
            assertThat(translated).isNotInstanceOf(UncertainSendException.class);
        }
        if (code == Code.INVALID_ARGUMENT || code == Code.RESOURCE_EXHAUSTED) {
            assertThat(translated).isInstanceOf(MessageException.class);
        }
    }

    @Test
    void whatIsNoStatus_isSaidAllTheSame() {
        assertThat(PubSubErrors.translate("doing", new IllegalStateException("odd")))
                .isExactlyInstanceOf(BrokerException.class);
        assertThat(PubSubErrors.translateSend("doing", new IllegalStateException("odd")))
                .isInstanceOf(UncertainSendException.class);
        assertThat(PubSubErrors.reasonsByAckId(new IllegalStateException("odd")))
                .isEmpty();
    }
}
