package io.pythia.cdc;

import io.pythia.spi.Settlement;
import java.util.ArrayDeque;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Which place may be stored: the one behind the last of those messages that were acknowledged without a gap. Thread-safe.
 *
 * @param <S> the place
 */
final class Progress<S> {
    /** A step on the way: a message, or something that needs no acknowledgement, such as the end of a transaction. */
    static final class Step<S> {
        private final @Nullable Consumer<? super S> effect;
        private boolean over;

        private Step(@Nullable Consumer<? super S> effect, boolean over) {
            this.effect = effect;
            this.over = over;
        }
    }

    /** With so many steps behind an unsettled message nothing more is read: they would fill the memory. */
    private static final int MAX_OPEN = 100_000;

    private final S stored;
    private final ArrayDeque<Step<S>> open = new ArrayDeque<>();
    private long version;

    Progress(S stored) {
        this.stored = stored;
    }

    /** Enters a message; the effect is what its acknowledgement does to the place. */
    synchronized Step<S> message(Consumer<? super S> effect) {
        Step<S> step = new Step<>(effect, false);
        open.add(step);
        return step;
    }

    /** Enters a message that alone does not move the place. */
    synchronized Step<S> message() {
        Step<S> step = new Step<>(null, false);
        open.add(step);
        return step;
    }

    /** Enters what takes effect when everything before it is acknowledged. */
    synchronized void event(Consumer<? super S> effect) {
        open.add(new Step<>(effect, true));
        advance();
    }

    /** Enters what takes effect now if nothing is open, else not at all. Returns whether it did. */
    synchronized boolean eventIfIdle(Consumer<? super S> effect) {
        if (!open.isEmpty()) {
            return false;
        }
        event(effect);
        return true;
    }

    /** Enters acknowledgements of messages whose place is a step; a second one changes nothing. */
    synchronized void acknowledge(List<? extends Settlement<ChangeRecord>> batch) {
        for (Settlement<ChangeRecord> settlement : batch) {
            ((Step<?>) settlement.receipt().place).over = true;
        }
        advance();
    }

    /** Enters an acknowledgement; a second one changes nothing. */
    synchronized void acknowledge(Step<?> step) {
        step.over = true;
        advance();
    }

    private void advance() {
        for (Step<S> first = open.peek(); first != null && first.over; first = open.peek()) {
            open.remove();
            if (first.effect != null) {
                first.effect.accept(stored);
                version++;
            }
        }
    }

    /** Returns how many steps wait for an acknowledgement, their own or one before. */
    synchronized int open() {
        return open.size();
    }

    /** Returns whether so many steps wait that nothing more may be read. */
    synchronized boolean isFull() {
        return open.size() >= MAX_OPEN;
    }

    /** Returns a number that changes whenever the place may have changed. */
    synchronized long version() {
        return version;
    }

    /** Looks at the place. */
    synchronized <T> T look(Function<? super S, T> look) {
        return look.apply(stored);
    }
}
