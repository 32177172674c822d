package io.pythia.cloud.azure;

import com.azure.storage.queue.QueueAsyncClient;
import com.azure.storage.queue.models.SendMessageResult;
import io.pythia.BrokerConnectionException;
import io.pythia.BrokerException;
import io.pythia.SendResult;
import io.pythia.UncertainSendException;
import io.pythia.spi.Outgoing;
import io.pythia.spi.SendDriver;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;

/** Sends each message by a request of its own, some at a time. */
final class StorageQueueSender implements SendDriver {
    private static final Duration PING_LIMIT = Duration.ofSeconds(4);
    private static final Duration FOR_EVER = Duration.ofSeconds(-1);

    private final StorageQueueProducerSettings settings;
    /** What hangs on the future of a send runs here and may wait, perhaps for another send: the client's threads are few. */
    private final Executor answers;

    private final Semaphore places = new Semaphore(StorageQueueClients.MOST_UNDER_WAY);
    private final Set<Outgoing> underWay = ConcurrentHashMap.newKeySet();
    private final Disposable.Composite requests = Disposables.composite();
    private volatile @Nullable QueueAsyncClient client;
    private volatile @Nullable QueueAsyncClient sending;
    private volatile boolean closed;

    StorageQueueSender(StorageQueueProducerSettings settings) {
        this.settings = settings;
        this.answers = Pools.patient(settings.name(), "answers");
    }

    @Override
    public void open() throws InterruptedException {
        QueueAsyncClient opened = settings.clients().client(settings.queue());
        client = opened;
        sending = settings.clients().clientWithoutRetries(settings.queue());
        String doing = settings.name() + ": connecting to " + settings.queue();
        if (settings.createQueue()) {
            Answers.await(doing, opened.createIfNotExists(), settings.config().timeout());
        }
        Answers.await(doing, opened.getProperties(), settings.config().timeout());
    }

    private QueueAsyncClient client() {
        return Objects.requireNonNull(client, "not open");
    }

    @Override
    public void send(List<? extends Outgoing> batch) throws InterruptedException {
        Duration timeToLive = settings.timeToLive() == null ? FOR_EVER : settings.timeToLive();
        Duration delay = settings.delay().isZero() ? null : settings.delay();
        QueueAsyncClient current = Objects.requireNonNull(sending, "not open");
        for (Outgoing each : batch) {
            while (!places.tryAcquire(1, TimeUnit.SECONDS)) {
                throwIfClosed();
            }
            underWay.add(each);
            if (closed) { // perhaps it is what has made the place
                underWay.remove(each);
                throwIfClosed();
            }
            Disposable.Swap request = Disposables.swap();
            requests.add(request);
            request.update(current.sendMessageWithResponse(settings.text(each.message()), delay, timeToLive)
                    .doFinally(signal -> requests.remove(request))
                    .subscribe(
                            response -> answers.execute(() -> sent(each, response.getValue())),
                            error -> answers.execute(() -> failed(each, error))));
        }
    }

    private void throwIfClosed() {
        if (closed) {
            throw new BrokerConnectionException(settings.name() + " is closed");
        }
    }

    private void sent(Outgoing outgoing, SendMessageResult result) {
        if (finish(outgoing)) {
            outgoing.succeed(new SendResult(
                    outgoing.message().id(), settings.queue(), Map.of("message-id", result.getMessageId())));
        }
    }

    private void failed(Outgoing outgoing, Throwable error) {
        BrokerException known = AzureErrors.ofSend(settings.name() + ": sending to " + settings.queue(), error);
        if (finish(outgoing)) {
            outgoing.fail(known);
        }
    }

    private boolean finish(Outgoing outgoing) {
        boolean open = underWay.remove(outgoing);
        if (open) {
            places.release();
        }
        return open;
    }

    @Override
    public void ping() throws InterruptedException {
        Answers.awaitLife(settings.name() + ": asking for a sign of life", client().getProperties(), PING_LIMIT);
    }

    @Override
    public Map<String, String> facts() {
        return Map.of("queue", settings.queue(), "under-way", Integer.toString(underWay.size()));
    }

    @Override
    public void close() {
        closed = true;
        for (Outgoing each : Set.copyOf(underWay)) {
            if (finish(each)) {
                each.fail(new UncertainSendException(settings.name() + " was closed before the service had answered"));
            }
        }
        requests.dispose();
    }
}
