package io.pythia.kafka;

/** How the members of a group share the partitions: {@code group.protocol}. */
public enum GroupProtocol {
    /** The clients assign; works with every broker. */
    CLASSIC,
    /** The broker assigns (KIP-848); brokers from 4.0. Session and heartbeat are then the broker's settings. */
    CONSUMER
}
