package io.pythia.internal;

import io.pythia.BatchSendException;
import io.pythia.BrokerException;
import io.pythia.Health;
import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.ProducerFullException;
import io.pythia.SendResult;
import io.pythia.spi.ProducerOptions;
import io.pythia.spi.SendDriver;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.IntPredicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One connection of a producer: what all connectors share, around their drivers. {@link #send} never blocks: it puts the message into a
 * queue, and the sending thread ({@link SendLoop}) does the rest; a batch is what arrived while the one before was handed over. Only to a
 * {@link io.pythia.spi.DirectSendDriver} a message is handed at once, if nothing waits before it.
 */
public final class SendEngine {
    /** What a message costs in memory beside its body, for the limit on what is under way. */
    private static final int OVERHEAD = 256;

    final Events events;
    final ProducerOptions options;
    final SendLoop loop;
    private final SendHealth health;
    private final AtomicLong bytes = new AtomicLong();
    private volatile boolean closing;

    /** Creates one that does nothing until {@link #connect} or the first message. */
    public SendEngine(Events events, ProducerOptions options, Supplier<? extends SendDriver> drivers) {
        this.events = events;
        this.options = options;
        this.loop = new SendLoop(this, drivers);
        this.health = new SendHealth(this);
    }

    String name() {
        return events.name;
    }

    /** Returns a future of the first session. */
    public CompletableFuture<Void> connect() {
        return loop.connect();
    }

    /** Queues a message; never blocks. */
    public CompletableFuture<SendResult> send(Message message) {
        int size = size(message);
        Sending sending = new Sending(this, message, size, System.nanoTime());
        long under = bytes.addAndGet(size);
        if (under > options.maxInFlightBytes() && under > size) {
            sending.giveUp(new ProducerFullException(name() + ": no room for " + size + " more bytes, "
                    + (under - size) + " are under way, the limit is " + options.maxInFlightBytes()
                    + "; wait for earlier results, use sendAll, or raise maxInFlightBytes"));
        } else if (closing) {
            sending.giveUp(ended());
        } else {
            loop.send(sending);
            if (loop.isOver() && !sending.isHandedOver()) {
                sending.giveUp(ended());
            }
        }
        return sending;
    }

    /** Returns what counts for the limit on what is under way. */
    static int size(Message message) {
        return OVERHEAD + message.body().length;
    }

    /** Returns whether {@link #send} would take a message of this size now. */
    public boolean hasRoom(int size) {
        long under = bytes.get();
        return under == 0 || under + size <= options.maxInFlightBytes();
    }

    /** Returns why nothing is sent any more: what has ended it, if it was not the application. */
    private BrokerException ended() {
        BrokerException cause = loop.fatal();
        return cause == null ? new MessageException(name() + " is disconnected", null, true) : cause;
    }

    /** Sends all, and collects the outcome of each. */
    public CompletableFuture<List<SendResult>> sendBatch(
            List<Message> messages, Function<Message, CompletableFuture<SendResult>> send) {
        List<CompletableFuture<SendResult>> futures = new ArrayList<>(messages.size());
        messages.forEach(m -> futures.add(send.apply(m)));
        return CompletableFuture.allOf(futures.toArray(CompletableFuture[]::new))
                .handle((ok, failed) -> {
                    if (failed == null) {
                        return futures.stream().map(CompletableFuture::join).toList();
                    }
                    throw batchFailure(messages, futures);
                });
    }

    private BatchSendException batchFailure(List<Message> messages, List<CompletableFuture<SendResult>> futures) {
        List<BatchSendException.Entry> entries = new ArrayList<>();
        int failed = 0;
        for (int i = 0; i < futures.size(); i++) {
            SendResult result = null;
            BrokerException error = null;
            try {
                result = futures.get(i).join();
            } catch (CompletionException e) {
                Throwable cause = e.getCause() == null ? e : e.getCause();
                error = ReceiveEngine.asBrokerException(name() + ": sending", cause);
                failed++;
            }
            entries.add(new BatchSendException.Entry(messages.get(i), result, error));
        }
        return new BatchSendException(
                name() + ": " + failed + " of " + entries.size() + " messages were not sent; see entries()", entries);
    }

    /**
     * Returns a publisher of results; see {@link io.pythia.MessageProducer#sendAll}. The two functions are the producer's, whose engine may
     * be another one by then.
     */
    public Flow.Publisher<SendResult> sendAll(
            Flow.Publisher<Message> messages,
            Function<Message, CompletableFuture<SendResult>> send,
            IntPredicate hasRoom) {
        return subscriber -> {
            Objects.requireNonNull(subscriber, "subscriber");
            SendAll run = new SendAll(events, options.maxInFlightBytes(), hasRoom, send, subscriber);
            run.start();
            messages.subscribe(run);
        };
    }

    /** Returns a future of all that was sent before. */
    public CompletableFuture<Void> flush() {
        return loop.flush();
    }

    /** Returns the health; never fails. */
    public CompletableFuture<Health> healthCheck() {
        return health.check();
    }

    /** Refuses new messages, waits for the others and closes; the future never fails. */
    public CompletableFuture<Void> disconnect() {
        closing = true;
        return loop.stop();
    }

    /** Returns whether {@link #disconnect} was called, or connecting failed for good. */
    public boolean isEnded() {
        return closing || loop.isOver();
    }

    /** Returns at least as many as there are: what each costs is known, its body is not. */
    int mostInFlight() {
        return (int) Math.min(Integer.MAX_VALUE, bytes.get() / OVERHEAD);
    }

    long inFlightBytes() {
        return bytes.get();
    }

    /** Called once for each message, when its outcome is known. */
    void settled(Sending sending, @Nullable BrokerException error) {
        if (bytes.addAndGet(-sending.size) == 0 && closing) {
            loop.wake();
        }
        if (events.isCounted()) {
            long nanos = System.nanoTime() - sending.startedAt;
            events.count(m -> {
                if (error == null) {
                    m.confirmed(name(), nanos);
                } else {
                    m.sendFailed(name(), error);
                }
            });
        }
    }

    /** The driver could not send it this time. */
    void failed(Sending sending, BrokerException error) {
        boolean again = error.isRetryable() && sending.tries <= options.retry().maxRetries() && !closing;
        if (again && !sending.isSettled()) {
            loop.retry(sending);
        } else {
            sending.giveUp(error);
        }
    }
}
