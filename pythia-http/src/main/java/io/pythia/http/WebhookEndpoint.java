package io.pythia.http;

import io.pythia.BrokerException;
import io.pythia.http.UrlOutcome.Kind;
import io.pythia.retry.CircuitBreaker;
import io.pythia.retry.CircuitOpenException;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import okhttp3.Call;
import okhttp3.Callback;
import okhttp3.OkHttpClient;
import okhttp3.Response;
import okhttp3.ResponseBody;
import org.jspecify.annotations.Nullable;

/**
 * One URL: its own queue, its own number of requests at once, its own circuit breaker, so that one that is dead or slow holds up no other.
 * Thread-safe; no request and no completion happens while the lock is held.
 */
final class WebhookEndpoint {
    private static final int GONE = 410;
    private static final int TOO_MANY_REQUESTS = 429;
    private static final int SHOWN_BYTES = 200;

    /** One message at this URL. */
    private static final class Attempt {
        final WebhookDelivery delivery;
        /** How many were made or refused by the breaker. */
        int number;
        /** Whether a request went out that had no answer. */
        boolean uncertain;

        long dueAt;

        Attempt(WebhookDelivery delivery) {
            this.delivery = delivery;
        }
    }

    private final int index;
    private final WebhookRequest requests;
    private final WebhookSettings settings;
    private final OkHttpClient client;
    private final ScheduledExecutorService timer;
    private final CircuitBreaker breaker;
    private final AtomicLong delivered = new AtomicLong();
    private final AtomicLong failed = new AtomicLong();
    private volatile @Nullable BrokerException lastError;

    private final Object lock = new Object();
    private final ArrayDeque<Attempt> ready = new ArrayDeque<>();
    private final PriorityQueue<Attempt> waiting =
            new PriorityQueue<>(Comparator.comparingLong(attempt -> attempt.dueAt));
    private final List<Attempt> running = new ArrayList<>();
    private long queuedBytes;
    /** Until when the server wants no requests. */
    private long notBefore = System.nanoTime();

    /** With the lock, as is when it rings. */
    private @Nullable ScheduledFuture<?> alarm;

    private long alarmAt;
    private boolean gone;
    private boolean closed;

    WebhookEndpoint(
            int index,
            WebhookRequest requests,
            WebhookSettings settings,
            OkHttpClient client,
            ScheduledExecutorService timer) {
        this.index = index;
        this.requests = requests;
        this.settings = settings;
        this.client = client;
        this.timer = timer;
        this.breaker = new CircuitBreaker(settings.config().circuitBreaker());
    }

    /** Takes a message, or ends it at once. */
    void add(WebhookDelivery delivery) {
        String refused;
        synchronized (lock) {
            refused = refusal(delivery);
            if (refused == null) {
                queuedBytes += size(delivery);
                ready.add(new Attempt(delivery));
            }
        }
        if (refused == null) {
            pump();
        } else {
            failed.incrementAndGet();
            delivery.ended(index, new UrlOutcome(Kind.REFUSED, refused, null));
        }
    }

    private @Nullable String refusal(WebhookDelivery delivery) {
        if (closed) {
            return "disconnected before it was sent";
        } else if (gone) {
            return "not sent: the URL has answered 410 Gone and is disabled until the sender connects again";
        } else if (ready.size() + waiting.size() >= settings.maxQueued()
                || (queuedBytes + size(delivery) > settings.maxQueuedBytes() && queuedBytes > 0)) {
            return "not sent: " + (ready.size() + waiting.size())
                    + " messages wait for this URL already; see maxQueued";
        }
        return null;
    }

    private static long size(WebhookDelivery delivery) {
        return 256L + delivery.body.length;
    }

    /** Makes what requests may be made now. */
    private void pump() {
        takeExpired()
                .forEach(attempt -> settle(
                        attempt, failure(attempt, "the send timeout ended while it waited for this URL", lastError)));
        for (Attempt next = next(); next != null; next = next()) {
            start(next);
        }
    }

    /** Whatever holds the queue, a message ends at its deadline, and takes no place from then on. */
    private List<Attempt> takeExpired() {
        List<Attempt> expired = new ArrayList<>();
        synchronized (lock) {
            long now = System.nanoTime();
            for (Queue<Attempt> queue : List.of(ready, waiting)) {
                Attempt first = queue.peek();
                while (first != null && first.delivery.deadline - now <= 0) {
                    expired.add(queue.remove());
                    first = queue.peek();
                }
                if (first != null && !closed) {
                    wakeIn(first.delivery.deadline - now, now);
                }
            }
        }
        return expired;
    }

    private @Nullable Attempt next() {
        synchronized (lock) {
            if (closed || running.size() >= settings.concurrency()) {
                return null;
            }
            long now = System.nanoTime();
            long pause = notBefore - now;
            if (pause > 0) {
                wakeIn(pause, now);
                return null;
            }
            Attempt first = waiting.peek();
            if (first != null && first.dueAt - now <= 0) {
                waiting.remove();
            } else {
                if (first != null) {
                    wakeIn(first.dueAt - now, now);
                }
                first = ready.poll();
            }
            if (first != null) {
                running.add(first);
            }
            return first;
        }
    }

    /** Sees to it that it looks again in time. There is one alarm at most: each ring sets the next, so that two would become ever more. */
    private void wakeIn(long nanos, long now) {
        if (alarm != null) {
            if (alarmAt - now <= nanos) {
                return;
            }
            alarm.cancel(false);
        }
        long at = now + nanos;
        alarmAt = at;
        try {
            alarm = timer.schedule(() -> ring(at), nanos, TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            alarm = null; // closed
        }
    }

    private void ring(long at) {
        synchronized (lock) {
            if (alarmAt == at) { // else it was too late to cancel this one
                alarm = null;
            }
        }
        pump();
    }

    private void start(Attempt attempt) {
        if (System.nanoTime() - attempt.delivery.deadline >= 0) {
            end(attempt, failure(attempt, "out of time", lastError));
            return;
        }
        attempt.number++;
        if (!breaker.tryAcquire()) {
            afterFailure(
                    attempt,
                    "the circuit is open after " + settings.config().circuitBreakerThreshold() + " failures in a row",
                    new CircuitOpenException(requests.origin() + ": the circuit is open; trying again in "
                            + breaker.untilTrial().toSeconds() + " s"),
                    true,
                    null);
        } else {
            WebhookRequest.Sent sent = new WebhookRequest.Sent();
            client.newCall(requests.request(attempt.delivery, settings.clock().instant(), sent))
                    .enqueue(new Answer(attempt, sent));
        }
    }

    /** What the client says; on its threads. */
    private final class Answer implements Callback {
        private final Attempt attempt;
        private final WebhookRequest.Sent sent;

        Answer(Attempt attempt, WebhookRequest.Sent sent) {
            this.attempt = attempt;
            this.sent = sent;
        }

        @Override
        public void onFailure(Call call, IOException error) {
            breaker.onFailure();
            BrokerException translated = HttpErrors.translate(requests.origin() + ": sending a webhook", error);
            lastError = translated;
            attempt.uncertain |= sent.headers;
            afterFailure(
                    attempt,
                    (sent.headers ? "no answer: " : "not sent: ") + translated.getMessage(),
                    translated,
                    isWorthwhile(translated),
                    null);
            pump();
        }

        @Override
        public void onResponse(Call call, Response response) {
            try (ResponseBody body = response.body()) {
                int status = response.code();
                if (response.isSuccessful()) {
                    breaker.onSuccess();
                    lastError = null;
                    delivered.incrementAndGet();
                    settle(attempt, new UrlOutcome(Kind.DELIVERED, status + attempts(attempt), null));
                    drain(body);
                    release(attempt);
                } else {
                    refused(attempt, status, response, text(attempt.delivery, body));
                }
            }
            pump();
        }

        private void drain(ResponseBody body) {
            try {
                Bodies.read(body, settings.config().maxResponseBytes());
            } catch (IOException e) {
                // it has the message; only the connection can't be used again
            }
        }

        private String text(WebhookDelivery delivery, ResponseBody body) {
            try {
                byte[] bytes = Bodies.read(body, settings.config().maxResponseBytes());
                return requests.shown(delivery, bytes, SHOWN_BYTES);
            } catch (IOException e) {
                return "";
            }
        }
    }

    private void refused(Attempt attempt, int status, Response response, String text) {
        if (status >= 500 || (status >= 300 && status < 400)) {
            breaker.onFailure();
        } else {
            // It is alive, whatever it thinks of this message.
            breaker.onSuccess();
        }
        BrokerException error = HttpErrors.translate(requests.origin() + ": sending a webhook", status);
        lastError = error;
        Duration pause =
                RetryAfter.parse(response.header(HttpClients.RETRY_AFTER), Instant.now(), settings.maxRetryAfter());
        boolean throttled = status == TOO_MANY_REQUESTS || status >= 500;
        if (pause != null && throttled) {
            synchronized (lock) {
                long until = System.nanoTime() + pause.toNanos();
                notBefore = until - notBefore > 0 ? until : notBefore;
            }
        }
        if (status == GONE) {
            disable();
        }
        afterFailure(
                attempt,
                error.getMessage() + (text.isEmpty() ? "" : "; it said: " + text),
                error,
                status != GONE && isWorthwhile(error),
                throttled ? pause : null);
    }

    private boolean isWorthwhile(BrokerException error) {
        return error.isRetryable() || settings.schedule().triesAgainWhateverTheFailure();
    }

    private void disable() {
        List<Attempt> rest;
        synchronized (lock) {
            gone = true;
            rest = takeQueued();
        }
        rest.forEach(attempt -> settle(attempt, failure(attempt, "the URL has answered 410 Gone", lastError)));
    }

    private List<Attempt> takeQueued() {
        List<Attempt> rest = new ArrayList<>(ready);
        rest.addAll(waiting);
        ready.clear();
        waiting.clear();
        return rest;
    }

    /** Puts it to its next attempt, or ends it. */
    private void afterFailure(Attempt attempt, String why, Throwable cause, boolean again, @Nullable Duration least) {
        Duration pause = again ? settings.schedule().pause(attempt.number, ThreadLocalRandom.current()) : null;
        if (pause == null) {
            end(attempt, failure(attempt, why, cause));
            return;
        }
        long dueAt = System.nanoTime() + (least != null && least.compareTo(pause) > 0 ? least : pause).toNanos();
        if (dueAt - attempt.delivery.deadline >= 0) {
            end(attempt, failure(attempt, why + "; the next attempt would be after the send timeout", cause));
            return;
        }
        boolean queued;
        synchronized (lock) {
            queued = !closed && !gone;
            if (queued) {
                attempt.dueAt = dueAt;
                running.remove(attempt);
                waiting.add(attempt);
            }
        }
        if (queued) {
            wakeForNext();
        } else {
            end(attempt, failure(attempt, why, cause));
        }
    }

    private void wakeForNext() {
        synchronized (lock) {
            Attempt first = waiting.peek();
            long now = System.nanoTime();
            if (first != null) {
                wakeIn(Math.max(0, first.dueAt - now), now);
            }
        }
    }

    private UrlOutcome failure(Attempt attempt, String why, @Nullable Throwable cause) {
        return new UrlOutcome(attempt.uncertain ? Kind.UNCERTAIN : Kind.REFUSED, why + attempts(attempt), cause);
    }

    private static String attempts(Attempt attempt) {
        return " after " + attempt.number + (attempt.number == 1 ? " attempt" : " attempts");
    }

    private void end(Attempt attempt, UrlOutcome outcome) {
        settle(attempt, outcome);
        release(attempt);
    }

    private void settle(Attempt attempt, UrlOutcome outcome) {
        if (outcome.kind() != Kind.DELIVERED) {
            failed.incrementAndGet();
        }
        synchronized (lock) {
            queuedBytes -= size(attempt.delivery);
        }
        attempt.delivery.ended(index, outcome);
    }

    private void release(Attempt attempt) {
        synchronized (lock) {
            running.remove(attempt);
        }
    }

    /** Returns what went wrong last, null if nothing did since the last success. */
    @Nullable
    BrokerException lastError() {
        return lastError;
    }

    /** Returns its state on one line. */
    String facts() {
        synchronized (lock) {
            return requests.origin() + " "
                    + (gone ? "GONE" : breaker.state()) + ", queued " + (ready.size() + waiting.size()) + ", running "
                    + running.size() + ", delivered " + delivered.get() + ", failed " + failed.get();
        }
    }

    /** Ends what has not ended; the requests were cancelled. */
    void close() {
        List<Attempt> rest;
        synchronized (lock) {
            closed = true;
            rest = takeQueued();
            for (Attempt attempt : running) {
                attempt.uncertain = true;
                rest.add(attempt);
            }
        }
        for (Attempt attempt : rest) {
            attempt.delivery.ended(index, failure(attempt, "disconnected", lastError));
        }
    }
}
