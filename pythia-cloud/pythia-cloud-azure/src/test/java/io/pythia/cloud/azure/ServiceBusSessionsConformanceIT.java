package io.pythia.cloud.azure;

import io.pythia.testkit.BrokerConformance;
import io.pythia.testkit.BrokerHarness;

/** Queues with sessions: a message's key is its session. */
class ServiceBusSessionsConformanceIT extends BrokerConformance {
    @Override
    protected BrokerHarness createHarness() {
        return new ServiceBusHarness(true);
    }
}
