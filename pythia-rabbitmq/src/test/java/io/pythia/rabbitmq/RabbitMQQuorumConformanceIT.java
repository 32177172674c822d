package io.pythia.rabbitmq;

import io.pythia.testkit.BrokerConformance;
import io.pythia.testkit.BrokerHarness;
import io.pythia.testkit.server.TestServers;
import org.junit.jupiter.api.parallel.ResourceLock;

/** The same on quorum queues, where the broker itself delivers again and counts. */
@ResourceLock(RabbitQueues.SHARED)
class RabbitMQQuorumConformanceIT extends BrokerConformance {

    @Override
    protected BrokerHarness createHarness() {
        return new RabbitMQConformanceIT.Harness(TestServers.rabbit(), QueueType.QUORUM);
    }
}
