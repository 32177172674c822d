/**
 * Amazon SQS and SNS, by the AWS SDK for Java.
 *
 * <h2>What it is</h2>
 * SQS: queues that consumers share, standard or FIFO. SNS: topics that copy messages to queues and other subscribers.
 *
 * <h2>Words</h2>
 * Queue: source, and destination of a producer. Topic: destination. Message group (FIFO): key. Visibility timeout: lease. Receipt handle:
 * receipt. Message attribute: header. Receive count: attempt.
 *
 * <h2>Delivery guarantee</h2>
 * At least once. On a FIFO queue the messages of a group keep their order, also when one of them fails.
 *
 * <h2>Settling</h2>
 * ack: {@code DeleteMessageBatch}. nack, with or without a delay: {@code ChangeMessageVisibilityBatch} to the delay; on a FIFO queue what
 * was fetched behind it of its group goes back with it. reject: to the dead letters of the engine, then as ack. extend:
 * {@code ChangeMessageVisibilityBatch}.
 *
 * <h2>Threads</h2>
 * Beside the engine's, because a request of the client blocks: {@code pythia-sqs:<queue>-poll} for each receive under way,
 * {@code pythia-sqs:<queue>-delete} and {@code -visibility} for what settles messages, {@code pythia-sqs:<queue>-request} and
 * {@code pythia-sns:<topic>-request} for sends.
 *
 * <h2>Escape hatch</h2>
 * {@code Message.unwrap(software.amazon.awssdk.services.sqs.model.Message.class)}.
 */
@NullMarked
package io.pythia.cloud.aws;

import org.jspecify.annotations.NullMarked;
