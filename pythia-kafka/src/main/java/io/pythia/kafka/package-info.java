/**
 * Apache Kafka.
 *
 * <h2>What it is</h2>
 * A log of records in partitions. A group of consumers shares the partitions and keeps one position in each.
 *
 * <h2>Words</h2>
 * Topic: source and destination. Record: message. Offset: part of the id. Consumer group: {@code consumerGroup}. Commit: what acknowledging
 * becomes.
 *
 * <h2>Delivery guarantee</h2>
 * At least once, in order within a partition. After a crash or a rebalance, what was delivered and not yet committed comes again.
 * Without a group, with partitions of its own choice, only the consumer itself knows what was acknowledged: each new one begins anew.
 *
 * <h2>Settling</h2>
 * ack: the position moves over it as soon as nothing before it is unsettled. nack: delivered again by the engine, the partition's position
 * waits. reject: to the dead letters of the engine, then as ack. extend: there are no leases.
 *
 * <h2>Threads</h2>
 * Beside the engine's: {@code pythia-kafka:<topic>-poll} owns the client's consumer and polls without pause, so that a slow handler keeps
 * its partitions. The client's own network threads answer sends.
 *
 * <h2>Escape hatch</h2>
 * {@code Message.unwrap(ConsumerRecord.class)}; the client's settings by {@code KafkaConfig.properties}.
 */
@NullMarked
package io.pythia.kafka;

import org.jspecify.annotations.NullMarked;
