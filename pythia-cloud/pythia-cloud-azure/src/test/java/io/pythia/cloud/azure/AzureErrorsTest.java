package io.pythia.cloud.azure;

import static org.assertj.core.api.Assertions.assertThat;

import com.azure.core.amqp.exception.AmqpErrorCondition;
import com.azure.core.amqp.exception.AmqpException;
import com.azure.core.exception.ClientAuthenticationException;
import com.azure.messaging.servicebus.ServiceBusErrorSource;
import com.azure.messaging.servicebus.ServiceBusException;
import io.pythia.BrokerAuthenticationException;
import io.pythia.BrokerConnectionException;
import io.pythia.BrokerException;
import io.pythia.BrokerTimeoutException;
import io.pythia.DestinationNotFoundException;
import io.pythia.MessageException;
import io.pythia.UncertainSendException;
import java.io.IOException;
import java.net.ConnectException;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

class AzureErrorsTest {
    private static final Map<AmqpErrorCondition, Class<? extends BrokerException>> BY_CONDITION = Map.ofEntries(
            Map.entry(AmqpErrorCondition.NOT_FOUND, DestinationNotFoundException.class),
            Map.entry(AmqpErrorCondition.ENTITY_DISABLED_ERROR, BrokerException.class),
            Map.entry(AmqpErrorCondition.UNAUTHORIZED_ACCESS, BrokerAuthenticationException.class),
            Map.entry(AmqpErrorCondition.LINK_PAYLOAD_SIZE_EXCEEDED, MessageException.class),
            Map.entry(AmqpErrorCondition.RESOURCE_LIMIT_EXCEEDED, BrokerException.class),
            Map.entry(AmqpErrorCondition.SERVER_BUSY_ERROR, BrokerException.class),
            Map.entry(AmqpErrorCondition.TIMEOUT_ERROR, BrokerTimeoutException.class),
            Map.entry(AmqpErrorCondition.PROTON_IO, BrokerConnectionException.class),
            Map.entry(AmqpErrorCondition.MESSAGE_LOCK_LOST, BrokerException.class),
            Map.entry(AmqpErrorCondition.SESSION_LOCK_LOST, BrokerException.class),
            Map.entry(AmqpErrorCondition.MESSAGE_NOT_FOUND, BrokerException.class),
            Map.entry(AmqpErrorCondition.SESSION_CANNOT_BE_LOCKED, BrokerException.class),
            Map.entry(AmqpErrorCondition.LINK_DETACH_FORCED, BrokerConnectionException.class),
            Map.entry(AmqpErrorCondition.CONNECTION_FORCED, BrokerConnectionException.class));

    static ServiceBusException bus(AmqpErrorCondition condition) {
        return new ServiceBusException(
                new AmqpException(true, condition, "said\nso", null, null), ServiceBusErrorSource.RECEIVE);
    }

    @Test
    void conditionsOfServiceBus_haveTheirExceptions() {
        BY_CONDITION.forEach((condition, type) -> {
            BrokerException translated = AzureErrors.translate("doing", bus(condition));
            assertThat(translated).as(condition.toString()).isExactlyInstanceOf(type);
            assertThat(translated.getMessage()).startsWith("doing: ").doesNotContain("\n");
            assertThat(translated).hasCauseInstanceOf(ServiceBusException.class);
        });
    }

    @Test
    void everyRow_hasAdvice() {
        assertThat(AzureErrors.BY_REASON.values())
                .allSatisfy(row -> assertThat(row.advice()).isNotBlank());
        assertThat(AzureErrors.BY_CODE.values())
                .allSatisfy(row -> assertThat(row.advice()).isNotBlank());
        assertThat(AzureErrors.BY_CLASS)
                .allSatisfy(row -> assertThat(row.row().advice()).isNotBlank());
    }

    @Test
    void errorsOfTheClients_haveTheirExceptions() {
        assertThat(AzureErrors.translate("doing", new RuntimeException(new TimeoutException())))
                .isExactlyInstanceOf(BrokerTimeoutException.class);
        assertThat(AzureErrors.translate("doing", new RuntimeException(new IOException("reset"))))
                .isExactlyInstanceOf(BrokerConnectionException.class);
        assertThat(AzureErrors.translate("doing", new ClientAuthenticationException("no", null)))
                .isExactlyInstanceOf(BrokerAuthenticationException.class);
        assertThat(AzureErrors.translate("doing", new UnsupportedOperationException("sessions")))
                .matches(e -> !((BrokerException) e).isRetryable());
        assertThat(AzureErrors.translate("doing", new IllegalStateException("closed")))
                .isExactlyInstanceOf(BrokerConnectionException.class);
        BrokerException known = new BrokerException("known");
        assertThat(AzureErrors.translate("doing", new RuntimeException(known))).isSameAs(known);
    }

    @Test
    void errorsOfASend_areUncertain_unlessTheyAreRefusals() {
        for (AmqpErrorCondition refusal : new AmqpErrorCondition[] {
            AmqpErrorCondition.NOT_FOUND,
            AmqpErrorCondition.UNAUTHORIZED_ACCESS,
            AmqpErrorCondition.LINK_PAYLOAD_SIZE_EXCEEDED,
            AmqpErrorCondition.SERVER_BUSY_ERROR,
            AmqpErrorCondition.RESOURCE_LIMIT_EXCEEDED
        }) {
            assertThat(AzureErrors.ofSend("sending", bus(refusal)))
                    .as(refusal.toString())
                    .isNotInstanceOf(UncertainSendException.class);
        }
        assertThat(AzureErrors.ofSend("sending", bus(AmqpErrorCondition.TIMEOUT_ERROR)))
                .isInstanceOf(UncertainSendException.class);
        assertThat(AzureErrors.ofSend("sending", new IOException("reset"))).isInstanceOf(UncertainSendException.class);
        assertThat(AzureErrors.ofSend("sending", new ConnectException("refused")))
                .isNotInstanceOf(UncertainSendException.class);
        assertThat(AzureErrors.ofSend("sending", new UnsupportedOperationException("amqp:not-allowed")))
                .isNotInstanceOf(UncertainSendException.class)
                .matches(error -> !error.isRetryable());
    }

    @Test
    void lostLocks_areStale() {
        assertThat(AzureErrors.isStale(bus(AmqpErrorCondition.MESSAGE_LOCK_LOST)))
                .isTrue();
        assertThat(AzureErrors.isStale(bus(AmqpErrorCondition.SESSION_LOCK_LOST)))
                .isTrue();
        assertThat(AzureErrors.isStale(bus(AmqpErrorCondition.MESSAGE_NOT_FOUND)))
                .isTrue();
        assertThat(AzureErrors.isStale(bus(AmqpErrorCondition.TIMEOUT_ERROR))).isFalse();
    }
}
