package io.pythia.cloud.aws;

import io.pythia.BrokerException;
import io.pythia.spi.Outcome;
import io.pythia.spi.Settlement;
import io.pythia.spi.WholeSeconds;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.BatchResultErrorEntry;
import software.amazon.awssdk.services.sqs.model.ChangeMessageVisibilityBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.ChangeMessageVisibilityBatchResponse;
import software.amazon.awssdk.services.sqs.model.ChangeMessageVisibilityBatchResultEntry;
import software.amazon.awssdk.services.sqs.model.DeleteMessageBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.DeleteMessageBatchResponse;
import software.amazon.awssdk.services.sqs.model.DeleteMessageBatchResultEntry;

/**
 * Deletes messages and changes their visibility, in requests of ten. What fails of a request is told for that message alone: the engine
 * tries it again. Thread-safe.
 */
final class SqsSettler implements AutoCloseable {
    private static final Duration LONGEST = Duration.ofHours(12);
    private static final int VISIBILITY_REQUESTS = 2;
    private static final Duration PAUSE = Duration.ofMillis(20);

    /** One entry of a request; {@code settlement} is null when nobody waits for the answer. */
    private record Entry(
            SqsMessage message, long seconds, @Nullable Settlement<SqsMessage> settlement, Runnable answered) {}

    private final SqsConsumerSettings settings;
    private final SqsClient client;
    private final String url;
    private final SqsInbox inbox;
    private final AtomicLong requests;
    private final Requests<Entry> deletes;
    private final Requests<Entry> changes;
    private volatile boolean hurries;

    SqsSettler(SqsConsumerSettings settings, SqsClient client, String url, SqsInbox inbox, AtomicLong requests) {
        this.settings = settings;
        this.client = client;
        this.url = url;
        this.inbox = inbox;
        this.requests = requests;
        String thread = "pythia-" + settings.name();
        this.deletes = new Requests<>(
                new Requests.Rules<>(
                        thread + "-delete",
                        // Of a group nothing may be deleted before what comes before it: after a crash that would come
                        // again alone.
                        settings.queue().isFifo() ? 1 : settings.pollers(),
                        Long.MAX_VALUE,
                        entry -> 0,
                        settings.ackPause(),
                        () -> hurries || inbox.givenOut() == 0),
                this::delete);
        this.changes = new Requests<>(
                new Requests.Rules<>(
                        thread + "-visibility", VISIBILITY_REQUESTS, Long.MAX_VALUE, entry -> 0, PAUSE, null),
                this::change);
    }

    /** See {@link io.pythia.spi.ReceiveDriver#settle}. */
    CompletableFuture<?> settle(List<? extends Settlement<SqsMessage>> batch) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        AtomicInteger open = new AtomicInteger(1);
        Runnable answered = () -> {
            if (open.decrementAndGet() == 0) {
                done.complete(null);
            }
        };
        List<Entry> toDelete = new ArrayList<>();
        List<Entry> toChange = new ArrayList<>();
        for (Settlement<SqsMessage> each : batch) {
            SqsMessage message = each.receipt();
            if (!message.isDeleting() && !message.isOurs()) {
                stale(each);
                continue;
            }
            open.incrementAndGet();
            switch (each.outcome()) {
                case ACK -> {
                    message.setDeleting();
                    inbox.settled(message);
                    toDelete.add(new Entry(message, 0, each, answered));
                }
                case NACK -> nack(each, answered, toChange);
                case EXTEND -> toChange.add(new Entry(message, WholeSeconds.of(each.delay(), LONGEST), each, answered));
                case REJECT -> throw new IllegalStateException("the engine has the dead letters");
            }
        }
        if (batch.stream().anyMatch(each -> each.outcome() == Outcome.EXTEND)) {
            long twoThirds = settings.visibilityTimeout().toNanos() / 3 * 2;
            long lease = settings.visibilityTimeout().toSeconds();
            inbox.waitingWithLess(twoThirds).forEach(m -> toChange.add(new Entry(m, lease, null, () -> {})));
        }
        add(deletes, toDelete);
        add(changes, toChange);
        answered.run();
        return done;
    }

    /** It comes again, and before what is here of its group: that goes back. */
    private void stale(Settlement<SqsMessage> settlement) {
        settlement.receipt().takeBack();
        release(inbox.failed(settlement.receipt()));
        settlement.stale();
    }

    private void nack(Settlement<SqsMessage> each, Runnable answered, List<Entry> toChange) {
        SqsMessage message = each.receipt();
        long seconds = WholeSeconds.of(each.delay(), LONGEST);
        List<SqsMessage> behind = inbox.failed(message);
        toChange.add(new Entry(message, seconds, each, answered));
        // As long: who comes first when they come back is the affair of SQS, and it must not be these.
        behind.forEach(m -> toChange.add(new Entry(m, seconds, null, () -> {})));
    }

    private static void add(Requests<Entry> requests, List<Entry> entries) {
        if (entries.isEmpty()) {
            requests.look();
            return;
        }
        try {
            requests.add(entries);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void delete(List<Entry> entries) {
        List<DeleteMessageBatchRequestEntry> all = new ArrayList<>();
        for (int i = 0; i < entries.size(); i++) {
            all.add(DeleteMessageBatchRequestEntry.builder()
                    .id(Integer.toString(i))
                    .receiptHandle(entries.get(i).message.handle())
                    .build());
        }
        try {
            requests.incrementAndGet();
            DeleteMessageBatchResponse answer =
                    client.deleteMessageBatch(r -> r.queueUrl(url).entries(all));
            List<String> done = answer.successful().stream()
                    .map(DeleteMessageBatchResultEntry::id)
                    .toList();
            answer("deleting a message of", entries, done, answer.failed(), entry -> inbox.deleted(entry.message));
        } catch (RuntimeException e) {
            failAll("deleting messages of", entries, e);
        }
    }

    private void change(List<Entry> entries) {
        List<ChangeMessageVisibilityBatchRequestEntry> all = new ArrayList<>();
        for (int i = 0; i < entries.size(); i++) {
            all.add(ChangeMessageVisibilityBatchRequestEntry.builder()
                    .id(Integer.toString(i))
                    .receiptHandle(entries.get(i).message.handle())
                    .visibilityTimeout((int) entries.get(i).seconds)
                    .build());
        }
        try {
            requests.incrementAndGet();
            long now = System.nanoTime();
            ChangeMessageVisibilityBatchResponse answer =
                    client.changeMessageVisibilityBatch(r -> r.queueUrl(url).entries(all));
            List<String> done = answer.successful().stream()
                    .map(ChangeMessageVisibilityBatchResultEntry::id)
                    .toList();
            answer(
                    "changing the visibility of a message of",
                    entries,
                    done,
                    answer.failed(),
                    entry -> entry.message.lease(
                            now + Duration.ofSeconds(entry.seconds).toNanos()));
        } catch (RuntimeException e) {
            failAll("changing the visibility of messages of", entries, e);
        }
    }

    /** Tells each entry what became of it. What the answer leaves out may not have been done. */
    private void answer(
            String doing,
            List<Entry> entries,
            List<String> succeeded,
            List<BatchResultErrorEntry> failed,
            Consumer<Entry> done) {
        Set<Entry> untold = new LinkedHashSet<>(entries);
        for (BatchResultErrorEntry each : failed) {
            int index = index(each.id(), entries.size());
            if (index >= 0 && untold.remove(entries.get(index))) {
                failed(doing, entries.get(index), each);
            }
        }
        for (String id : succeeded) {
            int index = index(id, entries.size());
            if (index >= 0 && untold.remove(entries.get(index))) {
                done.accept(entries.get(index));
            }
        }
        BrokerException unknown = new BrokerException(
                settings.name() + ": " + doing + " the queue: the service did not say what became of it", null, true);
        untold.forEach(entry -> fail(entry, unknown));
        entries.forEach(entry -> entry.answered.run());
    }

    /** Returns which entry an answer is about, -1 for none of ours. */
    static int index(String id, int size) {
        try {
            int index = Integer.parseInt(id);
            return index >= 0 && index < size ? index : -1;
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    private void failed(String doing, Entry entry, BatchResultErrorEntry error) {
        if (entry.settlement == null) {
            nobodyWaits(entry, !error.senderFault());
            return;
        }
        if (AwsErrors.isStale(error.code(), error.message())) {
            stale(entry.settlement);
            return;
        }
        BrokerException why = AwsErrors.said(
                settings.name() + ": " + doing + " the queue",
                error.code(),
                error.message(),
                !error.senderFault(),
                null);
        boolean again = !error.senderFault() || why.isRetryable();
        fail(entry, new BrokerException(String.valueOf(why.getMessage()), null, again));
    }

    /** What was to become visible does so by itself, a little later. What was to be deleted again is to be given out, if it never will be. */
    private void nobodyWaits(Entry entry, boolean again) {
        if (!again && entry.message.isDeleting()) {
            inbox.gone(entry.message);
        }
    }

    private void fail(Entry entry, BrokerException why) {
        Settlement<SqsMessage> settlement = entry.settlement;
        if (settlement == null) {
            nobodyWaits(entry, why.isRetryable());
            return;
        }
        if (!why.isRetryable() && settlement.outcome() != Outcome.EXTEND) {
            inbox.gone(settlement.receipt()); // nobody deletes it: it is to be given out when it comes again
        }
        settlement.fail(why);
    }

    private void failAll(String doing, List<Entry> entries, RuntimeException error) {
        BrokerException why = AwsErrors.translate(settings.name() + ": " + doing + " the queue", error);
        for (Entry entry : entries) {
            fail(entry, why);
            entry.answered.run();
        }
    }

    /** Deletes what was processed and has come again, since its deletion had failed. */
    void deleteAgain(Collection<SqsMessage> messages) {
        add(deletes, messages.stream().map(m -> new Entry(m, 0, null, () -> {})).toList());
    }

    /** Makes messages visible again that nobody has. They go in their order. */
    void release(Collection<SqsMessage> messages) {
        List<Entry> entries = new ArrayList<>();
        for (SqsMessage message : messages) {
            if (message.isOurs()) {
                message.takeBack();
                entries.add(new Entry(message, 0, null, () -> {}));
            }
        }
        add(changes, entries);
    }

    /** Lets no deletion wait for others any more. */
    void hurry() {
        hurries = true;
        deletes.look();
    }

    /** Makes the requests that wait, as far as there is time. */
    void finish(Duration limit) throws InterruptedException {
        long deadline = System.nanoTime() + limit.toNanos();
        deletes.close(limit);
        changes.close(Duration.ofNanos(Math.max(0, deadline - System.nanoTime())));
    }

    @Override
    public void close() {
        deletes.close();
        changes.close();
    }
}
