package io.pythia.cloud.azure;

import com.azure.storage.queue.QueueAsyncClient;
import com.azure.storage.queue.models.QueueStorageException;
import io.pythia.Message;
import io.pythia.internal.DeadLetterHeaders;
import java.time.Duration;
import reactor.core.publisher.Mono;

/** The queue to which messages are copied that were rejected. It is made when it is missing. Thread-safe. */
final class PoisonQueue {
    private static final Duration FOR_EVER = Duration.ofSeconds(-1);

    private final QueueAsyncClient client;
    private final StorageQueueConsumerSettings settings;

    PoisonQueue(QueueAsyncClient client, StorageQueueConsumerSettings settings) {
        this.client = client;
        this.settings = settings;
    }

    /** Copies a message. */
    Mono<Void> copy(StorageQueueRecord record, String reason) {
        Mono<Void> sent = client.sendMessageWithResponse(text(record, reason), null, FOR_EVER)
                .then();
        return sent.onErrorResume(
                PoisonQueue::isMissing, missing -> client.createIfNotExists().then(sent));
    }

    private static boolean isMissing(Throwable error) {
        QueueStorageException storage = AzureErrors.find(error, QueueStorageException.class);
        return storage != null && "QueueNotFound".equals(AzureErrors.code(storage));
    }

    /** The text as it came, which has fitted once; an envelope also takes the reason, if it fits with it. */
    private String text(StorageQueueRecord record, String reason) {
        String asItCame = record.text();
        if (!record.isInEnvelope()) {
            return asItCame;
        }
        Message letter = Message.builder()
                .id(record.id())
                .key(record.key())
                .body(record.body())
                .timestamp(record.timestamp())
                .headers(
                        DeadLetterHeaders.add(record.headers(), record.id(), record.source(), record.attempt(), reason))
                .build();
        try {
            boolean fits = QueueBody.size(letter, settings.encoding(), true) <= QueueBody.MAX_TEXT;
            return fits ? QueueBody.text(letter, settings.encoding(), true) : asItCame;
        } catch (IllegalArgumentException e) {
            return asItCame; // the encoding can't carry it, though it could carry what came
        }
    }
}
