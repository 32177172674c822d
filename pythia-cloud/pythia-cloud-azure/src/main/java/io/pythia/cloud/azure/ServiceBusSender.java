package io.pythia.cloud.azure;

import com.azure.messaging.servicebus.ServiceBusException;
import com.azure.messaging.servicebus.ServiceBusMessage;
import com.azure.messaging.servicebus.ServiceBusMessageBatch;
import com.azure.messaging.servicebus.ServiceBusSenderAsyncClient;
import io.pythia.BrokerConnectionException;
import io.pythia.BrokerException;
import io.pythia.BrokerTimeoutException;
import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.SendResult;
import io.pythia.UncertainSendException;
import io.pythia.spi.Outgoing;
import io.pythia.spi.SendDriver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Packs messages into batches by size, and keeps a few batches under way. */
final class ServiceBusSender implements SendDriver {
    private static final int MOST_UNDER_WAY = 8;
    private static final Duration PING_LIMIT = Duration.ofSeconds(4);
    private static final long RECENT = Duration.ofSeconds(3).toNanos();
    /** Nothing was ever scheduled under this number: asking for it changes nothing. */
    private static final long NO_SUCH_NUMBER = Long.MAX_VALUE;

    /** What goes in one transfer. Messages of different sessions or partition keys must not share one. */
    private record Pack(ServiceBusMessageBatch batch, List<Outgoing> messages) {}

    private final ServiceBusProducerSettings settings;
    private final Semaphore places = new Semaphore(MOST_UNDER_WAY);
    private final CreationTimes times = new CreationTimes();
    private final Set<Pack> underWay = ConcurrentHashMap.newKeySet();
    private volatile @Nullable ServiceBusSenderAsyncClient client;
    private volatile @Nullable BrokerException failure;
    private volatile long answeredAt = System.nanoTime() - RECENT;

    ServiceBusSender(ServiceBusProducerSettings settings) {
        this.settings = settings;
    }

    @Override
    public void open() throws InterruptedException {
        ServiceBusSenderAsyncClient opened = new ServiceBusClients(settings.config()).sender(settings.destination());
        client = opened;
        newBatch();
    }

    private ServiceBusMessageBatch newBatch() throws InterruptedException {
        return Objects.requireNonNull(Answers.await(
                settings.name() + ": connecting to " + settings.destination(),
                ServiceBusClients.opening(open(client).createMessageBatch(), settings.config()),
                settings.config().timeout()));
    }

    private static ServiceBusSenderAsyncClient open(@Nullable ServiceBusSenderAsyncClient client) {
        return Objects.requireNonNull(client, "not open");
    }

    @Override
    public void send(List<? extends Outgoing> batch) throws InterruptedException {
        throwFailure();
        Map<String, Pack> packs = new LinkedHashMap<>();
        for (Outgoing each : batch) {
            ServiceBusMessage message;
            try {
                message = toNative(each.message());
            } catch (RuntimeException e) {
                // A function of the application's, or what it returned.
                each.fail(new MessageException(
                        settings.name() + ": no time to enqueue the message could be found, or it can't be used: " + e,
                        e));
                continue;
            }
            add(packs, each, message);
        }
        for (Pack pack : packs.values()) {
            hand(pack);
        }
    }

    private ServiceBusMessage toNative(Message sent) {
        ServiceBusMessage message = ServiceBusMessages.toNative(sent, settings.sessions(), times);
        if (settings.timeToLive() != null) {
            message.setTimeToLive(settings.timeToLive());
        }
        ServiceBusMessages.enqueueAt(message, settings.enqueueAt().apply(sent));
        return message;
    }

    private void throwFailure() {
        BrokerException known = failure;
        if (known != null) {
            throw known;
        }
    }

    private void add(Map<String, Pack> packs, Outgoing outgoing, ServiceBusMessage message)
            throws InterruptedException {
        String key = settings.sessions() ? message.getSessionId() : message.getPartitionKey();
        String group = key == null ? "" : key;
        Pack pack = packs.get(group);
        if (pack != null && fits(pack, outgoing, message)) {
            return;
        }
        Pack fresh = new Pack(newBatch(), new ArrayList<>());
        if (!fits(fresh, outgoing, message)) {
            outgoing.fail(new MessageException(
                    settings.name() + ": a message of " + outgoing.message().body().length
                            + " bytes is too large; the queue takes " + fresh.batch.getMaxSizeInBytes()
                            + " with headers and all"));
            return;
        }
        packs.put(group, fresh);
        if (pack != null) {
            hand(pack);
        }
    }

    private static boolean fits(Pack pack, Outgoing outgoing, ServiceBusMessage message) {
        try {
            return pack.batch.tryAddMessage(message) && pack.messages.add(outgoing);
        } catch (ServiceBusException e) { // larger than any batch
            return false;
        }
    }

    private void hand(Pack pack) throws InterruptedException {
        while (!places.tryAcquire(1, TimeUnit.SECONDS)) {
            throwFailure();
        }
        underWay.add(pack);
        open(client).sendMessages(pack.batch).subscribe(done -> {}, error -> failed(pack, error), () -> sent(pack));
    }

    private void sent(Pack pack) {
        answeredAt = System.nanoTime();
        if (finish(pack)) {
            for (Outgoing each : pack.messages) {
                each.succeed(new SendResult(each.message().id(), settings.destination(), Map.of()));
            }
        }
    }

    private void failed(Pack pack, Throwable error) {
        String doing = settings.name() + ": sending to " + settings.destination();
        BrokerException known = AzureErrors.translate(doing, error);
        if (known instanceof BrokerConnectionException || known instanceof BrokerTimeoutException) {
            failure = known;
        }
        if (finish(pack)) {
            BrokerException each = AzureErrors.ofSend(doing, error);
            pack.messages.forEach(message -> message.fail(each));
        }
    }

    private boolean finish(Pack pack) {
        boolean open = underWay.remove(pack);
        if (open) {
            places.release();
        }
        return open;
    }

    /** A recent answer will do; else a question that changes nothing, and for which the right to send is enough. */
    @Override
    public void ping() throws InterruptedException {
        throwFailure();
        if (System.nanoTime() - answeredAt < RECENT) {
            return;
        }
        Answers.awaitLife(
                settings.name() + ": asking for a sign of life",
                open(client)
                        .cancelScheduledMessage(NO_SUCH_NUMBER)
                        .onErrorResume(AzureErrors::isAnswer, notThere -> Mono.empty()),
                PING_LIMIT);
    }

    @Override
    public Map<String, String> facts() {
        return Map.of("queue", settings.destination(), "batches-under-way", Integer.toString(underWay.size()));
    }

    @Override
    public void close() {
        failure = new BrokerException(settings.name() + " is disconnected");
        for (Pack pack : Set.copyOf(underWay)) {
            if (finish(pack)) {
                pack.messages.forEach(message -> message.fail(
                        new UncertainSendException(settings.name() + " was closed before the service had answered")));
            }
        }
        ServiceBusSenderAsyncClient current = client;
        if (current != null) {
            // On another thread: it may wait for an answer that does not come.
            Schedulers.boundedElastic().schedule(current::close);
        }
    }
}
