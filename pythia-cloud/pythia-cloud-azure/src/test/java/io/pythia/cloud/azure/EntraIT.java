package io.pythia.cloud.azure;

import static org.assertj.core.api.Assertions.assertThat;

import com.azure.core.credential.AccessToken;
import com.azure.core.credential.TokenRequestContext;
import com.azure.core.http.jdk.httpclient.JdkHttpClientBuilder;
import io.pythia.Secret;
import io.pythia.TlsConfig;
import io.pythia.testkit.ChildJvm;
import io.pythia.testkit.server.ServiceBusTestServer;
import io.pythia.testkit.server.TestCertificates;
import io.pythia.testkit.server.TestServers;
import io.pythia.testkit.server.servicebus.QueueOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * An application signs in by Entra ID, and what it got there lets it in to Service Bus, both over TLS. A Mac has one address of the loopback network
 * only, and this needs another one.
 */
@DisabledOnOs(OS.MAC)
class EntraIT {
    private static final String SCOPE = "https://servicebus.azure.net/.default";
    private static final String APPLICATION = "11111111-2222-3333-4444-555555555555";
    private static final String SECRET = "an application's secret";
    /** Part of the loopback network: the port of AMQP with TLS is free there, whatever else runs on this machine. */
    private static final String NAMESPACE = "127.13.5.71";

    /** A tenant of which MSAL does not ask Microsoft first whether there is such an authority. */
    private static final String TENANT = "adfs";

    private final ServiceBusTestServer server = TestServers.serviceBus();
    private final String token = "token-" + UUID.randomUUID();
    private Path authorityCertificate;
    private SSLContext tls;
    private EntraAuthority entra;

    @BeforeEach
    void start(@TempDir Path folder) throws IOException {
        TestCertificates certificates = new TestCertificates(folder);
        authorityCertificate = certificates.authority("authority");
        Path certificate = certificates.certificate("authority", "server", "ip:127.0.0.1,ip:" + NAMESPACE, "-0d");
        tls = TlsConfig.trusting(authorityCertificate)
                .withClientCertificate(certificate, certificates.key("server"))
                .sslContext();
        entra = new EntraAuthority(tls, SECRET, token);
    }

    @AfterEach
    void stop() {
        entra.close();
    }

    /** Returns what the child printed. */
    private String run(String secret) throws IOException {
        String queue = "q-" + UUID.randomUUID();
        server.createQueue(queue, QueueOptions.defaults());
        try (TlsFront ignored = new TlsFront(tls, NAMESPACE, 5671, server.address());
                ChildJvm child = new ChildJvm(
                        EntraChild.class,
                        entra.url(),
                        authorityCertificate.toString(),
                        NAMESPACE,
                        queue,
                        TENANT,
                        APPLICATION,
                        secret)) {
            return Files.readString(child.log());
        }
    }

    @Test
    void tokenOfTheAuthority_isWhatServiceBusSees() throws IOException {
        server.acceptToken(token);
        assertThat(run(SECRET)).contains("received: signed in, DONE");
        assertThat(entra.requests()).isNotEmpty().allSatisfy(request -> {
            assertThat(request.path()).startsWith("/adfs/oauth2/").endsWith("token");
            assertThat(request.form())
                    .containsEntry("grant_type", "client_credentials")
                    .containsEntry("client_id", APPLICATION)
                    .containsEntry("client_secret", SECRET);
            assertThat(request.form().get("scope")).contains(SCOPE);
        });
    }

    @Test
    void tokenThatServiceBusDoesNotKnow_isAnAuthenticationFailure() throws IOException {
        assertThat(run(SECRET))
                .contains("failed:", "BrokerAuthenticationException")
                .doesNotContain(token, SECRET);
        assertThat(entra.requests()).isNotEmpty();
    }

    @Test
    void wrongSecret_isAnAuthenticationFailure() throws IOException {
        server.acceptToken(token);
        assertThat(run("wrong")).contains("failed:", "BrokerAuthenticationException");
    }

    @Test
    void tenant_isPartOfTheAuthoritysAddress() {
        String tenant = "99999999-8888-7777-6666-555555555555";
        AzureConfig config = AzureConfig.builder()
                .namespace("contoso")
                .tenantId(tenant)
                .clientId(APPLICATION)
                .clientSecret(Secret.of(SECRET))
                .build();
        AccessToken got = AzureCredentials.Factory.application(config, Secret.of(SECRET))
                .authorityHost(entra.url())
                .disableInstanceDiscovery() // else Microsoft is asked whether there is such an authority
                .httpClient(new JdkHttpClientBuilder(
                                java.net.http.HttpClient.newBuilder().sslContext(tls))
                        .build())
                .build()
                .getToken(new TokenRequestContext().addScopes(SCOPE))
                .block(Duration.ofMinutes(1));
        assertThat(got).isNotNull();
        assertThat(got.getToken()).isEqualTo(token);
        assertThat(entra.requests()).singleElement().satisfies(request -> {
            assertThat(request.path()).isEqualTo("/" + tenant + "/oauth2/v2.0/token");
            assertThat(request.form()).containsEntry("client_id", APPLICATION);
        });
    }
}
