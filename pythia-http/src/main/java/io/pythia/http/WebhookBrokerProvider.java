package io.pythia.http;

import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import io.pythia.Secret;
import io.pythia.spi.BrokerProvider;
import io.pythia.spi.BrokerUri;
import io.pythia.spi.Capabilities;
import io.pythia.spi.Capabilities.Support;
import io.pythia.spi.Settings;
import io.pythia.spi.SettingsReader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Makes {@code webhook} known: {@code webhook:https://a.example.com/hook}, its settings in the fragment. */
public final class WebhookBrokerProvider implements BrokerProvider {
    static final Capabilities CAPABILITIES = Capabilities.builder()
            .producerOnly()
            .nack(Support.NONE)
            .delayedNack(Support.NONE)
            .deadLetter(Support.NONE)
            .maxMessageBytes(1 << 20)
            .build();

    /** When a message is sent again. */
    enum Schedule {
        /** As {@code max-retries} and {@code retry-delay} say. */
        SHORT,
        /** The ten attempts of the Standard Webhooks specification, over three days. */
        STANDARD
    }

    /** For {@link java.util.ServiceLoader}. */
    public WebhookBrokerProvider() {}

    @Override
    public String name() {
        return "webhook";
    }

    @Override
    public Capabilities capabilities() {
        return CAPABILITIES;
    }

    @Override
    public Map<String, String> fromUri(BrokerUri uri) {
        return Map.of("webhook-urls", HttpSettings.address("webhook", uri));
    }

    @Override
    public MessageBroker consumer(Settings settings) {
        throw new UnsupportedOperationException(
                "webhook has no consumer: it sends; to receive, use your web server with WebhookVerifier, or http-poller");
    }

    @Override
    public MessageProducer producer(Settings settings) {
        SettingsReader read = settings.reader();
        WebhookSenderWorker.Builder builder = WebhookSenderWorker.builder()
                .options(read)
                .config(read.bind(HttpConfig.webhookDefaults()))
                .webhookUrls(urls(read.requiredText("webhook-urls")));
        HttpSettings.headers(read, builder::headers);
        read.set("secret", read.read("secret", Secret.class, null), builder::secret);
        read.set("old-secret", read.read("old-secret", Secret.class, null), builder::secret);
        read.set("message-headers", list(read.text("message-headers")), builder::messageHeaders);
        if (read.read("schedule", Schedule.class, Schedule.SHORT) == Schedule.STANDARD) {
            builder.schedule(RetrySchedule.standard());
        }
        read.set("concurrency", read.read("concurrency", Integer.class, null), builder::concurrency);
        read.set("max-queued", read.read("max-queued", Integer.class, null), builder::maxQueued);
        read.set("max-message-bytes", read.read("max-message-bytes", Integer.class, null), builder::maxMessageBytes);
        read.set("max-retry-after", read.read("max-retry-after", Duration.class, null), builder::maxRetryAfter);
        return read.finish(builder::build);
    }

    private static @Nullable List<String> list(@Nullable String text) {
        return text == null
                ? null
                : Arrays.stream(text.split(",", -1)).map(String::strip).toList();
    }

    /** Splits at the commas before a URL: one within a URL is none. */
    private static List<String> urls(String text) {
        List<String> urls = new ArrayList<>();
        for (String url : text.split(",(?=\\s*[hH][tT][tT][pP][sS]?://)", -1)) {
            urls.add(url.strip());
        }
        return urls;
    }
}
