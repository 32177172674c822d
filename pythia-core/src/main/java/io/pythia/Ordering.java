package io.pythia;

/** Which messages a {@link Worker} handles one after another, in the order in which they arrived. */
public enum Ordering {
    /** None: each as soon as there is room. */
    NONE,
    /**
     * Those of one partition, by the broker's word for it: a Kafka partition; where a broker has no such thing, all messages of the
     * source.
     */
    PARTITION,
    /** Those of one key. Messages without a key have no order among them. */
    KEY
}
