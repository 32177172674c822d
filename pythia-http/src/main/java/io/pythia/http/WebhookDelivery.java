package io.pythia.http;

import io.pythia.SendResult;
import io.pythia.http.UrlOutcome.Kind;
import io.pythia.spi.Outgoing;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.stream.Collectors;
import okhttp3.Headers;
import org.jspecify.annotations.Nullable;

/** One message on its way to all URLs: it ends when it has ended at each. Thread-safe. */
final class WebhookDelivery {
    /** The same at every attempt, and at every URL: by it a receiver sees that it has the message already. */
    final String webhookId;

    final byte[] body;
    final Headers headers;
    /** When no further attempt makes sense, by {@link System#nanoTime}. */
    final long deadline;

    private final String name;
    private final Outgoing outgoing;
    private final List<String> urls;
    private final AtomicReferenceArray<@Nullable UrlOutcome> outcomes;
    private final AtomicInteger open;

    WebhookDelivery(
            String name, Outgoing outgoing, String webhookId, Headers headers, List<String> urls, long deadline) {
        this.name = name;
        this.outgoing = outgoing;
        this.webhookId = webhookId;
        this.body = outgoing.message().body();
        this.headers = headers;
        this.urls = urls;
        this.deadline = deadline;
        this.outcomes = new AtomicReferenceArray<>(urls.size());
        this.open = new AtomicInteger(urls.size());
    }

    /** Says what became of it at one URL; the first word counts. */
    void ended(int url, UrlOutcome outcome) {
        if (outcomes.compareAndSet(url, null, outcome) && open.decrementAndGet() == 0) {
            complete();
        }
    }

    private void complete() {
        Map<String, String> results = new LinkedHashMap<>();
        int failed = 0;
        boolean someMayHaveIt = false;
        Throwable cause = null;
        String why = "";
        for (int i = 0; i < urls.size(); i++) {
            UrlOutcome outcome = outcomes.get(i);
            if (outcome == null) {
                throw new IllegalStateException("a URL has no outcome");
            }
            results.put(urls.get(i), outcome.text());
            someMayHaveIt |= outcome.kind() != Kind.REFUSED;
            if (outcome.kind() != Kind.DELIVERED) {
                failed++;
                cause = cause == null ? outcome.cause() : cause;
                why = why.isEmpty() ? outcome.text() : why;
            }
        }
        Map<String, String> readOnly = Collections.unmodifiableMap(results);
        if (failed == 0) {
            outgoing.succeed(
                    new SendResult(outgoing.message().id(), urls.stream().collect(Collectors.joining(",")), readOnly));
            return;
        }
        String text = urls.size() == 1
                ? name + ": the webhook was not delivered: " + why
                : name + ": the webhook was not delivered to " + failed + " of " + urls.size()
                        + " URLs, see results(); the first failure: " + why;
        outgoing.fail(DeliveryFailure.of(text, readOnly, someMayHaveIt, cause));
    }
}
