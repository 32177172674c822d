/**
 * A server that speaks the protocol of Google Pub/Sub, for tests: what the service documents about leases, flow control, ordering keys,
 * exactly-once acknowledgements, retry policies and dead letters, in one process with its state in a file.
 */
@NullMarked
package io.pythia.pubsubserver;

import org.jspecify.annotations.NullMarked;
