package io.pythia.internal;

import io.pythia.BrokerException;
import io.pythia.Message;
import io.pythia.SendResult;
import io.pythia.UncertainSendException;
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
    private static final VarHandle HANDED_OVER;

    static {
        try {
            SETTLED = MethodHandles.lookup().findVarHandle(Sending.class, "settled", boolean.class);
            HANDED_OVER = MethodHandles.lookup().findVarHandle(Sending.class, "handedOver", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final SendEngine engine;
    private final Message message;
    final long startedAt;
    final int size;
    private volatile boolean handedOver;
    private volatile boolean settled;
    /** How often it was handed to a driver, the first time included. */
    int tries;
    /** What went wrong when it was last tried, null if nothing did. */
    volatile @Nullable BrokerException lastError;
    /** Whether nobody knows what became of an earlier try: what a later one brings does not change that. */
    private volatile boolean perhapsThere;

    /** Not volatile: the queue publishes it. */
    @Nullable
    Sending next;

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

    /** The driver has it from now on. Whoever gets it from the driver sees that; nobody else is in a hurry to. */
    void handOver() {
        HANDED_OVER.setRelease(this, true);
        tries++;
    }

    @Override
    public void putBack() {
        if (HANDED_OVER.compareAndSet(this, true, false)) {
            tries--;
            engine.loop.putBack(this);
        }
    }

    /** Returns whether the driver has it and has not answered. */
    boolean isHandedOver() {
        return handedOver;
    }

    /** Returns whether the broker may have it, by this try or an earlier one. */
    boolean isUncertain() {
        return handedOver || perhapsThere;
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
        if (error instanceof UncertainSendException) {
            perhapsThere = true;
        }
        if (HANDED_OVER.compareAndSet(this, true, false)) { // a second time says nothing new
            engine.failed(this, error);
        }
    }

    /** Fails it for good. */
    @Override
    public void giveUp(BrokerException error) {
        if (SETTLED.compareAndSet(this, false, true)) {
            BrokerException outcome = perhapsThere ? uncertain(error) : error;
            engine.settled(this, outcome);
            completeExceptionally(outcome);
        }
    }

    private static BrokerException uncertain(BrokerException error) {
        return error instanceof UncertainSendException
                ? error
                : new UncertainSendException(
                        error.getMessage()
                                + "; the broker may have it by an earlier try: send it again with the same id",
                        error);
    }
}
