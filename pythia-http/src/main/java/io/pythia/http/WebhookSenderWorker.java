package io.pythia.http;

import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.Secret;
import io.pythia.retry.RetryConfig;
import io.pythia.spi.AbstractMessageProducer;
import io.pythia.spi.ProducerOptions;
import io.pythia.spi.SendDriver;
import java.time.Duration;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import okhttp3.Dns;
import okhttp3.HttpUrl;
import org.jspecify.annotations.Nullable;

/**
 * Sends each message to one URL or several, by POST. A send succeeds when every URL has answered 2xx; otherwise its error is a
 * {@link DeliveryFailure} with the result of each.
 *
 * <pre>{@code
 * WebhookSenderWorker webhook = WebhookSenderWorker.builder()
 *         .webhookUrls("https://api.partner1.com/webhooks", "https://api.partner2.com/webhooks")
 *         .secret(Secret.of("whsec_...")).build();
 * }</pre>
 */
public final class WebhookSenderWorker extends AbstractMessageProducer {
    /** How long a send may take at least if nobody says. */
    private static final Duration LEAST_SEND_TIMEOUT = Duration.ofSeconds(30);

    private static final Duration GRACE = Duration.ofSeconds(5);
    private static final int MAX_MESSAGE_BYTES = 1 << 20;

    /** Stands for "not set": nobody would choose it. */
    private static final Duration NO_TIMEOUT_SET = ChronoUnit.FOREVER.getDuration();

    private final WebhookSettings settings;

    private WebhookSenderWorker(Builder builder, WebhookSettings settings, ProducerOptions options) {
        super(settings.name(), builder, options);
        this.settings = settings;
    }

    /** Returns a builder. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns the options before anything is set: those of all producers, but for what comes from elsewhere here. */
    static ProducerOptions unsetOptions() {
        return ProducerOptions.defaults().with(RetryConfig.defaults()).withSendTimeout(NO_TIMEOUT_SET);
    }

    @Override
    protected SendDriver newDriver() {
        return new WebhookSender(settings);
    }

    @Override
    protected @Nullable MessageException check(Message message) {
        return WebhookMessages.check(settings, message);
    }

    /**
     * Builds senders; the defaults are in the methods' descriptions. Not thread-safe.
     *
     * <p>{@code retry} is how often, and with what pauses, a message is sent again to a URL that did not take it; unless it is set, or is
     * {@link RetryConfig#defaults()}, {@code maxRetries} and {@code retryDelay} of the {@link HttpConfig} say that. {@code sendTimeout} limits a message's attempts at all
     * URLs; by default it is as long as the schedule takes, at least 30 s.
     */
    public static final class Builder extends AbstractMessageProducer.Builder<Builder> {
        private List<String> urls = List.of();
        private HttpConfig config = HttpConfig.webhookDefaults();
        private @Nullable Duration timeout;
        private @Nullable Integer maxRetries;
        private Map<String, String> headers = Map.of();
        private Set<String> messageHeaders = Set.of();
        private final List<WebhookKey> keys = new ArrayList<>();
        private @Nullable RetrySchedule schedule;
        private @Nullable Integer concurrency;
        private int maxQueued = 10_000;
        private int maxMessageBytes = MAX_MESSAGE_BYTES;
        private Duration maxRetryAfter = Duration.ofHours(1);
        private InstantSource clock = InstantSource.system();
        private Dns dns = Dns.SYSTEM;

        private Builder() {
            options(unsetOptions());
        }

        @Override
        protected Builder self() {
            return this;
        }

        /** Sets the URLs; each message goes to all. At least one is required. */
        public Builder webhookUrls(List<String> urls) {
            this.urls = List.copyOf(urls);
            return this;
        }

        /** Sets the URLs; each message goes to all. At least one is required. */
        public Builder webhookUrls(String... urls) {
            return webhookUrls(List.of(urls));
        }

        /** Sets headers of every request. Default: {@code Content-Type: application/json}. */
        public Builder headers(Map<String, String> headers) {
            this.headers = HeaderRules.check(headers);
            return this;
        }

        /** Sets how the client works. Default: {@link HttpConfig#webhookDefaults()}. */
        public Builder config(HttpConfig config) {
            this.config = Objects.requireNonNull(config, "config");
            return this;
        }

        /** Sets how long one attempt may take, in place of the configuration's. Default: 15 s. */
        public Builder timeout(Duration timeout) {
            this.timeout = Objects.requireNonNull(timeout, "timeout");
            return this;
        }

        /** Sets how often a message is sent again to a URL, in place of the configuration's. Default: 3. */
        public Builder maxRetries(int retries) {
            this.maxRetries = retries;
            return this;
        }

        /** Sets another schedule of attempts, for instance {@link RetrySchedule#standard()}. Default: none, see the class. */
        public Builder schedule(RetrySchedule schedule) {
            this.schedule = Objects.requireNonNull(schedule, "schedule");
            return this;
        }

        /**
         * Adds a secret to sign with, by the Standard Webhooks specification: {@code whsec_} and 24 to 64 bytes in Base64. While secrets are
         * rotated there are two, and two signatures. Default: none, no signature.
         */
        public Builder secret(Secret secret) {
            keys.add(WebhookKey.of(secret));
            return this;
        }

        /** Sets which of a message's headers are sent along. Default: none: a header may come from anywhere. */
        public Builder messageHeaders(Collection<String> names) {
            names.forEach(HeaderRules::checkName);
            Set<String> set = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
            set.addAll(names);
            this.messageHeaders = set;
            return this;
        }

        /** Sets how many requests to one URL may be under way at once. Default: 16, less if maxConnections does not suffice. */
        public Builder concurrency(int requests) {
            requireAtLeastOne("concurrency", requests);
            this.concurrency = requests;
            return this;
        }

        /** Sets how many messages may wait for one URL; for more it has failed at once, and others are not held up. Default: 10,000. */
        public Builder maxQueued(int messages) {
            requireAtLeastOne("maxQueued", messages);
            this.maxQueued = messages;
            return this;
        }

        /** Sets the largest body, in bytes. Default: 1 MiB. */
        public Builder maxMessageBytes(int bytes) {
            requireAtLeastOne("maxMessageBytes", bytes);
            this.maxMessageBytes = bytes;
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

        /** Sets what time it is, for signatures. Default: the system's clock. */
        public Builder clock(InstantSource clock) {
            this.clock = Objects.requireNonNull(clock, "clock");
            return this;
        }

        Builder dns(Dns dns) {
            this.dns = dns;
            return this;
        }

        private static void requireAtLeastOne(String name, int value) {
            if (value < 1) {
                throw new IllegalArgumentException(name + " must be at least 1, but is " + value);
            }
        }

        /**
         * Returns a sender, not connected.
         *
         * @throws IllegalArgumentException if something is missing, contradicts something else, or a URL must not be requested
         */
        public WebhookSenderWorker build() {
            WebhookSettings settings = settings(options());
            // Trying again is done per URL, so the engine must not do it for the whole; see docs/decisions/0009.
            // And the engine's word, which knows no URL, comes only where the sender's own does not.
            ProducerOptions ofEngine = options()
                    .with(RetryConfig.none())
                    .withSendTimeout(settings.sendTimeout().plusSeconds(1));
            return new WebhookSenderWorker(this, settings, ofEngine);
        }

        WebhookSettings settings() {
            return settings(options());
        }

        private WebhookSettings settings(ProducerOptions asked) {
            HttpConfig effective = effectiveConfig();
            AddressGuard guard = AddressGuard.forWebhooks(effective.allowNetworks());
            Map<String, HttpUrl> targets = targets(effective, guard);
            RetrySchedule attempts = attempts(asked, effective);
            return new WebhookSettings(
                    name(targets),
                    List.copyOf(targets.keySet()),
                    List.copyOf(targets.values()),
                    effective,
                    guard,
                    dns,
                    headers,
                    messageHeaders,
                    List.copyOf(keys),
                    attempts,
                    concurrency(effective, targets.size()),
                    maxQueued,
                    asked.maxInFlightBytes() / (targets.size() + 1),
                    maxMessageBytes,
                    maxRetryAfter,
                    sendTimeout(asked, effective, attempts),
                    asked.connectTimeout(),
                    clock);
        }

        private HttpConfig effectiveConfig() {
            HttpConfig.Builder effective = config.toBuilder();
            if (timeout != null) {
                effective.timeout(timeout);
            }
            if (maxRetries != null) {
                effective.maxRetries(maxRetries);
            }
            return effective.build();
        }

        private Map<String, HttpUrl> targets(HttpConfig effective, AddressGuard guard) {
            if (urls.isEmpty()) {
                throw new IllegalArgumentException("webhookUrls must have at least one URL");
            }
            Map<String, HttpUrl> targets = new LinkedHashMap<>();
            for (int i = 0; i < urls.size(); i++) {
                String setting = urls.size() == 1 ? "webhookUrls" : "webhookUrls, number " + (i + 1) + ",";
                HttpUrl target = Urls.parse(setting, urls.get(i), effective.allowPlainHttp(), guard);
                if (targets.put(urls.get(i), target) != null) {
                    throw new IllegalArgumentException(setting + " is there twice");
                }
            }
            return targets;
        }

        private static String name(Map<String, HttpUrl> targets) {
            String first = Urls.origin(targets.values().iterator().next());
            return "webhook:" + first + (targets.size() == 1 ? "" : "+" + (targets.size() - 1));
        }

        private RetrySchedule attempts(ProducerOptions asked, HttpConfig effective) {
            if (schedule != null) {
                return schedule;
            }
            boolean setThere = maxRetries != null || asked.retry().equals(RetryConfig.defaults());
            return RetrySchedule.of(setThere ? effective.retry() : asked.retry());
        }

        private static Duration sendTimeout(ProducerOptions asked, HttpConfig effective, RetrySchedule attempts) {
            if (!asked.sendTimeout().equals(NO_TIMEOUT_SET)) {
                return asked.sendTimeout();
            }
            Duration longest = attempts.longest(effective.timeout());
            return longest == null || longest.compareTo(LEAST_SEND_TIMEOUT) < 0
                    ? LEAST_SEND_TIMEOUT
                    : longest.plus(GRACE);
        }

        private int concurrency(HttpConfig effective, int urlCount) {
            int share = effective.maxConnections() / urlCount;
            if (share < 1 || (concurrency != null && concurrency > share)) {
                throw new IllegalArgumentException("maxConnections must be at least the number of URLs times their"
                        + " concurrency, " + urlCount + " x " + (concurrency == null ? 1 : concurrency) + ", but is "
                        + effective.maxConnections());
            }
            return concurrency == null ? Math.min(16, share) : concurrency;
        }
    }
}
