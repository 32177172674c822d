package io.pythia.kafka;

import io.pythia.BrokerException;
import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.SendResult;
import io.pythia.spi.Outgoing;
import io.pythia.spi.SendDriver;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.OutOfOrderSequenceException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/** Sends by a {@code KafkaProducer}: its own thread batches, sends and answers. */
final class KafkaSender implements SendDriver {
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);

    private final KafkaProducerSettings settings;
    private final KafkaProbe probe;
    private @Nullable Producer<byte[], byte[]> producer;
    /** Who is handing a batch to the client. */
    private volatile @Nullable Thread handingThread;
    /** What it is handing over: an answer from within that call says that it was not taken. Only that thread. */
    private @Nullable Outgoing handing;
    /**
     * Why the client took nothing within {@code max.block.ms}, null if it takes messages. The rest of the batch is spared the same wait:
     * a thousand messages would wait for a thousand seconds. Only the sending thread.
     */
    private @Nullable BrokerException refusal;
    /** Set by the client's thread when the producer can't go on. */
    private volatile @Nullable BrokerException fatal;

    KafkaSender(KafkaProducerSettings settings) {
        this.settings = settings;
        this.probe = new KafkaProbe(settings.name(), settings.adminProperties(), List.of(settings.topic()));
    }

    @Override
    public void open() throws InterruptedException {
        probe.verify(settings.connectTimeout());
        try {
            producer = new KafkaProducer<>(
                    settings.clientProperties(), new ByteArraySerializer(), new ByteArraySerializer());
        } catch (KafkaException e) {
            throw KafkaErrors.translate(settings.name() + ": could not create the client", e);
        }
    }

    @Override
    public void send(List<? extends Outgoing> batch) {
        handingThread = Thread.currentThread();
        refusal = null;
        for (Outgoing each : batch) {
            BrokerException over = fatal;
            if (over != null) {
                throw over;
            }
            BrokerException refused = refusal;
            if (refused == null) {
                send(each);
            } else {
                each.fail(refused);
            }
        }
    }

    private void send(Outgoing outgoing) {
        try {
            ProducerRecord<byte[], byte[]> record = record(outgoing.message());
            // Here, where the message is at hand: the client's thread has most to do.
            String id = outgoing.message().id();
            handing = outgoing;
            Objects.requireNonNull(producer).send(record, (metadata, error) -> answered(outgoing, id, metadata, error));
        } catch (InterruptException e) {
            Thread.currentThread().interrupt();
            outgoing.fail(KafkaErrors.translateNotSent(doing(), e));
        } catch (KafkaException | IllegalStateException e) {
            outgoing.fail(KafkaErrors.translateNotSent(doing(), e));
        } catch (RuntimeException e) {
            // A function of the application's.
            outgoing.fail(new MessageException(
                    settings.name() + ": the key or the value of a message could not be serialized: " + e, e));
        } finally {
            handing = null;
        }
    }

    private ProducerRecord<byte[], byte[]> record(Message message) {
        String key = settings.partitionKey().apply(message);
        byte[] keyBytes = key == null ? null : settings.keySerializer().apply(key);
        return KafkaMessages.record(settings.topic(), message, keyBytes, settings.valueSerializer());
    }

    /** On the client's thread. */
    private void answered(Outgoing outgoing, String id, @Nullable RecordMetadata metadata, @Nullable Exception error) {
        if (error == null && metadata != null) {
            outgoing.succeed(new SendResult(id, settings.topic(), new RecordDetails(metadata)));
            return;
        }
        Throwable cause = error == null ? new KafkaException("no answer and no error") : error;
        boolean notTaken = Thread.currentThread() == handingThread && handing == outgoing;
        BrokerException translated =
                notTaken ? KafkaErrors.translateNotSent(doing(), cause) : KafkaErrors.translateSend(doing(), cause);
        if (notTaken && cause instanceof TimeoutException) {
            refusal = translated;
        }
        if (cause instanceof ProducerFencedException
                || cause instanceof OutOfOrderSequenceException
                || cause instanceof InvalidProducerEpochException) {
            fatal = new BrokerException(translated.getMessage() + "; a new producer is needed", cause, true);
        }
        outgoing.fail(translated);
    }

    private String doing() {
        return settings.name() + ": sending a message";
    }

    @Override
    public boolean recoversByItself() {
        return true;
    }

    @Override
    public void ping() throws InterruptedException {
        probe.ping();
    }

    @Override
    public Map<String, String> facts() {
        return Map.of("topic", settings.topic());
    }

    @Override
    public void close() {
        Producer<byte[], byte[]> open = producer;
        if (open != null) {
            open.close(CLOSE_TIMEOUT);
        }
        probe.close();
    }
}
