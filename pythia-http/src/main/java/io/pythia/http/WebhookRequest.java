package io.pythia.http;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
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
    /** What must not be shown: the values of headers that every request has. */
    private final Collection<String> hidden;

    WebhookRequest(HttpUrl url, WebhookSettings settings) {
        this.url = url;
        this.origin = Urls.origin(url);
        this.keys = settings.keys();
        this.hidden = settings.headers().values();
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

    /** Returns the beginning of an answer's text, on one line, without what it may repeat of our headers. */
    String shown(byte[] answer, int max) {
        String text = new String(answer, StandardCharsets.UTF_8);
        for (String value : hidden) {
            // "Bearer abc": the second word is the secret.
            for (String word : value.split("[ ,;=:\"]+", -1)) {
                text = word.length() > SECRET_LENGTH ? text.replace(word, "***") : text;
            }
        }
        String line = text.replaceAll("[\\p{Cntrl}\\p{Cf}]", " ").strip();
        return line.length() <= max ? line : line.substring(0, max) + "...";
    }
}
