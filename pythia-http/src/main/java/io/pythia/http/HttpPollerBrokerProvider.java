package io.pythia.http;

import io.pythia.FirstRun;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import io.pythia.Secret;
import io.pythia.StateStore;
import io.pythia.spi.BrokerProvider;
import io.pythia.spi.BrokerUri;
import io.pythia.spi.Capabilities;
import io.pythia.spi.Capabilities.Ordering;
import io.pythia.spi.Settings;
import io.pythia.spi.SettingsReader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Makes {@code http-poller} known: {@code http-poller:https://api.example.com/events?limit=5#poll-interval=30s}. */
public final class HttpPollerBrokerProvider implements BrokerProvider {
    static final Capabilities CAPABILITIES = Capabilities.builder()
            .consumerOnly()
            .ordering(Ordering.SOURCE)
            .groups()
            .replay()
            .persistent()
            .build();

    /** How messages are taken out of an answer. */
    enum Extract {
        BODY,
        JSON_ARRAY,
        NDJSON
    }

    /** How a source is read that does not fit into one answer. */
    enum Paging {
        NONE,
        LINK,
        CURSOR,
        PAGE_TOKEN,
        PAGE,
        OFFSET,
        SINCE
    }

    /** For {@link java.util.ServiceLoader}. */
    public HttpPollerBrokerProvider() {}

    @Override
    public String name() {
        return "http-poller";
    }

    @Override
    public Capabilities capabilities() {
        return CAPABILITIES;
    }

    @Override
    public Map<String, String> fromUri(BrokerUri uri) {
        return Map.of("url", HttpSettings.address("http-poller", uri));
    }

    @Override
    public MessageProducer producer(Settings settings) {
        throw new UnsupportedOperationException("http-poller has no producer: it only reads; to send, use webhook");
    }

    @Override
    public MessageBroker consumer(Settings settings) {
        SettingsReader read = settings.reader();
        PollerWorker.Builder builder = PollerWorker.builder()
                .options(read)
                .config(read.bind(HttpConfig.class))
                .url(read.requiredText("url"));
        request(read, builder);
        timing(read, builder);
        read.set("auth", auth(read), builder::auth);
        read.set("extract", extraction(read), builder::extract);
        read.set("item-id", read.text("item-id"), builder::itemId);
        read.set("item-key", read.text("item-key"), builder::itemKey);
        read.set("pagination", pagination(read), builder::pagination);
        read.set("max-pages", read.read("max-pages", Integer.class, null), builder::maxPages);
        read.set("dedup-window", read.read("dedup-window", Integer.class, null), builder::dedupWindow);
        read.set("first-run", read.read("first-run", FirstRun.class, null), builder::firstRun);
        Path folder = read.read("state-folder", Path.class, null);
        if (folder != null) {
            builder.stateStore(StateStore.file(folder));
        }
        read.set("state-key", read.text("state-key"), builder::stateKey);
        return read.finish(builder::build);
    }

    private static void request(SettingsReader read, PollerWorker.Builder builder) {
        HttpSettings.headers(read, builder::headers);
        read.set("method", read.text("method"), builder::method);
        read.set("body", read.text("body"), builder::body);
    }

    private static void timing(SettingsReader read, PollerWorker.Builder builder) {
        read.set("poll-interval", read.read("poll-interval", Duration.class, null), builder::pollInterval);
        read.set("timing", read.read("timing", PollTiming.class, null), builder::timing);
        Integer percent = read.read("jitter-percent", Integer.class, null);
        read.set("jitter-percent", percent, value -> builder.jitter(value / 100.0));
        read.set("respect-max-age", read.read("respect-max-age", Boolean.class, null), builder::respectMaxAge);
        read.set("max-retry-after", read.read("max-retry-after", Duration.class, null), builder::maxRetryAfter);
        Integer perMinute = read.read("requests-per-minute", Integer.class, null);
        read.set(
                "requests-per-minute",
                perMinute,
                value -> builder.rateLimit(RateLimit.of(value, Duration.ofMinutes(1))));
    }

    /** At most one kind. */
    private static @Nullable HttpAuth auth(SettingsReader read) {
        read.alternatives(
                List.of("bearer-token"),
                List.of("user", "password"),
                List.of("api-key-secret", "api-key-header"),
                List.of("oauth-token-url", "oauth-client-id", "oauth-client-secret", "oauth-scope"));
        Secret bearer = read.read("bearer-token", Secret.class, null);
        String user = read.text("user");
        Secret password = read.read("password", Secret.class, null);
        Secret key = read.read("api-key-secret", Secret.class, null);
        String keyHeader = read.text("api-key-header");
        String tokenUrl = read.text("oauth-token-url");
        String clientId = read.text("oauth-client-id");
        Secret clientSecret = read.read("oauth-client-secret", Secret.class, null);
        String scope = read.text("oauth-scope");
        try {
            if (bearer != null) {
                return HttpAuth.bearer(bearer);
            } else if (user != null && password != null) {
                return HttpAuth.basic(user, password);
            } else if (key != null) {
                return HttpAuth.apiKey(keyHeader == null ? "X-Api-Key" : keyHeader, key);
            } else if (tokenUrl != null && clientId != null && clientSecret != null) {
                return HttpAuth.oauth2(tokenUrl, clientId, clientSecret, scope);
            } else if (user != null || password != null || tokenUrl != null) {
                read.problem(
                        "user and password come together, and oauth-token-url, oauth-client-id and oauth-client-secret do");
            }
        } catch (IllegalArgumentException e) {
            read.problem(String.valueOf(e.getMessage()));
        }
        return null;
    }

    private static @Nullable Extraction extraction(SettingsReader read) {
        Extract extract = read.read("extract", Extract.class, Extract.BODY);
        String pointer = read.text("extract-pointer");
        if (pointer != null && extract != Extract.JSON_ARRAY) {
            read.problem("extract-pointer", "needs extract=json-array");
        }
        try {
            return switch (extract == null ? Extract.BODY : extract) {
                case BODY -> Extraction.wholeBody();
                case JSON_ARRAY -> Extraction.jsonArray(pointer == null ? "" : pointer);
                case NDJSON -> Extraction.ndjson();
            };
        } catch (IllegalArgumentException e) {
            read.problem("extract-pointer", String.valueOf(e.getMessage()));
            return null;
        }
    }

    private static @Nullable Pagination pagination(SettingsReader read) {
        Paging paging = read.read("pagination", Paging.class, Paging.NONE);
        String parameter = read.text("page-parameter");
        String pointer = read.text("page-pointer");
        Integer first = read.read("first-page", Integer.class, 1);
        Duration overlap = read.read("since-overlap", Duration.class, Duration.ZERO);
        boolean needsPointer = paging == Paging.CURSOR || paging == Paging.PAGE_TOKEN || paging == Paging.SINCE;
        if (needsPointer && pointer == null) {
            read.problem("page-pointer", "is missing: where the cursor, the token or the time stands, a JSON pointer");
            return null;
        }
        try {
            return switch (paging == null ? Paging.NONE : paging) {
                case NONE -> Pagination.none();
                case LINK -> Pagination.link();
                case CURSOR -> Pagination.cursor(orEmpty(pointer), or(parameter, "cursor"));
                case PAGE_TOKEN -> Pagination.pageToken(orEmpty(pointer), or(parameter, "page_token"));
                case PAGE -> Pagination.page(or(parameter, "page"), first == null ? 1 : first);
                case OFFSET -> Pagination.offset(or(parameter, "offset"));
                case SINCE ->
                    Pagination.since(
                            or(parameter, "since"), orEmpty(pointer), overlap == null ? Duration.ZERO : overlap);
            };
        } catch (IllegalArgumentException e) {
            read.problem("page-pointer", String.valueOf(e.getMessage()));
            return null;
        }
    }

    private static String orEmpty(@Nullable String text) {
        return or(text, "");
    }

    private static String or(@Nullable String text, String other) {
        return text == null ? other : text;
    }
}
