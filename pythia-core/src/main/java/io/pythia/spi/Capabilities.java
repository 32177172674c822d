package io.pythia.spi;

import java.util.Objects;

/**
 * What a connector can do. A value: the engine acts by it, the conformance suite selects its cases by it, and the documentation's table
 * of guarantees is made from it. What is not declared throws {@link UnsupportedOperationException}.
 *
 * @param consumes whether it has a consumer
 * @param produces whether it has a producer
 * @param guarantee what a consumer is promised
 * @param ordering within what messages keep their order
 * @param nack who delivers a message again
 * @param delayedNack who delivers a message again after a delay
 * @param deadLetter who puts a rejected message aside
 * @param leases whether the broker reserves messages for a limited time, so that they can be extended
 * @param competing whether several consumers share the messages of one source
 * @param groups whether several groups each get every message
 * @param replay whether a new group can read what was sent before it existed
 * @param persistent whether messages outlive the consumer's absence
 * @param headers whether headers travel
 * @param keys whether keys travel
 * @param countsAttempts whether {@link io.pythia.Message#attempt()} also counts deliveries to other consumers
 * @param maxMessageBytes the largest body that the broker takes by default, in bytes; {@link Long#MAX_VALUE} if there is no limit
 */
public record Capabilities(
        boolean consumes,
        boolean produces,
        Guarantee guarantee,
        Ordering ordering,
        Support nack,
        Support delayedNack,
        Support deadLetter,
        boolean leases,
        boolean competing,
        boolean groups,
        boolean replay,
        boolean persistent,
        boolean headers,
        boolean keys,
        boolean countsAttempts,
        long maxMessageBytes) {

    /** Checks that nothing is null. */
    public Capabilities {
        Objects.requireNonNull(guarantee, "guarantee");
        Objects.requireNonNull(ordering, "ordering");
        Objects.requireNonNull(nack, "nack");
        Objects.requireNonNull(delayedNack, "delayedNack");
        Objects.requireNonNull(deadLetter, "deadLetter");
    }

    /** Returns a builder: nothing but an at-least-once consumer and producer, with nack and dead letters by the engine. */
    public static Builder builder() {
        return new Builder();
    }

    /** What a consumer is promised. */
    public enum Guarantee {
        /** Every message is delivered until it was acknowledged; after a failure perhaps again. */
        AT_LEAST_ONCE,
        /** A message may be lost, and is not delivered twice. */
        AT_MOST_ONCE
    }

    /** Within what messages keep their order, as long as none is delivered again. */
    public enum Ordering {
        /** Nowhere. */
        NONE,
        /** Among the messages of one key. */
        KEY,
        /** Among the messages of one partition, and so of one key. */
        PARTITION,
        /** In the whole source. */
        SOURCE
    }

    /** Who does something. */
    public enum Support {
        /** The broker. */
        BROKER,
        /** The engine in the consumer's process, on any broker. */
        ENGINE,
        /** Nobody: it is not possible. */
        NONE
    }

    /** Builds capabilities. Not thread-safe. */
    public static final class Builder {
        private boolean consumes = true;
        private boolean produces = true;
        private Guarantee guarantee = Guarantee.AT_LEAST_ONCE;
        private Ordering ordering = Ordering.NONE;
        private Support nack = Support.ENGINE;
        private Support delayedNack = Support.ENGINE;
        private Support deadLetter = Support.ENGINE;
        private boolean leases;
        private boolean competing;
        private boolean groups;
        private boolean replay;
        private boolean persistent;
        private boolean headers;
        private boolean keys;
        private boolean countsAttempts;
        private long maxMessageBytes = Long.MAX_VALUE;

        private Builder() {}

        /** Says that there is no producer. */
        public Builder consumerOnly() {
            produces = false;
            return this;
        }

        /** Says that there is no consumer. */
        public Builder producerOnly() {
            consumes = false;
            return this;
        }

        /** Sets what a consumer is promised. Default: at least once. */
        public Builder guarantee(Guarantee value) {
            guarantee = value;
            return this;
        }

        /** Sets within what messages keep their order. Default: nowhere. */
        public Builder ordering(Ordering value) {
            ordering = value;
            return this;
        }

        /** Sets who delivers again. Default: the engine. */
        public Builder nack(Support value) {
            nack = value;
            return this;
        }

        /** Sets who delivers again after a delay. Default: the engine. */
        public Builder delayedNack(Support value) {
            delayedNack = value;
            return this;
        }

        /** Sets who puts rejected messages aside. Default: the engine. */
        public Builder deadLetter(Support value) {
            deadLetter = value;
            return this;
        }

        /** Says that messages are reserved for a limited time. */
        public Builder leases() {
            leases = true;
            return this;
        }

        /** Says that consumers share the messages. */
        public Builder competing() {
            competing = true;
            return this;
        }

        /** Says that every group gets every message. */
        public Builder groups() {
            groups = true;
            return this;
        }

        /** Says that a new group can read what was sent before. */
        public Builder replay() {
            replay = true;
            return this;
        }

        /** Says that messages wait for an absent consumer. */
        public Builder persistent() {
            persistent = true;
            return this;
        }

        /** Says that headers travel. */
        public Builder headers() {
            headers = true;
            return this;
        }

        /** Says that keys travel. */
        public Builder keys() {
            keys = true;
            return this;
        }

        /** Says that attempts at other consumers are counted. */
        public Builder countsAttempts() {
            countsAttempts = true;
            return this;
        }

        /** Sets the largest body, in bytes. Default: no limit. */
        public Builder maxMessageBytes(long value) {
            maxMessageBytes = value;
            return this;
        }

        /** Returns the capabilities. */
        public Capabilities build() {
            return new Capabilities(
                    consumes,
                    produces,
                    guarantee,
                    ordering,
                    nack,
                    delayedNack,
                    deadLetter,
                    leases,
                    competing,
                    groups,
                    replay,
                    persistent,
                    headers,
                    keys,
                    countsAttempts,
                    maxMessageBytes);
        }
    }
}
