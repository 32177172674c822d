package io.pythia.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BrokerException;
import io.pythia.Message;
import io.pythia.retry.RetryConfig;
import io.pythia.testkit.TestSubscriber;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import okhttp3.Dns;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where connections go, with the real client: names that lead elsewhere, redirects, proxies. */
class AddressingTest {
    private static final HttpConfig PUBLIC_ONLY =
            HttpConfig.webhookDefaults().toBuilder().allowPlainHttp(true).build();

    private static InetAddress address(String literal) {
        try {
            return InetAddress.getByName(literal);
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    private static Throwable failure(WebhookSenderWorker webhook) {
        try {
            webhook.send(Message.of("x")).get(60, TimeUnit.SECONDS);
            throw new AssertionError("it was sent");
        } catch (ExecutionException e) {
            return e.getCause();
        } catch (InterruptedException | java.util.concurrent.TimeoutException e) {
            throw new AssertionError(e);
        }
    }

    private static WebhookSenderWorker webhook(HttpConfig config, Dns dns, String url) {
        return WebhookSenderWorker.builder()
                .webhookUrls(url)
                .config(config)
                .retry(RetryConfig.none())
                .maxRetries(0)
                .dns(dns)
                .build();
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "169.254.169.254", "10.0.0.1", "::1", "fd00:ec2::254", "64:ff9b::7f00:1"})
    void nameThatLeadsInside_isNotConnectedTo(String inside) {
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> exchange.send(200, ""));
                WebhookSenderWorker webhook = webhook(
                        PUBLIC_ONLY,
                        host -> List.of(address(inside)),
                        "http://rebound.example:" + server.port() + "/")) {
            assertThat(failure(webhook))
                    .hasMessageContaining("no public address")
                    .hasMessageContaining("allowNetworks");
            assertThat(server.requests()).isEmpty();
        }
    }

    @Test
    void goodAddressFirst_forbiddenOneBehindIt_isNotConnectedTo() {
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> exchange.send(200, ""));
                WebhookSenderWorker webhook = webhook(
                        PUBLIC_ONLY,
                        host -> List.of(address("192.0.2.1"), address("127.0.0.1")),
                        "http://mixed.example:" + server.port() + "/")) {
            assertThat(failure(webhook)).hasMessageContaining("no public address");
            assertThat(server.requests()).isEmpty();
        }
    }

    @Test
    void nameThatLeadsElsewhereTheSecondTime_isCheckedEachTime() {
        AtomicInteger lookUps = new AtomicInteger();
        HttpConfig config = PUBLIC_ONLY.toBuilder()
                .allowNetworks("127.0.0.1")
                .keepaliveExpiry(Duration.ofMillis(1))
                .build();
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> {
                    exchange.send(200, "", "Connection: close");
                    exchange.close();
                });
                WebhookSenderWorker webhook = webhook(
                        config,
                        host -> List.of(address(lookUps.incrementAndGet() == 1 ? "127.0.0.1" : "127.0.0.2")),
                        "http://rebinding.example:" + server.port() + "/")) {
            TestSubscriber.get(webhook.send(Message.of("x")));
            assertThat(failure(webhook)).hasMessageContaining("127.0.0.2");
            assertThat(server.requests()).hasSize(1);
        }
    }

    @Test
    void addressInAUrl_isCheckedByTheSocketToo() throws Exception {
        // A literal is not looked up: without the check of the URL the socket is the last that can say no.
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> exchange.send(200, ""))) {
            okhttp3.OkHttpClient client = HttpClients.create(
                    "test", PUBLIC_ONLY, AddressGuard.forWebhooks(List.of()), Dns.SYSTEM, Duration.ofSeconds(5));
            okhttp3.Request request =
                    new okhttp3.Request.Builder().url(server.url("/")).build();
            assertThatThrownBy(() -> client.newCall(request).execute())
                    .isInstanceOf(AddressGuard.BlockedAddressException.class);
            HttpClients.close(client);
            assertThat(server.requests()).isEmpty();
        }
        assertThatThrownBy(() -> webhook(PUBLIC_ONLY, Dns.SYSTEM, "http://127.0.0.1:1/"))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void changedAddress_isFollowedByTheNextConnection() {
        AtomicInteger current = new AtomicInteger(1);
        HttpConfig config = PUBLIC_ONLY.toBuilder().allowNetworks("loopback").build();
        ScriptedServer.Script answer = (request, exchange) -> {
            exchange.send(200, "", "Connection: close");
            exchange.close();
        };
        try (ScriptedServer first = new ScriptedServer(address("127.0.0.1"), answer)) {
            try (WebhookSenderWorker webhook = webhook(
                    config,
                    host -> List.of(address("127.0.0." + current.get())),
                    "http://moving.example:" + first.port() + "/")) {
                TestSubscriber.get(webhook.send(Message.of("x")));
                current.set(2);
                assertThat(failure(webhook)).hasMessageContaining("not sent");
                current.set(1);
                TestSubscriber.get(webhook.send(Message.of("x")));
            }
        }
    }

    @Test
    void proxyOfTheSystem_isNotUsed_butThatOfTheSettingIs() {
        AtomicInteger proxied = new AtomicInteger();
        try (ScriptedServer proxy = new ScriptedServer((request, exchange) -> {
                    proxied.incrementAndGet();
                    exchange.send(200, "");
                });
                ScriptedServer server = new ScriptedServer((request, exchange) -> exchange.send(200, ""))) {
            System.setProperty("http.proxyHost", "127.0.0.1");
            System.setProperty("http.proxyPort", Integer.toString(proxy.port()));
            System.setProperty("http.nonProxyHosts", "");
            HttpConfig config =
                    PUBLIC_ONLY.toBuilder().allowNetworks("loopback").build();
            try (WebhookSenderWorker webhook = webhook(config, Dns.SYSTEM, server.url("/"))) {
                TestSubscriber.get(webhook.send(Message.of("x")));
                assertThat(proxied).hasValue(0);
            } finally {
                System.clearProperty("http.proxyHost");
                System.clearProperty("http.proxyPort");
                System.clearProperty("http.nonProxyHosts");
            }
            HttpConfig withProxy =
                    config.toBuilder().proxy("127.0.0.1:" + proxy.port()).build();
            try (WebhookSenderWorker webhook = webhook(withProxy, Dns.SYSTEM, server.url("/"))) {
                TestSubscriber.get(webhook.send(Message.of("x")));
                assertThat(proxied).hasValue(1);
                assertThat(proxy.requests().get(0).target()).startsWith("http://127.0.0.1:" + server.port());
            }
            try (WebhookSenderWorker webhook =
                    webhook(withProxy, host -> List.of(address("10.0.0.1")), "http://inside.example/")) {
                assertThat(failure(webhook)).hasMessageContaining("no public address");
                assertThat(proxied).hasValue(1);
            }
        }
    }

    @Test
    void socksProxyOfTheSystem_isNotUsed_neitherDirectly_norOnTheWayToTheSettingsProxy() {
        List<URI> askedFor = new CopyOnWriteArrayList<>();
        ProxySelector before = ProxySelector.getDefault();
        ProxySelector.setDefault(recording(askedFor));
        HttpConfig config = PUBLIC_ONLY.toBuilder().allowNetworks("loopback").build();
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> exchange.send(200, ""));
                WebhookSenderWorker direct = webhook(config, Dns.SYSTEM, server.url("/"));
                WebhookSenderWorker proxied = webhook(
                        config.toBuilder().proxy("127.0.0.1:" + server.port()).build(), Dns.SYSTEM, server.url("/"))) {
            TestSubscriber.get(direct.send(Message.of("x")));
            assertThat(askedFor).isEmpty();
            TestSubscriber.get(proxied.send(Message.of("x")));
            assertThat(askedFor).isEmpty();
        } finally {
            ProxySelector.setDefault(before);
        }
    }

    private static ProxySelector recording(List<URI> askedFor) {
        return new ProxySelector() {
            @Override
            public List<Proxy> select(URI uri) {
                askedFor.add(uri);
                return List.of(Proxy.NO_PROXY);
            }

            @Override
            public void connectFailed(URI uri, SocketAddress address, IOException error) {}
        };
    }

    @Test
    void poller_isNotLedToMetadata_andNotByAPage() {
        try (PollerWorker poller = PollerWorker.builder()
                .url("http://metadata.example/")
                .config(PUBLIC_ONLY)
                .dns(host -> List.of(address("169.254.169.254")))
                .build()) {
            assertThatThrownBy(() -> TestSubscriber.get(poller.connect()))
                    .isInstanceOf(BrokerException.class)
                    .matches(e -> !((BrokerException) e).isRetryable(), "not worth a retry");
        }
        try (ScriptedServer other = new ScriptedServer((request, exchange) -> exchange.send(200, "stolen"));
                ScriptedServer server = new ScriptedServer((request, exchange) ->
                        exchange.send(200, "x", "Link: <" + other.url("/next") + ">; rel=\"next\""));
                PollerWorker poller = PollerWorker.builder()
                        .url(server.url("/"))
                        .config(PUBLIC_ONLY)
                        .auth(HttpAuth.bearer(io.pythia.Secret.of("secret")))
                        .pagination(Pagination.link())
                        .pollInterval(Duration.ofMillis(20))
                        .build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            poller.consume().subscribe(subscriber);
            assertThat(subscriber.awaitEnd())
                    .isInstanceOf(BrokerException.class)
                    .hasMessageContaining("another host");
            poller.close();
            assertThat(other.requests()).isEmpty();
        }
    }
}
