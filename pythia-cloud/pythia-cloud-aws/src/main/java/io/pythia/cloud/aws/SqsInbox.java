package io.pythia.cloud.aws;

import io.pythia.BrokerException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Between the threads that poll and the engine: says how much may be fetched, keeps what was, and knows what is with the application. Of a
 * message group (FIFO) it gives out one message at a time: the next one when that is settled. Thread-safe.
 */
final class SqsInbox {
    /** How many messages may wait behind others of their group while more are fetched, so that other groups get their turn. */
    private static final int MOST_BEHIND = 500;

    /**
     * What a poll has brought and nobody gets.
     *
     * @param back must go back, because there will be no more receive
     * @param processed was acknowledged before it came again, and is to be deleted by its new handle
     */
    record Surplus(List<SqsMessage> back, List<SqsMessage> processed) {}

    private final int maxMessages;
    private final int maxPolls;
    private final UnseenReceives unseen;
    private final Deque<SqsMessage> ready = new ArrayDeque<>();
    /** What the application has and has not settled. */
    private final Set<SqsMessage> given = new LinkedHashSet<>();
    /** The message of each group that the application has. */
    private final Map<String, SqsMessage> busy = new HashMap<>();
    /** The last delivery of each message that is here or given out, by the id of SQS. */
    private final Map<String, SqsMessage> last = new HashMap<>();

    private int room;
    private int claimed;
    private int polls;
    /** More polls at once while they bring something; a single one on an idle queue, for the sake of the price. */
    private int usefulPolls = 1;

    private boolean wokenUp;
    private boolean stopped;
    private @Nullable BrokerException failure;

    SqsInbox(int maxMessages, int maxPolls, UnseenReceives unseen) {
        this.maxMessages = maxMessages;
        this.maxPolls = maxPolls;
        this.unseen = unseen;
    }

    // The receiving thread.

    /** Takes up to {@code max} messages, waiting for the first; makes room for that many. */
    synchronized List<SqsMessage> take(int max, Duration wait) throws InterruptedException {
        room = max;
        notifyAll();
        long deadline = System.nanoTime() + wait.toNanos();
        List<SqsMessage> batch = takeReady(max);
        while (batch.isEmpty() && failure == null && !wokenUp) {
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                break;
            }
            wait(left / 1_000_000 + 1);
            batch = takeReady(max);
        }
        wokenUp = false;
        if (batch.isEmpty() && failure != null) {
            throw failure;
        }
        room = max - batch.size();
        return batch;
    }

    private List<SqsMessage> takeReady(int max) {
        dropExpired();
        List<SqsMessage> batch = new ArrayList<>();
        for (Iterator<SqsMessage> i = ready.iterator(); i.hasNext() && batch.size() < max; ) {
            SqsMessage next = i.next();
            String group = next.group();
            if (group == null || busy.putIfAbsent(group, next) == null) {
                i.remove();
                given.add(next);
                batch.add(next);
            }
        }
        return batch;
    }

    /** Forgets what SQS has taken back, and what is behind it in its group, which must not overtake it. */
    private void dropExpired() {
        long now = System.nanoTime();
        Set<String> groups = new HashSet<>();
        for (Iterator<SqsMessage> i = ready.iterator(); i.hasNext(); ) {
            SqsMessage next = i.next();
            String group = next.group();
            boolean expired = next.leaseLeft(now) <= 0;
            if (expired && group != null) {
                groups.add(group);
            }
            if (expired || groups.contains(group)) {
                i.remove();
                goesBackUnseen(next);
            }
        }
    }

    synchronized void wakeUp() {
        wokenUp = true;
        notifyAll();
    }

    // The polling threads.

    /** Waits until there is room, and returns for how many messages; 0 when there will be no more. */
    synchronized int claim() throws InterruptedException {
        while (!stopped && failure == null) {
            int free = Math.min(room - claimed - ready.size() + behind(), MOST_BEHIND - ready.size());
            if (free > 0 && polls < usefulPolls) {
                int count = Math.min(free, maxMessages);
                claimed += count;
                polls++;
                return count;
            }
            wait();
        }
        return 0;
    }

    /** Returns how many of those that are ready can't be given out before another one of their group is settled. */
    private int behind() {
        if (busy.isEmpty()) {
            return 0;
        }
        return (int) ready.stream()
                .filter(message -> message.group() != null && busy.containsKey(message.group()))
                .count();
    }

    /** Adds what a poll has brought, as far as it is new and wanted. */
    synchronized Surplus put(int asked, List<SqsMessage> messages) {
        claimed -= asked;
        polls--;
        if (messages.isEmpty()) {
            usefulPolls = 1;
        } else if (messages.size() * 2 >= asked) {
            usefulPolls = Math.min(maxPolls, usefulPolls + 1);
        }
        Surplus surplus = new Surplus(new ArrayList<>(), new ArrayList<>());
        for (SqsMessage message : messages) {
            SqsMessage before = last.get(message.sqsId());
            if (before != null && before.isDeleting()) {
                before.deliveredAgain(message.handle());
                surplus.processed.add(before);
            } else if (stopped) {
                unseen.add(message.sqsId());
                surplus.back.add(message);
            } else {
                replace(before, message);
            }
        }
        notifyAll();
        return surplus;
    }

    private void replace(@Nullable SqsMessage before, SqsMessage message) {
        if (before != null) { // SQS has delivered it again
            before.takeBack();
            ready.remove(before);
            leave(before);
        }
        last.put(message.sqsId(), message);
        ready.add(message);
    }

    /** Waits for so long, or until there will be no more receive. */
    synchronized void pause(Duration time) throws InterruptedException {
        long deadline = System.nanoTime() + time.toNanos();
        for (long left = time.toNanos(); left > 0 && !stopped && failure == null; left = deadline - System.nanoTime()) {
            wait(left / 1_000_000 + 1);
        }
    }

    synchronized void fail(BrokerException cause) {
        if (failure == null) {
            failure = cause;
        }
        notifyAll();
    }

    synchronized boolean hasFailed() {
        return failure != null;
    }

    // The settling thread.

    /** The application is done with it: the next of its group may come. */
    synchronized void settled(SqsMessage message) {
        leave(message);
        notifyAll();
    }

    /** SQS has it no more, or takes it back. */
    synchronized void gone(SqsMessage message) {
        leave(message);
        forget(message);
        notifyAll();
    }

    /** The message was deleted. */
    synchronized void deleted(SqsMessage message) {
        forget(message);
        unseen.forget(message.sqsId());
    }

    /** It will come again: returns what is here of its group, which must go back behind it. */
    synchronized List<SqsMessage> failed(SqsMessage message) {
        List<SqsMessage> behind = new ArrayList<>();
        String group = message.group();
        if (group != null) {
            for (Iterator<SqsMessage> i = ready.iterator(); i.hasNext(); ) {
                SqsMessage next = i.next();
                if (group.equals(next.group())) {
                    i.remove();
                    behind.add(next);
                }
            }
            behind.forEach(this::goesBackUnseen);
        }
        gone(message);
        return behind;
    }

    private void goesBackUnseen(SqsMessage message) {
        unseen.add(message.sqsId());
        forget(message);
    }

    /** Returns what is here and has less than that much left of its lease, in nanoseconds. */
    synchronized List<SqsMessage> waitingWithLess(long left) {
        long now = System.nanoTime();
        return ready.stream().filter(m -> m.leaseLeft(now) < left).toList();
    }

    synchronized int givenOut() {
        return given.size();
    }

    synchronized int waiting() {
        return ready.size();
    }

    /** Ends the polling; returns what was fetched and not given out. */
    synchronized List<SqsMessage> stop() {
        stopped = true;
        List<SqsMessage> back = List.copyOf(ready);
        ready.clear();
        back.forEach(this::goesBackUnseen);
        notifyAll();
        return back;
    }

    /** Returns all that is with the application, and forgets it. */
    synchronized Collection<SqsMessage> abandon() {
        List<SqsMessage> all = List.copyOf(given);
        given.clear();
        busy.clear();
        last.clear();
        return all;
    }

    private void leave(SqsMessage message) {
        given.remove(message);
        String group = message.group();
        if (group != null) {
            busy.remove(group, message);
        }
    }

    private void forget(SqsMessage message) {
        last.remove(message.sqsId(), message);
    }
}
