package io.pythia.kafka;

import io.pythia.BrokerConnectionException;
import io.pythia.BrokerException;
import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.SendResult;
import io.pythia.spi.DirectSendDriver;
import io.pythia.spi.Outgoing;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.kafka.clients.producer.BufferExhaustedException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.OutOfOrderSequenceException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/**
 * Sends by a {@code KafkaProducer}: its own thread batches, sends and answers. The client never blocks ({@code max.block.ms} is 0), so that
 * the thread which sends can hand its message over itself; where the client would have to wait, for room in its buffer or for the topic's
 * partitions, the engine's thread waits.
 */
final class KafkaSender implements DirectSendDriver {
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);
    /** How long a batch waits for the client to take it. If that takes nothing at all meanwhile, the engine is told. */
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    private static final Duration LOOK_AGAIN = Duration.ofMillis(1);

    /** What the client would have to block for. */
    private enum Lack {
        ROOM,
        TOPIC
    }

    private final KafkaProducerSettings settings;
    private final KafkaProbe probe;
    private @Nullable Producer<byte[], byte[]> producer;
    private @Nullable BufferRoom room;
    /** Who has called the client. */
    private volatile @Nullable Thread handingThread;
    /** What it is handing over: an answer from within that call says that it was not taken. Only that thread. */
    private @Nullable Outgoing handing;
    /** Whether it was not, as the client would have had to block. Only that thread. */
    private boolean untaken;
    /** Why the client took no message when it was asked last, null if it did. */
    private volatile @Nullable Lack lack;
    /** The same in words, once a batch has waited too long for it; null if none has. */
    private volatile @Nullable String outage;
    /** Set by the client's thread when the producer can't go on. */
    private volatile @Nullable BrokerException fatal;

    private volatile boolean closed;

    KafkaSender(KafkaProducerSettings settings) {
        this.settings = settings;
        this.probe = new KafkaProbe(settings.name(), settings.adminProperties(), List.of(settings.topic()), List.of());
    }

    @Override
    public void open() throws InterruptedException {
        probe.verify(settings.connectTimeout());
        try {
            Producer<byte[], byte[]> opened = new KafkaProducer<>(
                    settings.clientProperties(), new ByteArraySerializer(), new ByteArraySerializer());
            producer = opened;
            room = new BufferRoom(opened.metrics(), settings.clientProperties());
        } catch (KafkaException e) {
            throw KafkaErrors.translate(settings.name() + ": could not create the client", e);
        }
        long deadline = deadline();
        while (!isTopicKnown() && System.nanoTime() - deadline < 0) {
            Thread.sleep(LOOK_AGAIN.toMillis());
        }
    }

    private static long deadline() {
        return System.nanoTime() + PATIENCE.toNanos();
    }

    @Override
    public boolean sendAtOnce(Outgoing outgoing) {
        requireAlive();
        ProducerRecord<byte[], byte[]> record = recordOrFail(outgoing);
        return record == null || offer(outgoing, record);
    }

    @Override
    public void send(List<? extends Outgoing> batch) throws InterruptedException {
        long deadline = deadline();
        for (int i = 0; i < batch.size(); i++) {
            requireAlive();
            if (!send(batch.get(i), deadline)) {
                if (i == 0) {
                    outage = outage();
                }
                batch.subList(i, batch.size()).forEach(Outgoing::putBack);
                return;
            }
        }
    }

    private void requireAlive() {
        BrokerException over = fatal;
        if (over != null) {
            throw over;
        }
    }

    /** Sends one; returns false if the client has not taken it until then. */
    private boolean send(Outgoing outgoing, long deadline) throws InterruptedException {
        ProducerRecord<byte[], byte[]> record = recordOrFail(outgoing);
        while (record != null && !offer(outgoing, record)) {
            if (System.nanoTime() - deadline >= 0) {
                return false;
            }
            Thread.sleep(LOOK_AGAIN.toMillis());
        }
        return true;
    }

    private @Nullable ProducerRecord<byte[], byte[]> recordOrFail(Outgoing outgoing) {
        try {
            return record(outgoing.message());
        } catch (RuntimeException e) {
            // A function of the application's.
            outgoing.fail(new MessageException(
                    settings.name() + ": the key or the value of a message could not be serialized: " + e, e));
            return null;
        }
    }

    /** Returns whether the client has it, or it has failed; if not it is to be offered again. */
    private boolean offer(Outgoing outgoing, ProducerRecord<byte[], byte[]> record) {
        if (!mayTake()) {
            return false;
        }
        if (!room().take(record)) {
            refuse(Lack.ROOM);
            return false;
        }
        if (handingThread != Thread.currentThread()) {
            handingThread = Thread.currentThread();
        }
        untaken = false;
        handing = outgoing;
        try {
            // Here, where the message is at hand: the client's thread has most to do.
            String id = outgoing.message().id();
            client().send(record, (metadata, error) -> answered(outgoing, id, metadata, error));
        } catch (InterruptException e) { // it wanted to wait for room
            Thread.currentThread().interrupt();
            refuse(Lack.ROOM);
        } catch (KafkaException e) {
            outgoing.fail(KafkaErrors.translateNotSent(doing(), e));
        } catch (RuntimeException e) {
            if (closed) {
                throw new BrokerConnectionException(doing() + ": the session is over", e);
            }
            outgoing.fail(new MessageException(doing() + ": the client refuses it: " + e, e)); // a partitioner, say
        } finally {
            handing = null;
        }
        return !untaken;
    }

    private void refuse(Lack what) {
        untaken = true;
        lack = what;
    }

    @Override
    public @Nullable String blocked() {
        if (outage != null && mayTake()) {
            outage = null;
        }
        return outage;
    }

    /** Returns whether the client would not have to block, as far as can be seen. It asks for what it does not know in the background. */
    private boolean mayTake() {
        Lack what = lack;
        if (what != null && (what == Lack.ROOM ? room().isThere() : isTopicKnown())) {
            lack = null;
        }
        return lack == null;
    }

    private String outage() {
        return lack == Lack.TOPIC
                ? "the client knows no partition of topic " + settings.topic() + ": is it still there?"
                : "the client's buffer (buffer-memory) is full: messages are sent faster than the broker takes them";
    }

    private boolean isTopicKnown() {
        try {
            client().partitionsFor(settings.topic());
            return true;
        } catch (TimeoutException e) {
            return isDenied(e);
        } catch (KafkaException | IllegalStateException e) {
            return true; // a send says what is wrong
        }
    }

    /** The client would not wait for the topic's partitions in vain: the user may not see them. */
    private static boolean isDenied(Throwable cause) {
        return cause instanceof TimeoutException && cause.getCause() instanceof AuthorizationException;
    }

    private Producer<byte[], byte[]> client() {
        return Objects.requireNonNull(producer, "not open");
    }

    private BufferRoom room() {
        return Objects.requireNonNull(room, "not open");
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
        if (notTaken && cause instanceof TimeoutException && !isDenied(cause)) {
            refuse(cause instanceof BufferExhaustedException ? Lack.ROOM : Lack.TOPIC);
            return;
        }
        if (isDenied(cause)) {
            cause = Objects.requireNonNull(cause.getCause());
        }
        BrokerException translated =
                notTaken ? KafkaErrors.translateNotSent(doing(), cause) : KafkaErrors.translateSend(doing(), cause);
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
        closed = true;
        Producer<byte[], byte[]> open = producer;
        if (open != null) {
            open.close(CLOSE_TIMEOUT);
        }
        probe.close();
    }
}
