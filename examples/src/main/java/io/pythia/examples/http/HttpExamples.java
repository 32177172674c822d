package io.pythia.examples.http;

import io.pythia.Message;
import io.pythia.Secret;
import io.pythia.StateStore;
import io.pythia.Subscribers;
import io.pythia.http.DeliveryFailure;
import io.pythia.http.Extraction;
import io.pythia.http.HttpAuth;
import io.pythia.http.HttpConfig;
import io.pythia.http.Pagination;
import io.pythia.http.PollerWorker;
import io.pythia.http.WebhookSenderWorker;
import io.pythia.http.WebhookVerificationException;
import io.pythia.http.WebhookVerifier;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** The snippets of docs/brokers/http.md. */
public final class HttpExamples {
    private HttpExamples() {}

    /** Reads a feed to which entries are added, and keeps the place in a file. */
    public static PollerWorker poll(
            HttpConfig config, String url, Path folder, Secret token, Consumer<Message> handler) {
        // tag::poller[]
        PollerWorker poller = PollerWorker.builder()
                .url(url)
                .pollInterval(Duration.ofSeconds(30))
                .auth(HttpAuth.bearer(token))
                .extract(Extraction.jsonArray("/events"))
                .itemId("/id")
                .pagination(Pagination.cursor("/next_cursor", "cursor"))
                .stateStore(StateStore.file(folder))
                .config(config)
                .build();
        poller.consume()
                .subscribe(Subscribers.each(
                        message -> {
                            handler.accept(message);
                            message.ack(); // now the place may move over it
                        },
                        System.err::println));
        // end::poller[]
        return poller;
    }

    /** Sends to several partners. */
    public static WebhookSenderWorker webhook(HttpConfig config, List<String> urls, Secret secret) {
        // tag::webhook[]
        WebhookSenderWorker webhook = WebhookSenderWorker.builder()
                .webhookUrls(urls)
                .secret(secret) // whsec_...: every request is signed
                .config(config)
                .build();
        webhook.send(Message.builder().id("order-17").body("{\"total\":12}").build())
                .whenComplete((result, error) -> {
                    if (error instanceof DeliveryFailure failure) {
                        failure.results().forEach((url, outcome) -> System.err.println(outcome));
                    }
                });
        // end::webhook[]
        return webhook;
    }

    /** What a web server does with a webhook: returns the status of the answer. */
    // tag::verifier[]
    public static int receive(WebhookVerifier verifier, UnaryOperator<@Nullable String> headers, byte[] body) {
        try {
            String id = verifier.verify(headers, body);
            // process it, unless an event of this id was processed before
            return id.isEmpty() ? 500 : 204;
        } catch (WebhookVerificationException e) {
            return 401;
        }
    }
    // end::verifier[]
}
