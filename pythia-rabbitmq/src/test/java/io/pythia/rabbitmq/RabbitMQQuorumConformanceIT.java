package io.pythia.rabbitmq;

import io.pythia.testkit.BrokerConformance;
import io.pythia.testkit.BrokerHarness;
import io.pythia.testkit.server.TestServers;

/** The same on quorum queues, where the broker itself delivers again and counts. */
class RabbitMQQuorumConformanceIT extends BrokerConformance {

    @Override
    protected BrokerHarness createHarness() {
        return new RabbitMQConformanceIT.Harness(TestServers.rabbit(), QueueType.QUORUM);
    }
}
