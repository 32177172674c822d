/**
 * A stand-in for the queue service of Azure Storage, in this JVM, for tests with many messages: Azurite manages some hundred requests a
 * second. It has queues, messages with visibility, pop receipts, dequeue counts and time to live, and the service's error codes; it checks no
 * signatures and answers only what the connector asks.
 */
@NullMarked
package io.pythia.testkit.server.storagequeue;

import org.jspecify.annotations.NullMarked;
