package io.pythia.cloud.azure;

import com.azure.messaging.servicebus.ServiceBusReceivedMessage;
import com.azure.messaging.servicebus.ServiceBusReceiverAsyncClient;
import com.azure.messaging.servicebus.models.AbandonOptions;
import com.azure.messaging.servicebus.models.DeadLetterOptions;
import com.azure.messaging.servicebus.models.DeferOptions;
import io.pythia.spi.Outcome;
import io.pythia.spi.Settlement;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import reactor.core.publisher.Mono;

/** Hands outcomes to the broker, all of a batch at once, and collects the answers. */
final class ServiceBusSettler {
    private static final int MAX_REASON = 1024;

    private final String name;
    private final String source;
    private final Consumer<ServiceBusRecord> onSettled;

    /**
     * Creates one.
     *
     * @param source the queue, for dead letters
     * @param onSettled hears of messages that this session does not hold any more
     */
    ServiceBusSettler(String name, String source, Consumer<ServiceBusRecord> onSettled) {
        this.name = name;
        this.source = source;
        this.onSettled = onSettled;
    }

    /** Returns a future that completes with the last answer. */
    CompletableFuture<?> settle(List<? extends Settlement<ServiceBusRecord>> batch) {
        CompletableFuture<Void> all = new CompletableFuture<>();
        AtomicInteger open = new AtomicInteger(batch.size());
        Runnable answered = () -> {
            if (open.decrementAndGet() == 0) {
                all.complete(null);
            }
        };
        Map<ServiceBusLink, Mono<?>> renewals = new HashMap<>();
        for (Settlement<ServiceBusRecord> each : batch) {
            if (isLostWithItsSession(each.receipt())) {
                onSettled.accept(each.receipt());
                each.stale();
                answered.run();
                continue;
            }
            operation(each, renewals)
                    .subscribe(
                            done -> {},
                            error -> {
                                failed(each, error);
                                answered.run();
                            },
                            () -> {
                                if (each.outcome() != Outcome.EXTEND) {
                                    onSettled.accept(each.receipt());
                                }
                                answered.run();
                            });
        }
        return all;
    }

    private static boolean isLostWithItsSession(ServiceBusRecord record) {
        return record.link().isOfSession() && record.link().isOver();
    }

    private Mono<?> operation(Settlement<ServiceBusRecord> settlement, Map<ServiceBusLink, Mono<?>> renewals) {
        ServiceBusRecord record = settlement.receipt();
        ServiceBusReceivedMessage message = record.message();
        ServiceBusReceiverAsyncClient receiver = record.link().receiver();
        return switch (settlement.outcome()) {
            case ACK ->
                settlement.detail() instanceof DeferOptions options
                        ? receiver.defer(message, options)
                        : receiver.complete(message);
            case NACK ->
                settlement.detail() instanceof AbandonOptions options
                        ? receiver.abandon(message, options)
                        : receiver.abandon(message);
            case REJECT -> receiver.deadLetter(message, deadLetter(settlement));
            case EXTEND ->
                record.link().isOfSession()
                        ? renewals.computeIfAbsent(
                                record.link(),
                                link -> receiver.renewSessionLock().cache())
                        : receiver.renewMessageLock(message);
        };
    }

    private DeadLetterOptions deadLetter(Settlement<ServiceBusRecord> settlement) {
        ServiceBusRecord record = settlement.receipt();
        String reason = Objects.requireNonNullElse(settlement.reason(), "rejected");
        Map<String, Object> properties = new HashMap<>();
        if (settlement.detail() instanceof AbandonOptions options) { // of the last attempt
            properties.putAll(options.getPropertiesToModify());
        }
        properties.put("pythia-dead-letter-reason", shortened(reason));
        properties.put("pythia-dead-letter-source", source);
        properties.put("pythia-dead-letter-id", record.id());
        properties.put("pythia-dead-letter-attempts", Integer.toString(record.attempt()));
        properties.put("pythia-dead-letter-time", Instant.now().toString());
        return new DeadLetterOptions()
                .setDeadLetterReason(shortened(reason))
                .setDeadLetterErrorDescription(name + " gave it up after " + record.attempt()
                        + (record.attempt() == 1 ? " attempt" : " attempts"))
                .setPropertiesToModify(properties);
    }

    private static String shortened(String reason) {
        return reason.length() <= MAX_REASON ? reason : reason.substring(0, MAX_REASON);
    }

    private void failed(Settlement<ServiceBusRecord> settlement, Throwable error) {
        if (AzureErrors.isStale(error)) {
            onSettled.accept(settlement.receipt());
            settlement.stale();
        } else {
            settlement.fail(AzureErrors.translate(name + ": settling a message", error));
        }
    }

    /** Gives messages back, as far as that goes within a moment. */
    static Mono<Void> abandon(Set<ServiceBusRecord> records) {
        return Mono.whenDelayError(records.stream()
                .map(record ->
                        record.link().receiver().abandon(record.message()).onErrorComplete())
                .toList());
    }
}
