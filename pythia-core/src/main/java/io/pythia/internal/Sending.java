package io.pythia.internal;

import io.pythia.BrokerException;
import io.pythia.Message;
import io.pythia.SendResult;
import io.pythia.spi.Outgoing;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One message on its way out: the future that the application holds, what the driver completes, and a link of the queue between the two.
 */
final class Sending extends CompletableFuture<SendResult> implements Outgoing {
    private static final VarHandle SETTLED;

    static {
        try {
            SETTLED = MethodHandles.lookup().findVarHandle(Sending.class, "settled", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final SendEngine engine;
    private final Message message;
    final long startedAt;
    final int size;
    /** Whether the driver may have given it to the broker, so that nobody knows when time runs out. */
    volatile boolean handedOver;

    private volatile boolean settled;
    /** How often it was handed to a driver, the first time included. */
    int tries;
    /** What went wrong when it was last tried, null if nothing did. */
    volatile @Nullable BrokerException lastError;

    volatile @Nullable Sending next;

    Sending(SendEngine engine, Message message, int size, long startedAt) {
        this.engine = engine;
        this.message = message;
        this.size = size;
        this.startedAt = startedAt;
    }

    @Override
    public Message message() {
        return message;
    }

    boolean isSettled() {
        return settled;
    }

    @Override
    public void succeed(SendResult result) {
        if (SETTLED.compareAndSet(this, false, true)) {
            engine.settled(this, null);
            complete(result);
        }
    }

    @Override
    public void fail(BrokerException error) {
        lastError = error;
        handedOver = false;
        engine.failed(this, error);
    }

    /** Fails it for good. */
    void giveUp(BrokerException error) {
        if (SETTLED.compareAndSet(this, false, true)) {
            engine.settled(this, error);
            completeExceptionally(error);
        }
    }
}
