package io.pythia.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.Brokers;
import io.pythia.ConfigException;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import io.pythia.spi.Settings;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HttpProvidersTest {
    private final Brokers brokers = Brokers.load();

    @Test
    void bothAreFound_eachWithItsSide() {
        assertThat(brokers.names()).contains("http-poller", "webhook");
        assertThatThrownBy(() -> brokers.producer("http-poller", Map.of("url", "https://a.example/")))
                .isInstanceOf(UnsupportedOperationException.class)
                .hasMessageContaining("no producer");
        assertThatThrownBy(() -> brokers.consumer("webhook", Map.of("webhook-urls", "https://a.example/")))
                .isInstanceOf(UnsupportedOperationException.class)
                .hasMessageContaining("no consumer");
    }

    @Test
    void urls_haveTheirSettingsBehindTheHash() {
        try (MessageBroker poller = brokers.consumer(
                URI.create(
                        "http-poller:https://api.example.com/events?limit=5&since=a%20b#poll-interval=250ms&extract=json-array&item-id=/id"))) {
            assertThat(poller.name()).isEqualTo("http-poller:https://api.example.com/events");
        }
        try (MessageProducer webhook =
                brokers.producer(URI.create("webhook:https://a.example.com/hook#schedule=standard&concurrency=2"))) {
            assertThat(webhook.name()).isEqualTo("webhook:https://a.example.com");
        }
        try (MessageProducer webhook = brokers.producer(
                URI.create("webhook:https://a.example.com/x,y?z=1,https://b.example.com/#timeout=3s"))) {
            assertThat(webhook.name()).isEqualTo("webhook:https://a.example.com+1");
        }
    }

    @Test
    void allSettings_areTaken() {
        Map<String, String> poller = new HashMap<>();
        poller.put("url", "http://localhost:1/x");
        poller.put("allowPlainHttp", "true");
        poller.put("poll_interval", "5s");
        poller.put("timing", "fixed-rate");
        poller.put("jitter-percent", "20");
        poller.put("respect-max-age", "true");
        poller.put("max-retry-after", "5m");
        poller.put("requests-per-minute", "30");
        poller.put("method", "POST");
        poller.put("body", "{}");
        poller.put("header.accept", "application/json, text/plain");
        poller.put("oauth-token-url", "http://localhost:1/token");
        poller.put("oauth-client-id", "me");
        poller.put("oauth-client-secret", "secret");
        poller.put("oauth-scope", "read");
        poller.put("extract", "json-array");
        poller.put("extract-pointer", "/items");
        poller.put("item-id", "/id");
        poller.put("item-key", "/key");
        poller.put("pagination", "since");
        poller.put("page-pointer", "/at");
        poller.put("page-parameter", "from");
        poller.put("since-overlap", "10s");
        poller.put("max-pages", "7");
        poller.put("dedup-window", "50");
        poller.put("first-run", "only-new");
        poller.put("state-folder", "/tmp/nowhere");
        poller.put("state-key", "k");
        poller.put("batch-size", "10");
        poller.put("retry.max-retries", "2");
        poller.put("allow-networks", "10.0.0.0/8, loopback");
        try (MessageBroker built = brokers.consumer("http-poller", poller)) {
            assertThat(built.name()).endsWith("/x");
        }
        Map<String, String> webhook = new HashMap<>();
        webhook.put("webhook-urls", "http://localhost:1/x");
        webhook.put("allow-plain-http", "true");
        webhook.put("secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        webhook.put("old-secret", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
        webhook.put("header.x-tenant", "t");
        webhook.put("message-headers", "event-type, trace");
        webhook.put("max-queued", "5");
        webhook.put("max-message-bytes", "64KiB");
        webhook.put("max-retry-after", "1m");
        webhook.put("send-timeout", "20s");
        webhook.put("retry.max-retries", "2");
        webhook.put("max-retries", "1");
        try (MessageProducer built = brokers.producer("webhook", webhook)) {
            assertThat(built.name()).isEqualTo("webhook:http://localhost:1");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "url|http://a.example/|url: url must begin with https://; allow-plain-http",
                "url|https://user:s3cr3t@a.example/|user or password",
                "url|https://169.254.169.254/|no public address",
                "poll-interval|30|no unit",
                "timeout|0s|timeout",
                "max-connections|0|max-connections",
                "allow-networks|everything|allow-networks",
                "proxy|http://user:s3cr3t@proxy:80|proxy",
                "header.x-y|s3cr3té|x-y",
                "header.host|s3cr3t|host",
                "bearer-token|s3cr3t|bearer-token, user: exclude each other",
                "extract-pointer|/x|json-array",
                "pagination|cursor|page-pointer",
                "item-id|no pointer|JSON pointer",
                "jitter-percent|200|jitter",
                "body|x|method",
                "pol-interval|5s|did you mean poll-interval"
            })
    void badSetting_isSaid_withoutSecrets(String key, String value, String said) {
        Map<String, String> settings =
                new HashMap<>(Map.of("url", "https://a.example/", "user", "u", "password", "s3cr3t"));
        settings.put(key, value);
        assertThatThrownBy(() -> brokers.consumer("http-poller", settings))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(said)
                .hasMessageNotContaining("s3cr3t");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "webhook-urls|http://a.example/|webhook-urls: webhook-urls must begin with https://; allow-plain-http",
                "webhook-urls|https://127.0.0.1/|no public address",
                "webhook-urls|https://a.example/,https://a.example/|twice",
                "secret|whsec_c2hvcnQ=|24 to 64 bytes",
                "header.webhook-signature|v1,s3cr3t|webhook-signature",
                "message-headers|webhook-id|webhook-id",
                "concurrency|101|max-connections",
                "schedule|weekly|short, standard"
            })
    void badWebhookSetting_isSaid(String key, String value, String said) {
        Map<String, String> settings = new HashMap<>(Map.of("webhook-urls", "https://a.example/"));
        settings.put(key, value);
        assertThatThrownBy(() -> brokers.producer("webhook", settings))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(said)
                .hasMessageNotContaining("c2hvcnQ")
                .hasMessageNotContaining("s3cr3t");
    }

    @ParameterizedTest
    @CsvSource({"http-poller:events", "http-poller://host/x", "webhook:", "webhook://a.example/x"})
    void addressWithoutAUrl_isRefused(String url) {
        assertThatThrownBy(() -> {
                    if (url.startsWith("webhook")) {
                        brokers.producer(URI.create(url));
                    } else {
                        brokers.consumer(URI.create(url));
                    }
                })
                .isInstanceOf(RuntimeException.class);
    }

    /** The page lists the settings by hand, where they are not a record's: none may be missing, and none may be made up. */
    @Test
    void page_listsEverySetting() throws IOException {
        String page = Files.readString(Path.of("../docs/brokers/http.md"));
        String pollerPart = page.substring(page.indexOf("## Poller"), page.indexOf("## Webhook sender"));
        String webhookPart = page.substring(page.indexOf("## Webhook sender"));
        String client = page.substring(page.indexOf("## Client"));
        Set<String> ofPoller = known(() -> brokers.consumer("http-poller", Map.of("zzzzzzzzzzzzzzzzzzzzzzzz", "")));
        ofPoller.remove("max-lease"); // there are no leases
        assertThat(listed(pollerPart + client)).containsAll(ofPoller);
        Set<String> ofWebhook = known(() -> brokers.producer("webhook", Map.of("zzzzzzzzzzzzzzzzzzzzzzzz", "")));
        ofWebhook.remove("connect-policy"); // connecting asks nobody
        assertThat(listed(webhookPart)).containsAll(ofWebhook);
        Set<String> all = new TreeSet<>(ofPoller);
        all.addAll(ofWebhook);
        all.addAll(List.of("header", "retry", "tls"));
        assertThat(all).containsAll(listed(page));
    }

    private static Set<String> listed(String page) {
        return page.lines()
                .filter(line -> line.startsWith("| `"))
                .map(line -> line.split("\\|")[1])
                .filter(
                        cell -> !cell.matches(
                                ".*`(http-poller|webhook|none|link|page-token|page|cursor|offset|since|UncertainSend.*|Message.*)`.*"))
                .flatMap(cell ->
                        Pattern.compile("`([a-z0-9-]+)").matcher(cell).results().map(m -> m.group(1)))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** The error of an unknown setting lists those that there are; groups such as retry.* by their name. */
    private static Set<String> known(Runnable withAnUnknownSetting) {
        try {
            withAnUnknownSetting.run();
            throw new AssertionError("an unknown setting was taken");
        } catch (ConfigException e) {
            Matcher matcher = Pattern.compile("known are (.*)").matcher(String.valueOf(e.getMessage()));
            assertThat(matcher.find()).isTrue();
            return Arrays.stream(matcher.group(1).split(", "))
                    .map(key -> key.replaceFirst("\\..*", ""))
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }

    @Test
    void whatTheBuilderRefuses_isReportedByItsKey_withAllTheRest() {
        assertThatThrownBy(() -> brokers.consumer(
                        "http-poller",
                        Map.of("url", "http://a.example/?token=s3cr3t", "poll-interval", "5", "itemid", "/i")))
                .isInstanceOfSatisfying(
                        ConfigException.class,
                        e -> assertThat(e.problems())
                                .extracting(ConfigException.Problem::key)
                                .containsExactlyInAnyOrder("url", "poll-interval", "itemid"))
                .hasMessageNotContaining("s3cr3t");
        assertThatThrownBy(() -> brokers.producer(
                        "webhook",
                        Map.of("webhook-urls", "ftp://a.example/s3cr3t", "concurency", "2", "timeout", "0s")))
                .isInstanceOfSatisfying(
                        ConfigException.class,
                        e -> assertThat(e.problems())
                                .extracting(ConfigException.Problem::key)
                                .containsExactlyInAnyOrder("webhook-urls", "concurency", "timeout"))
                .hasMessageNotContaining("s3cr3t");
    }

    @Test
    void credentialsThatWereGiven_goBeforeThoseOfTheEnvironment() {
        Settings settings = Settings.of(
                        "http-poller", Map.of("url", "https://a.example/", "user", "u", "password", "p"))
                .withEnvironment(Map.of("PYTHIA_HTTP_POLLER_BEARER_TOKEN", "t"));
        try (MessageBroker built = new HttpPollerBrokerProvider().consumer(settings)) {
            assertThat(built.name()).isEqualTo("http-poller:https://a.example/");
        }
    }
}
