package io.pythia.http;

import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.internal.Hashes;
import java.util.Map;
import okhttp3.Headers;
import org.jspecify.annotations.Nullable;

/** What a message and a webhook are to each other. */
final class WebhookMessages {
    private static final String CONTENT_TYPE = "Content-Type";

    private WebhookMessages() {}

    /** Returns why a message can't be sent, or null. */
    static @Nullable MessageException check(WebhookSettings settings, Message message) {
        if (message.body().length > settings.maxMessageBytes()) {
            return new MessageException(settings.name() + ": a body of " + message.body().length
                    + " bytes is more than maxMessageBytes allows, " + settings.maxMessageBytes());
        }
        try {
            for (io.pythia.Headers.Header header : message.headers()) {
                if (settings.messageHeaders().contains(header.name())) {
                    HeaderRules.check(header.name(), header.text());
                }
            }
            return null;
        } catch (IllegalArgumentException e) {
            return new MessageException(settings.name() + ": a message's " + e.getMessage());
        }
    }

    /** Returns the headers for a message: those of every request, over them those of its own that are on the list. */
    static Headers headers(WebhookSettings settings, Message message) {
        Headers.Builder headers = new Headers.Builder();
        for (Map.Entry<String, String> header : settings.headers().entrySet()) {
            headers.set(header.getKey(), header.getValue());
        }
        if (headers.get(CONTENT_TYPE) == null) {
            headers.set(CONTENT_TYPE, "application/json");
        }
        for (String name : message.headers().names()) {
            if (settings.messageHeaders().contains(name)) {
                headers.removeAll(name);
                message.headers().all(name).forEach(value -> headers.add(name, value));
            }
        }
        return headers.build();
    }

    /**
     * Returns the id of a webhook: that of the message, or, if it can't be signed (a dot, not ASCII), one that is made of it and so the
     * same at every attempt.
     */
    static String id(Message message) {
        String id = message.id();
        return WebhookKey.isId(id) ? id : "msg_" + Hashes.of(id);
    }
}
