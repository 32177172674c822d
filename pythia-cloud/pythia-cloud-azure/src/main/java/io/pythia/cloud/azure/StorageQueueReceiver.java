package io.pythia.cloud.azure;

import com.azure.storage.queue.QueueAsyncClient;
import com.azure.storage.queue.models.QueueMessageItem;
import com.azure.storage.queue.models.QueueStorageException;
import io.pythia.MessageException;
import io.pythia.spi.Outcome;
import io.pythia.spi.ReceiveDriver;
import io.pythia.spi.Received;
import io.pythia.spi.Settlement;
import io.pythia.spi.WholeSeconds;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** Asks a queue for messages, at growing intervals while it is empty, and settles each with its latest pop receipt. */
final class StorageQueueReceiver implements ReceiveDriver<StorageQueueRecord> {
    private static final Duration PING_LIMIT = Duration.ofSeconds(4);
    private static final Duration GIVE_BACK_LIMIT = Duration.ofSeconds(3);
    /** For which the service hides a message, at most. */
    static final Duration LONGEST_VISIBILITY = Duration.ofDays(7);

    private static final long PATIENCE = Duration.ofSeconds(2).toNanos();
    private static final int LOOK_MILLIS = 100;
    private static final Set<String> STALE = Set.of("MessageNotFound", "PopReceiptMismatch");

    private final StorageQueueConsumerSettings settings;
    private final IdlePolling idle;
    private final RequestPlaces places = new RequestPlaces(StorageQueueClients.MOST_UNDER_WAY);
    private final Set<StorageQueueRecord> held = ConcurrentHashMap.newKeySet();
    private final AtomicLong throttled = new AtomicLong();
    private final Object alarm = new Object();
    private boolean wokenUp;
    private volatile boolean closed;
    private volatile @Nullable QueueAsyncClient client;
    private volatile @Nullable PoisonQueue poisonQueue;

    StorageQueueReceiver(StorageQueueConsumerSettings settings) {
        this.settings = settings;
        this.idle = new IdlePolling(settings.minPollInterval(), settings.maxPollInterval());
    }

    @Override
    public void open() throws InterruptedException {
        QueueAsyncClient opened = settings.clients().client(settings.queue());
        client = opened;
        String doing = settings.name() + ": connecting to " + settings.queue();
        if (settings.createQueue()) {
            Answers.await(doing, opened.createIfNotExists(), settings.config().timeout());
        }
        Answers.await(doing, opened.getProperties(), settings.config().timeout());
        if (settings.poisonQueue() != null) {
            poisonQueue = new PoisonQueue(settings.clients().client(settings.poisonQueue()), settings);
        }
    }

    private QueueAsyncClient client() {
        return Objects.requireNonNull(client, "not open");
    }

    @Override
    public List<Received<StorageQueueRecord>> receive(int max, Duration wait) throws InterruptedException {
        long deadline = System.nanoTime() + wait.toNanos();
        while (true) {
            List<QueueMessageItem> items = ask(Math.min(max, settings.messageCount()));
            if (!items.isEmpty()) {
                idle.foundSome();
                return items.stream().map(this::received).toList();
            }
            long left = deadline - System.nanoTime();
            if (left <= 0 || !sleep(Math.min(left, idle.pause()))) {
                return List.of();
            }
        }
    }

    private List<QueueMessageItem> ask(int count) throws InterruptedException {
        CompletableFuture<@Nullable List<QueueMessageItem>> answer = client().receiveMessages(
                        count, settings.visibilityTimeout())
                .collectList()
                .toFuture();
        long askedAt = System.nanoTime();
        try {
            while (true) {
                try {
                    List<QueueMessageItem> items = answer.get(LOOK_MILLIS, TimeUnit.MILLISECONDS);
                    return items == null ? List.of() : items;
                } catch (TimeoutException e) {
                    boolean hopeless = System.nanoTime() - askedAt > PATIENCE && isWokenUp();
                    if (closed || hopeless) {
                        return List.of(); // what the answer may hold becomes visible again
                    }
                }
            }
        } catch (ExecutionException e) {
            Throwable cause = Objects.requireNonNull(e.getCause());
            if (AzureErrors.isBusy(cause)) {
                throttled.incrementAndGet();
                return List.of(); // asked again after a pause, as an empty queue is
            }
            throw AzureErrors.translate(settings.name() + ": receiving from " + settings.queue(), cause);
        } finally {
            answer.cancel(true);
        }
    }

    private Received<StorageQueueRecord> received(QueueMessageItem item) {
        String text = StorageQueueRecord.text(item);
        Throwable poison = null;
        QueueBody body;
        try {
            body = QueueBody.of(text, settings.encoding(), settings.envelope());
        } catch (IllegalArgumentException e) {
            poison = e;
            body = QueueBody.raw(text);
        }
        StorageQueueRecord record = new StorageQueueRecord(item, settings.queue(), body);
        if (poison == null && settings.maxDequeueCount() > 0 && record.attempt() > settings.maxDequeueCount()) {
            // Nobody has said no to it: those who had it may have died of it.
            poison = new MessageException("taken " + record.attempt() + " times and never settled");
        }
        held.add(record);
        return new Received<>(record, record, record.attempt(), poison);
    }

    /** Returns whether the time has passed without an alarm. */
    private boolean sleep(long nanos) throws InterruptedException {
        long until = System.nanoTime() + nanos;
        synchronized (alarm) {
            while (!wokenUp && !closed) {
                long left = until - System.nanoTime();
                if (left <= 0) {
                    return true;
                }
                alarm.wait(left / 1_000_000, (int) (left % 1_000_000));
            }
            wokenUp = false;
            return false;
        }
    }

    private boolean isWokenUp() {
        synchronized (alarm) {
            boolean was = wokenUp;
            wokenUp = false;
            return was;
        }
    }

    @Override
    public void wakeup() {
        synchronized (alarm) {
            wokenUp = true;
            alarm.notifyAll();
        }
    }

    @Override
    public CompletableFuture<?> settle(List<? extends Settlement<StorageQueueRecord>> batch) {
        List<CompletableFuture<?>> all = new ArrayList<>(batch.size());
        for (Settlement<StorageQueueRecord> each : batch) {
            all.add(request(each.receipt(), isUrgent(each), () -> operation(each))
                    .handle((done, error) -> {
                        if (error != null) {
                            failed(each, error);
                        } else if (each.outcome() != Outcome.EXTEND) {
                            held.remove(each.receipt());
                        }
                        return null;
                    }));
        }
        return CompletableFuture.allOf(all.toArray(new CompletableFuture<?>[0]));
    }

    /** What is extended runs out otherwise; what is done waits for nothing but its deletion. */
    private static boolean isUrgent(Settlement<StorageQueueRecord> settlement) {
        return settlement.outcome() == Outcome.EXTEND;
    }

    private CompletableFuture<Void> request(
            StorageQueueRecord record, boolean isUrgent, Supplier<Mono<Void>> operation) {
        return record.then(() -> places.run(isUrgent, () -> operation.get().toFuture()));
    }

    private Mono<Void> operation(Settlement<StorageQueueRecord> settlement) {
        StorageQueueRecord record = settlement.receipt();
        return switch (settlement.outcome()) {
            case ACK -> delete(record);
            case NACK, EXTEND -> visibleIn(record, settlement.delay());
            case REJECT ->
                copy(record, Objects.requireNonNullElse(settlement.reason(), ""))
                        .then(Mono.defer(() -> delete(record)));
        };
    }

    /** Copies a message to the poison queue; one that an earlier try has copied, whose deletion failed, is there. */
    private Mono<Void> copy(StorageQueueRecord record, String reason) {
        PoisonQueue to = Objects.requireNonNull(poisonQueue, "only with a poison queue");
        return record.isCopied() ? Mono.empty() : to.copy(record, reason).doOnSuccess(done -> record.copied());
    }

    private Mono<Void> delete(StorageQueueRecord record) {
        return client().deleteMessage(record.messageId(), record.popReceipt());
    }

    private Mono<Void> visibleIn(StorageQueueRecord record, Duration time) {
        Duration seconds = Duration.ofSeconds(WholeSeconds.of(time, LONGEST_VISIBILITY));
        return client().updateMessage(record.messageId(), record.popReceipt(), null, seconds)
                .doOnNext(result -> record.renewed(result.getPopReceipt()))
                .then();
    }

    private void failed(Settlement<StorageQueueRecord> settlement, Throwable error) {
        QueueStorageException storage = AzureErrors.find(error, QueueStorageException.class);
        if (storage != null && STALE.contains(AzureErrors.code(storage))) {
            held.remove(settlement.receipt());
            settlement.stale();
        } else {
            settlement.fail(AzureErrors.translate(settings.name() + ": settling a message", error));
        }
    }

    @Override
    public Duration lease() {
        return settings.visibilityTimeout();
    }

    @Override
    public boolean owns(StorageQueueRecord receipt) {
        return held.contains(receipt);
    }

    @Override
    public void ping() throws InterruptedException {
        Answers.awaitLife(settings.name() + ": asking for a sign of life", client().getProperties(), PING_LIMIT);
    }

    @Override
    public Map<String, String> facts() {
        return Map.of("queue", settings.queue(), "throttled", Long.toString(throttled.get()));
    }

    @Override
    public void close() {
        closed = true;
        wakeup();
        places.dropWaiting();
        if (client == null || held.isEmpty()) {
            return;
        }
        List<CompletableFuture<Void>> all = held.stream()
                .map(record -> request(record, true, () -> visibleIn(record, Duration.ZERO)))
                .toList();
        try {
            CompletableFuture.allOf(all.toArray(new CompletableFuture<?>[0]))
                    .get(GIVE_BACK_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            // They become visible by themselves.
        } finally {
            places.dropWaiting();
        }
    }
}
