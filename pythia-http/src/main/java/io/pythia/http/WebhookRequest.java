package io.pythia.http;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import okhttp3.Call;
import okhttp3.EventListener;
import okhttp3.HttpUrl;
import okhttp3.Request;

/** Makes the requests to one URL. Immutable. */
final class WebhookRequest {
    private static final int SECRET_LENGTH = 4;

    /** Sees whether a request went out: then, without an answer, nobody knows whether it was processed. */
    static final class Sent extends EventListener {
        volatile boolean headers;

        @Override
        public void requestHeadersStart(Call call) {
            headers = true;
        }
    }

    private final HttpUrl url;
    private final String origin;
    private final List<WebhookKey> keys;

    WebhookRequest(HttpUrl url, WebhookSettings settings) {
        this.url = url;
        this.origin = Urls.origin(url);
        this.keys = settings.keys();
    }

    String origin() {
        return origin;
    }

    /** Returns a request for one attempt: with its own time, and so its own signatures. */
    Request request(WebhookDelivery delivery, Instant now, Sent sent) {
        long timestamp = now.getEpochSecond();
        Request.Builder request = new Request.Builder()
                .url(url)
                .headers(delivery.headers)
                .header("webhook-id", delivery.webhookId)
                .header("webhook-timestamp", Long.toString(timestamp))
                .tag(Sent.class, sent)
                .post(Bodies.once(delivery.body, null));
        if (delivery.headers.get("User-Agent") == null) {
            request.header("User-Agent", "pythia-http");
        }
        if (!keys.isEmpty()) {
            request.header(
                    "webhook-signature",
                    keys.stream()
                            .map(key -> key.sign(delivery.webhookId, timestamp, delivery.body))
                            .collect(Collectors.joining(" ")));
        }
        return request.build();
    }

    /** Returns the beginning of an answer's text, on one line, without what it may repeat of our headers and of the URL. */
    String shown(WebhookDelivery delivery, byte[] answer, int max) {
        String text = new String(answer, StandardCharsets.UTF_8);
        for (String word : hidden(delivery)) {
            text = text.replace(word, "***");
        }
        String line = text.replaceAll("[\\p{Cntrl}\\p{Cf}]", " ").strip();
        return line.length() <= max ? line : line.substring(0, max) + "...";
    }

    /** What must not be shown, the longest first: one may be a part of another. */
    private Collection<String> hidden(WebhookDelivery delivery) {
        Set<String> words = new TreeSet<>(
                Comparator.comparingInt(String::length).reversed().thenComparing(Comparator.naturalOrder()));
        for (String name : delivery.headers.names()) {
            for (String value : delivery.headers.values(name)) {
                // "Bearer abc": the second word is the secret.
                words.addAll(List.of(value.split("[ ,;=:\"]+", -1)));
            }
        }
        // Servers like to say "Cannot POST /services/abc".
        words.addAll(url.pathSegments());
        words.addAll(url.encodedPathSegments());
        for (String query : url.queryParameterNames()) {
            for (String value : url.queryParameterValues(query)) {
                words.addAll(value == null ? List.of() : List.of(value, encoded(value)));
            }
        }
        words.removeIf(word -> word.length() <= SECRET_LENGTH);
        return words;
    }

    private static String encoded(String value) {
        return URLEncoder.encode(value, StandardCharsets.UTF_8);
    }
}
