package io.pythia.cloud.azure;

import io.pythia.Message;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link StorageQueueSender} needs to know.
 *
 * @param timeToLive how long messages are kept, null for ever
 * @param delay for how long each message is invisible at first
 */
record StorageQueueProducerSettings(
        String name,
        String queue,
        AzureConfig config,
        StorageQueueClients clients,
        QueueEncoding encoding,
        boolean envelope,
        boolean createQueue,
        @Nullable Duration timeToLive,
        Duration delay) {

    /**
     * Returns the text for a message.
     *
     * @throws IllegalArgumentException that says why there is none
     */
    String text(Message message) {
        return QueueBody.text(message, encoding, envelope);
    }

    /** Returns how many bytes that text has in UTF-8; see {@link #text}. */
    int size(Message message) {
        return QueueBody.size(message, encoding, envelope);
    }
}
