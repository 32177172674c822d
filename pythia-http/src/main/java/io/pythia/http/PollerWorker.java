package io.pythia.http;

import com.fasterxml.jackson.core.JsonPointer;
import io.pythia.FirstRun;
import io.pythia.StateStore;
import io.pythia.http.Extraction.ItemPointers;
import io.pythia.internal.Hashes;
import io.pythia.internal.Utf8;
import io.pythia.spi.AbstractMessageBroker;
import io.pythia.spi.ReceiveDriver;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.TreeMap;
import okhttp3.Dns;
import okhttp3.HttpUrl;
import org.jspecify.annotations.Nullable;

/**
 * Polls a URL and delivers what is new. Its place in the source (ETag, cursor, time) is stored when the messages before it are
 * acknowledged, so that none is skipped.
 *
 * <pre>{@code
 * PollerWorker poller = PollerWorker.builder()
 *         .url("https://api.example.com/events")
 *         .pollInterval(Duration.ofSeconds(30))
 *         .extract(Extraction.jsonArray("/events")).itemId("/id")
 *         .stateStore(StateStore.file(Path.of("/var/lib/app"))).build();
 * }</pre>
 */
public final class PollerWorker extends AbstractMessageBroker<PolledMessage> {
    private static final Duration DEFAULT_INTERVAL = Duration.ofSeconds(30);

    private final PollSettings settings;
    private final PollSchedule schedule;

    private PollerWorker(Builder builder, PollSettings settings) {
        super(settings.name(), HttpPollerBrokerProvider.CAPABILITIES, builder);
        this.settings = settings;
        this.schedule = new PollSchedule(settings, new SplittableRandom(), System.nanoTime());
    }

    /** Returns a builder. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    protected ReceiveDriver<PolledMessage> newDriver() {
        return new PollerReceiver(settings, schedule);
    }

    /** Builds pollers; the defaults are in the methods' descriptions. Not thread-safe. */
    public static final class Builder extends AbstractMessageBroker.Builder<Builder> {
        private @Nullable String url;
        private Duration pollInterval = DEFAULT_INTERVAL;
        private Map<String, String> headers = Map.of();
        private Map<String, String> params = Map.of();
        private String method = "GET";
        private byte @Nullable [] body;
        private HttpAuth auth = HttpAuth.none();
        private HttpConfig config = HttpConfig.defaults();
        private PollTiming timing = PollTiming.FIXED_DELAY;
        private double jitter = 0.1;
        private boolean respectMaxAge;
        private Duration maxRetryAfter = Duration.ofHours(1);
        private @Nullable RateLimit rateLimit;
        private Extraction extraction = Extraction.wholeBody();
        private @Nullable JsonPointer itemId;
        private @Nullable JsonPointer itemKey;
        private Pagination pagination = Pagination.none();
        private int maxPages = 1_000;
        private int dedupWindow = 10_000;
        private FirstRun firstRun = FirstRun.ALL;
        private @Nullable StateStore store;
        private @Nullable String stateKey;
        private Dns dns = Dns.SYSTEM;

        private Builder() {}

        @Override
        protected Builder self() {
            return this;
        }

        /** Sets the URL. Required. */
        public Builder url(String url) {
            this.url = Objects.requireNonNull(url, "url");
            return this;
        }

        /** Sets how long to wait between polls. Default: 30 s. */
        public Builder pollInterval(Duration interval) {
            if (interval.isNegative()) {
                throw new IllegalArgumentException("pollInterval must not be negative, but is " + interval);
            }
            this.pollInterval = interval;
            return this;
        }

        /** Sets headers of every request. Default: none. */
        public Builder headers(Map<String, String> headers) {
            this.headers = HeaderRules.check(headers);
            return this;
        }

        /**
         * Sets parameters that are added to the URL's query, encoded, in the order of their names; a value that is no text as its
         * {@code toString} gives it. Default: none.
         *
         * @throws IllegalArgumentException if a value is null
         */
        public Builder params(Map<String, ?> params) {
            // The place is stored under the whole URL, and a Map.of has another order in each process.
            Map<String, String> sorted = new TreeMap<>();
            params.forEach((name, value) -> {
                if (value == null) {
                    throw new IllegalArgumentException("params must have a value for each name");
                }
                sorted.put(name, String.valueOf(value));
            });
            this.params = sorted;
            return this;
        }

        /** Sets the method; only GET is conditional. Default: GET. */
        public Builder method(String method) {
            if (!method.matches("[A-Za-z]{1,20}")) {
                throw new IllegalArgumentException("method must be one such as GET or POST");
            }
            this.method = method.toUpperCase(Locale.ROOT);
            return this;
        }

        /** Sets the body of every request, in UTF-8; with the method POST, PUT, PATCH or QUERY. Default: none. */
        public Builder body(String body) {
            return body(Utf8.encode("the body", body));
        }

        /** Sets the body of every request; copied. Default: none. */
        public Builder body(byte[] body) {
            this.body = body.clone();
            return this;
        }

        /** Sets the credentials. Default: none. */
        public Builder auth(HttpAuth auth) {
            this.auth = Objects.requireNonNull(auth, "auth");
            return this;
        }

        /** Sets how the client works. Default: {@link HttpConfig#defaults()}. */
        public Builder config(HttpConfig config) {
            this.config = Objects.requireNonNull(config, "config");
            return this;
        }

        /** Sets from when the interval counts. Default: from the end of a poll. */
        public Builder timing(PollTiming timing) {
            this.timing = Objects.requireNonNull(timing, "timing");
            return this;
        }

        /** Sets by what part each interval is drawn longer or shorter, so that many pollers do not ask at once. Default: 0.1. */
        public Builder jitter(double part) {
            if (!(part >= 0 && part <= 1)) {
                throw new IllegalArgumentException("jitter must be between 0 and 1, but is " + part);
            }
            this.jitter = part;
            return this;
        }

        /** Sets whether {@code Cache-Control: max-age} makes an interval longer, to ten times its length at most. Default: false. */
        public Builder respectMaxAge(boolean respect) {
            this.respectMaxAge = respect;
            return this;
        }

        /** Sets the longest pause that a server may ask for by {@code Retry-After}. Default: 1 h. */
        public Builder maxRetryAfter(Duration pause) {
            if (pause.isNegative()) {
                throw new IllegalArgumentException("maxRetryAfter must not be negative, but is " + pause);
            }
            this.maxRetryAfter = pause;
            return this;
        }

        /** Sets how often requests may be made, for pages too; several pollers of one host may share it. Default: no limit. */
        public Builder rateLimit(RateLimit limit) {
            this.rateLimit = Objects.requireNonNull(limit, "limit");
            return this;
        }

        /** Sets how messages are taken out of an answer. Default: the whole body is one. */
        public Builder extract(Extraction extraction) {
            this.extraction = Objects.requireNonNull(extraction, "extraction");
            return this;
        }

        /** Sets where in an item its id is, a JSON pointer: an item whose id was acknowledged before is left out. Default: none. */
        public Builder itemId(String pointer) {
            this.itemId = Json.pointer("itemId", pointer);
            return this;
        }

        /** Sets where in an item the message's key is, a JSON pointer. Default: none. */
        public Builder itemKey(String pointer) {
            this.itemKey = Json.pointer("itemKey", pointer);
            return this;
        }

        /** Sets how a source is read that does not fit into one answer. Default: it does. */
        public Builder pagination(Pagination pagination) {
            this.pagination = Objects.requireNonNull(pagination, "pagination");
            return this;
        }

        /** Sets after how many pages the poller waits for its interval before it goes on. Default: 1,000. */
        public Builder maxPages(int pages) {
            if (pages < 1) {
                throw new IllegalArgumentException("maxPages must be at least 1, but is " + pages);
            }
            this.maxPages = pages;
            return this;
        }

        /** Sets how many ids of acknowledged items are kept, in the state store too; 0 for none. Default: 10,000. */
        public Builder dedupWindow(int ids) {
            if (ids < 0) {
                throw new IllegalArgumentException("dedupWindow must not be negative, but is " + ids);
            }
            this.dedupWindow = ids;
            return this;
        }

        /** Sets what is delivered when no place is stored. Default: all. */
        public Builder firstRun(FirstRun firstRun) {
            this.firstRun = Objects.requireNonNull(firstRun, "firstRun");
            return this;
        }

        /** Sets where the place is kept. Default: in memory, so that a new process begins anew. */
        public Builder stateStore(StateStore store) {
            this.store = Objects.requireNonNull(store, "store");
            return this;
        }

        /** Sets under what key the place is kept, for two applications that read one URL. Default: the URL and a hash of its query. */
        public Builder stateKey(String key) {
            if (key.isBlank()) {
                throw new IllegalArgumentException("stateKey must not be blank");
            }
            this.stateKey = key;
            return this;
        }

        Builder dns(Dns dns) {
            this.dns = dns;
            return this;
        }

        /**
         * Returns a poller, not connected.
         *
         * @throws IllegalArgumentException if something is missing, contradicts something else, or the URL must not be requested
         */
        public PollerWorker build() {
            if (url == null) {
                throw new IllegalArgumentException("url must be set");
            }
            boolean wantsBody =
                    java.util.Set.of("POST", "PUT", "PATCH", "QUERY").contains(method);
            if (body != null && !wantsBody) {
                throw new IllegalArgumentException(
                        "body needs the method POST, PUT, PATCH or QUERY, but it is " + method);
            }
            AddressGuard guard = AddressGuard.forPoller(config.allowNetworks());
            HttpUrl parsed = Urls.parse("url", url, config.allowPlainHttp(), guard);
            HttpUrl.Builder full = parsed.newBuilder();
            params.forEach(full::addQueryParameter);
            auth.check(config, guard);
            String source = Urls.withoutQuery(parsed);
            return new PollerWorker(
                    this,
                    new PollSettings(
                            "http-poller:" + source,
                            full.build(),
                            source,
                            method,
                            headers,
                            wantsBody && body == null ? new byte[0] : body,
                            auth,
                            config,
                            guard,
                            dns,
                            pollInterval,
                            timing,
                            jitter,
                            respectMaxAge,
                            maxRetryAfter,
                            rateLimit,
                            extraction,
                            new ItemPointers(itemId, itemKey, pagination.sincePointer()),
                            pagination,
                            maxPages,
                            dedupWindow,
                            firstRun,
                            store == null ? StateStore.memory() : store,
                            stateKey == null
                                    ? source + "#" + Hashes.of(full.build().toString())
                                    : stateKey,
                            options().connectTimeout(),
                            options().maxInFlight()));
        }
    }
}
