package io.pythia.memory;

/**
 * Where a message is in the embedded broker: what {@code Message.unwrap} gives.
 *
 * @param topic the topic
 * @param offset its number in the topic, from 0
 */
public record MemoryRecord(String topic, long offset) {}
