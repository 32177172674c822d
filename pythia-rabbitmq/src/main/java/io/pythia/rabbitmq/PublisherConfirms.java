package io.pythia.rabbitmq;

import io.pythia.spi.Outgoing;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The messages of one session that were published and have no word from the broker, by the sequence numbers of its channel. A session has
 * an object of its own: the numbers of the next one, which begin again at 1, can't be mistaken for these. Thread-safe; whoever takes
 * messages out completes them, without the lock.
 */
final class PublisherConfirms {
    private @Nullable Outgoing[] messages = new Outgoing[1024];
    private @Nullable String[] routingKeys = new String[1024];
    /** The lowest number without an answer, and the next one to be published. */
    private long first = 1;

    private long next = 1;
    private boolean over;

    /** A message and how it was routed. */
    record Published(Outgoing outgoing, String routingKey) {}

    /** Enters a message before it is published under a number. Returns false if the session is over: it must not be published. */
    synchronized boolean publish(long number, Outgoing outgoing, String routingKey) {
        if (over) {
            return false;
        }
        if (number != next) {
            throw new IllegalStateException("number " + number + " is published, but " + next + " is the next one");
        }
        if (next - first == messages.length) {
            grow();
        }
        messages[index(number)] = outgoing;
        routingKeys[index(number)] = routingKey;
        next = number + 1;
        return true;
    }

    private void grow() {
        @Nullable Outgoing[] oldMessages = messages;
        @Nullable String[] oldKeys = routingKeys;
        messages = new Outgoing[2 * oldMessages.length];
        routingKeys = new String[messages.length];
        for (long number = first; number < next; number++) {
            int old = (int) (number & (oldMessages.length - 1));
            messages[index(number)] = oldMessages[old];
            routingKeys[index(number)] = oldKeys[old];
        }
    }

    /** Gives the messages that the broker has answered to the action: one, or all up to a number. Unknown numbers are ignored. */
    void answered(long number, boolean multiple, Consumer<Published> action) {
        if (!multiple) {
            Published one = takeOne(number);
            if (one != null) {
                action.accept(one);
            }
            return;
        }
        takeUpTo(number).forEach(action);
    }

    private synchronized @Nullable Published takeOne(long number) {
        Published taken = number < first || number >= next ? null : take(number);
        skipAnswered();
        return taken;
    }

    private synchronized List<Published> takeUpTo(long number) {
        List<Published> taken = new ArrayList<>();
        for (long each = first; each <= number && each < next; each++) {
            Published one = take(each);
            if (one != null) {
                taken.add(one);
            }
        }
        skipAnswered();
        return taken;
    }

    private @Nullable Published take(long number) {
        int index = index(number);
        Outgoing outgoing = messages[index];
        messages[index] = null;
        return outgoing == null ? null : new Published(outgoing, Objects.requireNonNull(routingKeys[index]));
    }

    private void skipAnswered() {
        while (first < next && messages[index(first)] == null) {
            first++;
        }
    }

    /**
     * Takes the message that the broker sent back because no queue wanted it. A return has no number, but it comes in the order of
     * publishing and before the confirm: the oldest message with this content it is, or one that can't be told from it.
     *
     * @return null if there is none
     */
    synchronized @Nullable Outgoing takeReturned(String routingKey, @Nullable String id, byte[] body) {
        for (long number = first; number < next; number++) {
            Outgoing each = messages[index(number)];
            if (each != null
                    && routingKey.equals(routingKeys[index(number)])
                    && Objects.equals(id, RabbitMQMessages.idProperty(each.message()))
                    && Arrays.equals(body, each.message().body())) {
                messages[index(number)] = null;
                skipAnswered();
                return each;
            }
        }
        return null;
    }

    /** Ends the session: takes all, and lets no more in. */
    synchronized List<Outgoing> end() {
        over = true;
        List<Outgoing> all = new ArrayList<>();
        takeUpTo(next).forEach(published -> all.add(published.outgoing()));
        return all;
    }

    /** Returns how many messages wait for an answer, or more: answered ones in the middle count. */
    synchronized int waiting() {
        return (int) (next - first);
    }

    private int index(long number) {
        return (int) (number & (messages.length - 1));
    }
}
