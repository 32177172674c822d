package io.pythia.cloud.azure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.azure.identity.ClientSecretCredential;
import com.azure.identity.DefaultAzureCredential;
import io.pythia.Secret;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AzureConfigTest {
    private static final String CANARY = "c2VjcmV0LWNhbmFyeQ==";
    private static final String SERVICE_BUS =
            "Endpoint=sb://contoso.servicebus.windows.net/;SharedAccessKeyName=root;SharedAccessKey=" + CANARY;
    private static final String STORAGE = "DefaultEndpointsProtocol=https;AccountName=contoso;AccountKey=" + CANARY
            + ";EndpointSuffix=core.windows.net";

    @Test
    void connectionStrings_ofBothServices_areTaken() {
        ConnectionString.parse(Secret.of(SERVICE_BUS)).requireServiceBus();
        ConnectionString.parse(Secret.of(STORAGE)).requireStorage();
        ConnectionString.parse(Secret.of("UseDevelopmentStorage=true")).requireStorage();
        assertThat(ConnectionString.parse(Secret.of(SERVICE_BUS + ";EntityPath=orders"))
                        .entityPath())
                .isEqualTo("orders");
    }

    @Test
    void connectionString_ofTheOtherService_isSaid() {
        assertThatThrownBy(() -> ServiceBusConsumer.builder()
                        .queueName("q")
                        .config(AzureConfig.of(STORAGE))
                        .build())
                .hasMessageContaining("Endpoint=sb://")
                .message()
                .doesNotContain(CANARY);
        assertThatThrownBy(() -> StorageQueueConsumer.builder()
                        .queueName("q")
                        .config(AzureConfig.of(SERVICE_BUS))
                        .build())
                .hasMessageContaining("AccountName")
                .message()
                .doesNotContain(CANARY);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ";;",
                CANARY,
                "SharedAccessKey=",
                "SharedAccesKey=" + CANARY,
                "Endpoint=sb://x;Endpoint=sb://y;SharedAccessKey=" + CANARY,
                "SharedAccessKey=" + CANARY + "\nx",
                "=" + CANARY
            })
    void connectionString_thatIsNone_isRefused_withoutItsValues(String text) {
        assertThatThrownBy(() -> AzureConfig.of(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("connectionString")
                .message()
                .doesNotContain(CANARY);
    }

    @Test
    void toString_hasNoSecrets() {
        AzureConfig config = AzureConfig.of(SERVICE_BUS);
        AzureConfig application = AzureConfig.builder()
                .namespace("contoso")
                .tenantId("tenant")
                .clientId("client")
                .clientSecret(Secret.of(CANARY))
                .build();
        assertThat(config + " " + application + " "
                        + ServiceBusProducer.builder()
                                .queueName("q")
                                .config(config)
                                .build())
                .doesNotContain(CANARY);
    }

    @Test
    void contradictions_areRefused() {
        assertThatThrownBy(() -> AzureConfig.builder()
                        .connectionString(SERVICE_BUS)
                        .namespace("x")
                        .build())
                .hasMessageContaining("namespace");
        assertThatThrownBy(
                        () -> AzureConfig.builder().namespace("x").clientId("y").build())
                .hasMessageContaining("come together");
        assertThatThrownBy(() -> AzureConfig.builder().namespace("a b").build()).hasMessageContaining("namespace");
        assertThatThrownBy(() -> AzureConfig.builder().timeout(Duration.ZERO).build())
                .hasMessageContaining("timeout");
        assertThatThrownBy(() -> AzureConfig.builder().maxRetries(-1).build()).hasMessageContaining("maxRetries");
        assertThatThrownBy(() -> ServiceBusProducer.builder().queueName("q").build())
                .hasMessageContaining("connectionString and namespace");
        assertThatThrownBy(() -> StorageQueueProducer.builder()
                        .queueName("q")
                        .config(AzureConfig.of(STORAGE).toBuilder()
                                .webSockets(true)
                                .build())
                        .build())
                .hasMessageContaining("webSockets");
    }

    @Test
    void credentials_areThoseOfTheApplication_elseOfTheMachine() {
        AzureConfig machine = AzureConfig.builder().namespace("contoso").build();
        AzureConfig application = machine.toBuilder()
                .tenantId("tenant")
                .clientId("client")
                .clientSecret(Secret.of(CANARY))
                .build();
        assertThat(AzureCredentials.Factory.credential(machine)).isInstanceOf(DefaultAzureCredential.class);
        assertThat(AzureCredentials.Factory.credential(application)).isInstanceOf(ClientSecretCredential.class);
    }

    @Test
    void namespace_isANameOrAHost() {
        assertThat(ServiceBusClients.host("Contoso")).isEqualTo("contoso.servicebus.windows.net");
        assertThat(ServiceBusClients.host("contoso.servicebus.cloudapi.de"))
                .isEqualTo("contoso.servicebus.cloudapi.de");
        AzureConfig config = AzureConfig.builder().namespace("contoso").build();
        assertThat(new StorageQueueClients("queue", config).client("q").getQueueUrl())
                .isEqualTo("https://contoso.queue.core.windows.net/q");
    }
}
