package io.pythia.cloud.gcp;

import com.google.api.core.ApiFuture;
import com.google.api.core.ApiFutureCallback;
import com.google.api.core.ApiFutures;
import com.google.cloud.pubsub.v1.stub.SubscriberStub;
import com.google.common.util.concurrent.MoreExecutors;
import com.google.protobuf.Empty;
import com.google.pubsub.v1.AcknowledgeRequest;
import com.google.pubsub.v1.ModifyAckDeadlineRequest;
import io.pythia.BrokerException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The calls that settle and extend, with as many messages in each as it may have, and what they say about each message. */
final class AckCalls {
    /** Whom a call tells about one message: that it holds (null), that its lease had ended, or what went wrong. */
    interface Result<T> {
        void holds(T item);

        void lapsed(T item);

        void failed(T item, BrokerException error);
    }

    private static final int MAX_IDS = 1_000;
    private static final String PERMANENT = "PERMANENT_FAILURE";

    private final SubscriberStub stub;
    private final PubSubSubscriberSettings settings;
    private final Set<CompletableFuture<?>> open = ConcurrentHashMap.newKeySet();

    AckCalls(SubscriberStub stub, PubSubSubscriberSettings settings) {
        this.stub = stub;
        this.settings = settings;
    }

    /** What a call is about, and its message. */
    interface Subject<T> {
        PubSubMessage message(T item);
    }

    <T> CompletableFuture<?> acknowledge(List<T> items, Subject<T> subject, Result<T> result) {
        return inParts(items, part -> {
            AcknowledgeRequest.Builder request =
                    AcknowledgeRequest.newBuilder().setSubscription(settings.subscription());
            part.forEach(item -> request.addAckIds(subject.message(item).ackId()));
            return call(
                    "acknowledging",
                    part,
                    subject,
                    result,
                    stub.acknowledgeCallable().futureCall(request.build()));
        });
    }

    /** Sets for how many seconds from now messages are reserved; 0 gives them back. */
    <T> CompletableFuture<?> reserve(int seconds, List<T> items, Subject<T> subject, Result<T> result) {
        return inParts(
                items,
                part -> call(
                        seconds == 0 ? "giving back" : "extending the lease of",
                        part,
                        subject,
                        result,
                        stub.modifyAckDeadlineCallable().futureCall(modify(seconds, part, subject))));
    }

    /** Gives messages back without looking for long whether that was understood. */
    void giveBack(List<PubSubMessage> messages, Duration limit) throws InterruptedException {
        List<ApiFuture<Empty>> calls = new ArrayList<>();
        for (int from = 0; from < messages.size(); from += MAX_IDS) {
            List<PubSubMessage> part = messages.subList(from, Math.min(messages.size(), from + MAX_IDS));
            calls.add(stub.modifyAckDeadlineCallable()
                    .futureCall(modify(0, part, message -> message), PubSubClients.once(limit)));
        }
        try {
            ApiFutures.successfulAsList(calls).get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (java.util.concurrent.ExecutionException | java.util.concurrent.TimeoutException e) {
            // they come back by themselves when their leases end
        }
    }

    /** Ends the wait for all answers: the session is over. */
    void end(BrokerException cause) {
        List.copyOf(open).forEach(call -> call.completeExceptionally(cause));
    }

    private <T> ModifyAckDeadlineRequest modify(int seconds, List<T> part, Subject<T> subject) {
        ModifyAckDeadlineRequest.Builder request = ModifyAckDeadlineRequest.newBuilder()
                .setSubscription(settings.subscription())
                .setAckDeadlineSeconds(seconds);
        part.forEach(item -> request.addAckIds(subject.message(item).ackId()));
        return request.build();
    }

    private interface Part<T> {
        CompletableFuture<?> call(List<T> part);
    }

    private static <T> CompletableFuture<?> inParts(List<T> items, Part<T> each) {
        if (items.size() <= MAX_IDS) {
            return each.call(items);
        }
        List<CompletableFuture<?>> calls = new ArrayList<>();
        for (int from = 0; from < items.size(); from += MAX_IDS) {
            calls.add(each.call(items.subList(from, Math.min(items.size(), from + MAX_IDS))));
        }
        return CompletableFuture.allOf(calls.toArray(CompletableFuture[]::new));
    }

    @SuppressWarnings("UndefinedEquals") // the same object is meant
    private <T> CompletableFuture<?> call(
            String doing, List<T> part, Subject<T> subject, Result<T> result, ApiFuture<Empty> call) {
        CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
        open.add(done);
        done.whenComplete((ok, error) -> open.remove(done));
        ApiFutures.addCallback(
                call,
                new ApiFutureCallback<Empty>() {
                    @Override
                    public void onSuccess(Empty answer) {
                        part.forEach(result::holds);
                        done.complete(null);
                    }

                    @Override
                    public void onFailure(Throwable error) {
                        failed(doing, part, subject, result, error);
                        done.complete(null);
                    }
                },
                MoreExecutors.directExecutor());
        return done;
    }

    /** Where a subscription delivers exactly once the service names those that failed; the others hold. */
    private <T> void failed(String doing, List<T> part, Subject<T> subject, Result<T> result, Throwable error) {
        Map<String, String> reasons = PubSubErrors.reasonsByAckId(error);
        String what = settings.name() + ": " + doing + " messages of " + settings.subscription();
        BrokerException translated = PubSubErrors.translate(what, error);
        for (T item : part) {
            String reason = reasons.get(subject.message(item).ackId());
            if (reasons.isEmpty()) {
                result.failed(item, translated);
            } else if (reason == null) {
                result.holds(item);
            } else if (reason.startsWith(PERMANENT)) {
                result.lapsed(item);
            } else {
                result.failed(item, new BrokerException(what + ": " + reason, error, true));
            }
        }
    }
}
