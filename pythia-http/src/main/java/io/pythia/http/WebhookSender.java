package io.pythia.http;

import io.pythia.BrokerConnectionException;
import io.pythia.BrokerException;
import io.pythia.internal.Threads;
import io.pythia.spi.Outgoing;
import io.pythia.spi.SendDriver;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import okhttp3.EventListener;
import okhttp3.OkHttpClient;
import org.jspecify.annotations.Nullable;

/** Sends each message to every URL. There is no connection to open: each URL is a {@link WebhookEndpoint} of its own. */
final class WebhookSender implements SendDriver {
    private final WebhookSettings settings;
    private final List<WebhookEndpoint> endpoints = new ArrayList<>();
    private @Nullable OkHttpClient client;
    private @Nullable ScheduledThreadPoolExecutor timer;

    WebhookSender(WebhookSettings settings) {
        this.settings = settings;
    }

    @Override
    public void open() {
        OkHttpClient opened = HttpClients.create(
                        settings.name(), settings.config(), settings.guard(), settings.dns(), settings.connectTimeout())
                .newBuilder()
                .eventListenerFactory(call -> {
                    WebhookRequest.Sent sent = call.request().tag(WebhookRequest.Sent.class);
                    return sent == null ? EventListener.NONE : sent;
                })
                .build();
        ScheduledThreadPoolExecutor clock =
                new ScheduledThreadPoolExecutor(1, task -> Threads.create(settings.name(), "timer", task));
        clock.setRemoveOnCancelPolicy(true);
        clock.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        for (int i = 0; i < settings.targets().size(); i++) {
            WebhookRequest requests = new WebhookRequest(settings.targets().get(i), settings);
            endpoints.add(new WebhookEndpoint(i, requests, settings, opened, clock));
        }
        client = opened;
        timer = clock;
    }

    @Override
    public void send(List<? extends Outgoing> batch) {
        long deadline = System.nanoTime() + settings.sendTimeout().toNanos();
        for (Outgoing each : batch) {
            WebhookDelivery delivery = new WebhookDelivery(
                    settings.name(),
                    each,
                    WebhookMessages.id(each.message()),
                    WebhookMessages.headers(settings, each.message()),
                    settings.urls(),
                    deadline);
            endpoints.forEach(endpoint -> endpoint.add(delivery));
        }
    }

    /** Returns how many alarms are set for later, for tests. */
    int alarms() {
        return timer == null ? 0 : timer.getQueue().size();
    }

    @Override
    public boolean recoversByItself() {
        return true;
    }

    /** Asks no server: there is no request that has no effect. What the last ones were answered is what is known. */
    @Override
    public void ping() throws BrokerException {
        BrokerException first = null;
        for (WebhookEndpoint endpoint : endpoints) {
            BrokerException error = endpoint.lastError();
            if (error == null) {
                return;
            }
            first = first == null ? error : first;
        }
        if (first != null) {
            throw new BrokerConnectionException(
                    settings.name() + ": no URL took the last message: " + first.getMessage(), first);
        }
    }

    @Override
    public Map<String, String> facts() {
        Map<String, String> facts = new LinkedHashMap<>();
        for (int i = 0; i < endpoints.size(); i++) {
            facts.put("url-" + (i + 1), endpoints.get(i).facts());
        }
        return facts;
    }

    @Override
    public void close() {
        if (timer != null) {
            timer.shutdown();
        }
        endpoints.forEach(WebhookEndpoint::close);
        if (client != null) {
            HttpClients.close(client);
        }
    }
}
