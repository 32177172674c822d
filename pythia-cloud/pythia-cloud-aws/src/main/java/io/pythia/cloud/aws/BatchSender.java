package io.pythia.cloud.aws;

import io.pythia.BrokerException;
import io.pythia.MessageException;
import io.pythia.SendResult;
import io.pythia.UncertainSendException;
import io.pythia.retry.RetryConfig;
import io.pythia.spi.Outgoing;
import io.pythia.spi.ProducerOptions;
import io.pythia.spi.RetryInPlace;
import io.pythia.spi.SendDriver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * One session with one destination, a queue or a topic: packs messages into requests of ten and tells each message what became of it. On a
 * FIFO destination one request is under way at a time, so that they keep their order.
 */
final class BatchSender implements SendDriver {
    private static final int REQUESTS = 8;
    /** How long a message may wait for others while a request is under way that may take its time. */
    private static final Duration PAUSE = Duration.ofMillis(20);

    private static final Duration LAST_WORDS = Duration.ofSeconds(2);

    /** What a message becomes; {@code index} is its id within the request. */
    record Entry(Outgoing outgoing, AwsMessages.Wire wire) {}

    /**
     * What the service said about one entry.
     *
     * @param index which one
     * @param details what the service gave the message, null if it refused it
     * @param code why it refused it
     * @param message the same in words
     * @param senderFault whether the same entry would be refused again
     */
    record Answer(
            int index,
            @Nullable Map<String, String> details,
            @Nullable String code,
            @Nullable String message,
            boolean senderFault) {

        /** Says that the service has it. */
        static Answer taken(int index, String messageId, @Nullable String sequenceNumber) {
            Map<String, String> details = sequenceNumber == null
                    ? Map.of("message-id", messageId)
                    : Map.of("message-id", messageId, "sequence-number", sequenceNumber);
            return new Answer(index, details, null, null, false);
        }
    }

    /** A queue or a topic. The client's exceptions are translated here. */
    interface Destination extends AutoCloseable {
        /** Returns the name, as results have it. */
        String name();

        void open();

        /** Asks for a sign of life. */
        void look();

        AwsMessages.Wire write(io.pythia.Message message);

        /** Makes one request; returns an answer for each entry. */
        List<Answer> send(List<Entry> entries);

        @Override
        void close();
    }

    /**
     * How messages are sent.
     *
     * @param broker the producer's name
     * @param options what every producer has
     * @param maxBytes the most that a message, and a request, may have
     * @param ordered whether it is a FIFO destination
     */
    record Rules(String broker, AwsConfig config, ProducerOptions options, long maxBytes, boolean ordered) {}

    private final Rules rules;
    /** How a request is repeated in its place: not at all where no order is kept. */
    private final ProducerOptions inPlace;

    private final Destination destination;
    private final Requests<Entry> requests;
    private final AtomicLong made = new AtomicLong();
    private final Set<Outgoing> open = ConcurrentHashMap.newKeySet();
    private volatile long answeredAt;
    private volatile boolean closed;

    BatchSender(Rules rules, Destination destination) {
        this.rules = rules;
        this.inPlace = rules.ordered ? rules.options : rules.options.with(RetryConfig.none());
        this.destination = destination;
        int parallel = rules.ordered ? 1 : Math.min(REQUESTS, rules.config.maxConnections() - 1);
        this.requests = new Requests<>(
                new Requests.Rules<>(
                        "pythia-" + rules.broker + "-request",
                        parallel,
                        rules.maxBytes,
                        entry -> entry.wire.bytes(),
                        PAUSE,
                        null),
                this::request);
    }

    /** Returns why a message is refused before it is queued, or null: its body alone is too large. */
    static @Nullable MessageException tooLarge(String broker, io.pythia.Message message, long maxBytes) {
        return message.body().length <= maxBytes
                ? null
                : new MessageException(broker + ": a message of " + message.body().length
                        + " bytes is larger than maxMessageBytes, " + maxBytes);
    }

    static long checkMaxBytes(long bytes, long most) {
        if (bytes < 1 || bytes > most) {
            throw new IllegalArgumentException("maxMessageBytes must be between 1 and " + most + ", but is " + bytes);
        }
        return bytes;
    }

    /** Adds an attribute that every message gets; leaves room for the one of what does not fit. */
    static void addAttribute(Map<String, MessageAttribute> attributes, String name, MessageAttribute value) {
        if (!AwsMessages.isName(name)) {
            throw new IllegalArgumentException(
                    "an attribute's name must have up to 256 letters, digits, dots, hyphens and underscores, and must not begin with AWS.");
        }
        attributes.put(name, value);
        if (attributes.size() >= AwsMessages.MAX_ATTRIBUTES) {
            throw new IllegalArgumentException(
                    "there must be at most " + (AwsMessages.MAX_ATTRIBUTES - 1) + " attributes");
        }
    }

    @Override
    public void open() {
        try {
            destination.open();
            answeredAt = System.nanoTime();
        } catch (RuntimeException e) {
            throw AwsErrors.translate(rules.broker + ": opening " + destination.name(), e);
        }
    }

    @Override
    public void send(List<? extends Outgoing> batch) throws InterruptedException {
        List<Entry> entries = new ArrayList<>(batch.size());
        for (Outgoing outgoing : batch) {
            AwsMessages.Wire wire;
            try {
                wire = destination.write(outgoing.message());
            } catch (RuntimeException e) { // a function of the application has thrown
                outgoing.fail(new MessageException(rules.broker + ": can't send the message: " + e, e));
                continue;
            }
            if (wire.bytes() > rules.maxBytes) {
                outgoing.fail(new MessageException(rules.broker + ": a message of " + wire.bytes()
                        + " bytes on the wire is larger than maxMessageBytes, " + rules.maxBytes));
            } else {
                open.add(outgoing);
                entries.add(new Entry(outgoing, wire));
            }
        }
        requests.add(entries);
    }

    private void request(List<Entry> entries) {
        RetryInPlace retry = new RetryInPlace(inPlace);
        List<Answer> answers;
        try {
            answers = make(entries, retry);
        } catch (BrokerException e) {
            entries.forEach(entry -> notMade(entry.outgoing, e));
            return;
        }
        boolean[] answered = new boolean[entries.size()];
        for (Answer answer : answers) {
            if (answer.index >= 0 && answer.index < answered.length) {
                answered[answer.index] = true;
                tell(entries.get(answer.index).outgoing, answer, retry);
            }
        }
        BrokerException unknown = new UncertainSendException(
                rules.broker + ": the service did not say what became of a message; it may have it");
        for (int i = 0; i < answered.length; i++) {
            if (!answered[i]) {
                fail(entries.get(i).outgoing, unknown);
            }
        }
    }

    /**
     * Makes a request. On a FIFO destination one that fails for a passing reason is repeated in its place, since the engine would let later
     * messages overtake: they are known there by their ids for five minutes.
     */
    private List<Answer> make(List<Entry> entries, RetryInPlace retry) {
        while (true) {
            try {
                made.incrementAndGet();
                List<Answer> answers = destination.send(entries);
                answeredAt = System.nanoTime();
                return answers;
            } catch (RuntimeException e) {
                BrokerException why = AwsErrors.sending(rules.broker + ": sending to " + destination.name(), e);
                Duration pause = retry.failed(why);
                if (pause == null || !requests.sleep(pause.toNanos())) {
                    throw retry.outcome(why);
                }
            }
        }
    }

    private void tell(Outgoing outgoing, Answer answer, RetryInPlace retry) {
        open.remove(outgoing);
        if (answer.details != null) {
            outgoing.succeed(new SendResult(outgoing.message().id(), destination.name(), answer.details));
            return;
        }
        BrokerException why = AwsErrors.said(
                rules.broker + ": sending to " + destination.name(),
                answer.code,
                answer.message,
                !answer.senderFault,
                null);
        // Now it does not have it; an earlier try may have arrived all the same.
        outgoing.fail(retry.outcome(
                answer.senderFault && !why.isRetryable()
                        ? why
                        : new MessageException(String.valueOf(why.getMessage()), null, true)));
    }

    /** What was repeated in its place in vain is not sent again behind later messages. When the session has ended it is, in the next one. */
    private void notMade(Outgoing outgoing, BrokerException why) {
        if (!rules.ordered || closed) {
            fail(outgoing, why);
        } else if (open.remove(outgoing)) {
            outgoing.giveUp(why);
        }
    }

    /** Once: its request may fail while the session is closed, and a second failure would send it twice again. */
    private void fail(Outgoing outgoing, BrokerException why) {
        if (open.remove(outgoing)) {
            outgoing.fail(why);
        }
    }

    @Override
    public void ping() {
        if (System.nanoTime() - answeredAt < rules.config.heartbeat().toNanos()) {
            return; // a request costs money
        }
        try {
            made.incrementAndGet();
            destination.look();
        } catch (RuntimeException e) {
            if (!AwsErrors.isDenied(e) && !AwsErrors.isThrottled(e)) {
                throw AwsErrors.translate(rules.broker + ": asking for a sign of life", e);
            }
        }
        answeredAt = System.nanoTime();
    }

    @Override
    public Map<String, String> facts() {
        return Map.of(
                "requests", Long.toString(made.get()), "waiting-for-a-request", Integer.toString(requests.waiting()));
    }

    @Override
    public void close() {
        closed = true;
        try {
            requests.close(open.isEmpty() ? Duration.ZERO : LAST_WORDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            requests.close();
            destination.close();
            open.forEach(outgoing -> fail(
                    outgoing,
                    new UncertainSendException(rules.broker
                            + ": the connection was closed before the service answered; it may have the message")));
        }
    }
}
