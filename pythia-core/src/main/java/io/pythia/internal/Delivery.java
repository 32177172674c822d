package io.pythia.internal;

import io.pythia.Message;
import io.pythia.Settled;
import io.pythia.spi.MessageContent;
import io.pythia.spi.Outcome;
import io.pythia.spi.Settlement;
import io.pythia.spi.Settler;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One message with the application: the future of its settlement, the settlement that the driver sees, and a link of the queue between
 * the two, in one object, since there is one for each message.
 *
 * <p>Any thread may settle it; the first wins. All other fields are written by whoever holds it: the receiving thread until it is given
 * out, the settling thread until it is taken from the queue, then the {@link SettlePump}.
 */
final class Delivery<R> extends CompletableFuture<Settled> implements Settlement<R>, Settler {
    private static final VarHandle TAKEN;

    static {
        try {
            TAKEN = MethodHandles.lookup().findVarHandle(Delivery.class, "taken", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    final ReceiveEngine<R> engine;
    final Batch<R> batch;
    final int index;
    final int attempt;
    private final R receipt;
    private final MessageContent content;
    private volatile boolean taken;
    /** Set when it was rejected and the engine has done what there was to do; the broker is told that it is acknowledged. */
    boolean putAside;
    /** Set when it goes back without having been looked at: no attempt has failed. */
    boolean unseen;

    /** Until when the application has had it reserved, by {@link System#nanoTime}; null if it never asked for that. */
    volatile @Nullable Long reservedUntil;

    Outcome outcome = Outcome.ACK;
    /** The delay of a NACK, the reason of a REJECT, or what a connector has to say to itself. */
    @Nullable
    Object detail;
    /** {@link Settled#STALE}, or the error, that the driver reported for this message. */
    private @Nullable Object verdict;

    int settleTries;

    @Nullable
    Delivery<R> next;

    Delivery(ReceiveEngine<R> engine, Batch<R> batch, int index, R receipt, MessageContent content, int attempt) {
        this.engine = engine;
        this.batch = batch;
        this.index = index;
        this.receipt = receipt;
        this.content = content;
        this.attempt = attempt;
    }

    /** Returns the same message, to be delivered once more. */
    Delivery<R> again() {
        return Objects.requireNonNull(new Batch<>(this).items[0]);
    }

    Message message() {
        return Message.received(content, this);
    }

    MessageContent content() {
        return content;
    }

    /** Returns whether the caller is the one who settles it. */
    boolean take() {
        return TAKEN.compareAndSet(this, false, true);
    }

    @Override
    public CompletableFuture<Settled> settle(Outcome wanted, @Nullable Object wantedDetail) {
        engine.requireSupported(wanted, wantedDetail);
        if (take()) {
            outcome = wanted;
            detail = wantedDetail;
            engine.settled(this);
        }
        return this;
    }

    @Override
    public void release() {
        if (take()) {
            engine.giveBack(this);
        }
    }

    @Override
    public CompletableFuture<Settled> extend(Duration by) {
        return engine.extend(this, by);
    }

    /** Returns whether the application has asked that it be reserved now: a broker may have taken less at once. */
    boolean isReserved(long now) {
        Long reserved = reservedUntil;
        return reserved != null && reserved - now > 0;
    }

    /** Returns for how long to have it reserved so that nothing is cut short: neither a lease nor what the application asked for before. */
    Duration atLeast(Duration wanted, long now) {
        Duration lease = batch.session.driver.lease();
        Long reserved = reservedUntil;
        Duration left = Duration.ofNanos(reserved == null ? 0 : reserved - now);
        Duration longest = wanted.compareTo(lease) < 0 ? lease : wanted;
        return longest.compareTo(left) < 0 ? left : longest;
    }

    @Override
    public int attempt() {
        return attempt;
    }

    @Override
    public boolean isSettled() {
        return taken || isTakenBack();
    }

    /** Returns whether its lease is to be extended: it is unsettled, or rejected and not with the dead letters yet. */
    boolean isToBeKept() {
        return (!taken || outcome == Outcome.REJECT) && !isTakenBack();
    }

    /** Returns whether the broker has given it to somebody else, or will. */
    boolean isTakenBack() {
        return batch.session.isDead() || !batch.session.driver.owns(receipt);
    }

    @Override
    public R receipt() {
        return receipt;
    }

    @Override
    public Outcome outcome() {
        return outcome;
    }

    @Override
    public Duration delay() {
        return outcome == Outcome.NACK && detail instanceof Duration delay ? delay : Duration.ZERO;
    }

    @Override
    public @Nullable String reason() {
        if (outcome != Outcome.REJECT) {
            return null;
        }
        return detail instanceof String reason ? reason : "given up after " + attempt + " attempts";
    }

    @Override
    public @Nullable Object detail() {
        return detail instanceof Duration || detail instanceof String ? null : detail;
    }

    @Override
    public boolean isUnseen() {
        return unseen;
    }

    @Override
    public void stale() {
        verdict = Settled.STALE;
    }

    @Override
    public void fail(Throwable error) {
        verdict = error;
    }

    /** Takes what the driver reported for this message alone, or null if it said nothing. */
    @Nullable
    Object takeVerdict() {
        Object was = verdict;
        verdict = null;
        return was;
    }

    /** Sets what the future will say, once {@link #finish} is called: a {@link Settled} or a {@link Throwable}. */
    Delivery<R> resolve(Object result) {
        verdict = result;
        return this;
    }

    Object result() {
        return verdict == null ? Settled.DONE : verdict;
    }

    /** Returns whether the application has settled it so, which is not always what the broker was told. */
    boolean countsAs(Outcome counted) {
        return counted == (putAside ? Outcome.REJECT : outcome) && !unseen && !(result() instanceof Throwable);
    }

    /** Completes the future: runs code of the application, so no lock may be held. */
    void finish() {
        if (result() instanceof Throwable error) {
            completeExceptionally(error);
        } else {
            complete((Settled) result());
        }
    }
}
