package io.pythia.http;

import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Set;
import okhttp3.Dns;
import okhttp3.HttpUrl;

/**
 * What a {@link WebhookSender} needs to know.
 *
 * @param urls the URLs as they were given: under these the results stand
 * @param targets the same, as they are requested
 * @param headers of every request
 * @param messageHeaders names of a message's headers that are sent along
 * @param keys to sign with, empty for no signature
 * @param concurrency requests at once, per URL
 * @param maxQueued messages that wait, per URL
 * @param maxQueuedBytes bytes of messages that have not ended, per URL
 * @param maxRetryAfter the longest pause that a server may ask for
 */
record WebhookSettings(
        String name,
        List<String> urls,
        List<HttpUrl> targets,
        HttpConfig config,
        AddressGuard guard,
        Dns dns,
        Map<String, String> headers,
        Set<String> messageHeaders,
        List<WebhookKey> keys,
        RetrySchedule schedule,
        int concurrency,
        int maxQueued,
        long maxQueuedBytes,
        int maxMessageBytes,
        Duration maxRetryAfter,
        Duration sendTimeout,
        Duration connectTimeout,
        InstantSource clock) {

    /** Without all that may be secret. */
    @Override
    public String toString() {
        return "WebhookSettings[" + name + "]";
    }
}
