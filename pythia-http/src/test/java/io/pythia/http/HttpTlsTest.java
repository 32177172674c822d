package io.pythia.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BrokerAuthenticationException;
import io.pythia.BrokerException;
import io.pythia.Message;
import io.pythia.TlsConfig;
import io.pythia.retry.RetryConfig;
import io.pythia.testkit.TestSubscriber;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Only the right server is connected to; and HTTP/2, which only TLS brings. */
class HttpTlsTest {
    @TempDir
    private static Path folder;

    private static TestCertificate good;
    private static TestCertificate otherHost;
    private static TestCertificate expired;

    private MockWebServer server;

    @BeforeAll
    static void makeCertificates() throws Exception {
        good = new TestCertificate(folder, "good", "-ext", "san=dns:localhost,ip:127.0.0.1", "-validity", "30");
        otherHost = new TestCertificate(folder, "other", "-ext", "san=dns:other.example", "-validity", "30");
        expired = new TestCertificate(
                folder, "expired", "-ext", "san=dns:localhost", "-startdate", "-10d", "-validity", "5");
    }

    @BeforeEach
    void start() {
        server = new MockWebServer();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private void serve(@Nullable TestCertificate certificate) throws Exception {
        if (certificate != null) {
            server.useHttps(certificate.serverSockets());
        }
        for (int i = 0; i < 10; i++) {
            server.enqueue(new MockResponse.Builder().code(200).body("x").build());
        }
        server.start();
    }

    private PollerWorker poller(@Nullable TlsConfig tls) {
        return PollerWorker.builder()
                .url("https://localhost:" + server.getPort() + "/")
                .config(HttpConfig.builder()
                        .tls(tls)
                        .timeout(Duration.ofSeconds(20))
                        .build())
                .connectTimeout(Duration.ofSeconds(30))
                .build();
    }

    private void assertRefused(@Nullable TlsConfig tls) {
        try (PollerWorker poller = poller(tls)) {
            assertThatThrownBy(() -> TestSubscriber.get(poller.connect()))
                    .isInstanceOf(BrokerAuthenticationException.class)
                    .hasMessageContaining("certificate");
        }
        assertThat(server.getRequestCount()).isZero();
    }

    @Test
    void certificateOfNoAuthority_isRefused() throws Exception {
        serve(good);
        assertRefused(null);
    }

    @Test
    void trustedCertificate_ofTheRightHost_isTaken_byHttp2() throws Exception {
        serve(good);
        try (PollerWorker poller = poller(TlsConfig.trusting(good.authority))) {
            TestSubscriber.get(poller.connect());
        }
        assertThat(server.takeRequest().getVersion()).isEqualTo("HTTP/2");
    }

    @Test
    void trustedCertificate_ofAnotherHost_isRefused_unlessThatIsSwitchedOff() throws Exception {
        serve(otherHost);
        assertRefused(TlsConfig.trusting(otherHost.authority));
        try (PollerWorker poller =
                poller(TlsConfig.trusting(otherHost.authority).withoutHostnameVerification())) {
            TestSubscriber.get(poller.connect());
        }
    }

    @Test
    void otherAuthority_isRefused() throws Exception {
        serve(good);
        assertRefused(TlsConfig.trusting(otherHost.authority));
    }

    @Test
    void expiredCertificate_isRefused() throws Exception {
        serve(expired);
        assertRefused(TlsConfig.trusting(expired.authority));
    }

    @Test
    void clientCertificate_isShown() throws Exception {
        server.requireClientAuth();
        serve(good);
        TlsConfig tls = TlsConfig.trusting(good.authority);
        try (PollerWorker poller = poller(tls)) {
            assertThatThrownBy(() -> TestSubscriber.get(poller.connect())).isInstanceOf(BrokerException.class);
        }
        try (PollerWorker poller = poller(tls.withClientCertificate(good.certificate, good.key))) {
            TestSubscriber.get(poller.connect());
        }
    }

    @Test
    void serverWithoutTls_isSaid() throws Exception {
        serve(null);
        try (PollerWorker poller = poller(null)) {
            assertThatThrownBy(() -> TestSubscriber.get(poller.connect()))
                    .isInstanceOf(BrokerException.class)
                    .matches(e -> ((BrokerException) e).isRetryable(), "retryable");
        }
    }

    @Test
    void webhook_byHttp2_isSentOnce_whateverTheServerResets() throws Exception {
        server.useHttps(good.serverSockets());
        server.enqueue(new MockResponse.Builder().code(200).build());
        server.enqueue(new MockResponse.Builder()
                .onRequestStart(new mockwebserver3.SocketEffect.CloseStream(7)) // REFUSED_STREAM
                .build());
        server.enqueue(new MockResponse.Builder().code(408).build());
        server.enqueue(new MockResponse.Builder()
                .code(503)
                .addHeader("Retry-After", "0")
                .build());
        server.start();
        try (WebhookSenderWorker webhook = WebhookSenderWorker.builder()
                .webhookUrls("https://localhost:" + server.getPort() + "/hook")
                .config(HttpConfig.webhookDefaults().toBuilder()
                        .allowNetworks("loopback")
                        .tls(TlsConfig.trusting(good.authority))
                        .build())
                .maxRetries(0)
                .retry(RetryConfig.none())
                .build()) {
            TestSubscriber.get(webhook.send(Message.of("1")));
            for (String body : List.of("2", "3", "4")) {
                assertThatThrownBy(() -> webhook.send(Message.of(body)).join()).isInstanceOf(CompletionException.class);
            }
        }
        assertThat(server.getRequestCount()).isEqualTo(4);
        RecordedRequest first = server.takeRequest();
        assertThat(first.getVersion()).isEqualTo("HTTP/2");
        assertThat(first.getHeaders().get("webhook-id")).isNotNull();
    }
}
