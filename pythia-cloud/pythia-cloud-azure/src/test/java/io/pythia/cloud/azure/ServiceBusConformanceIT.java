package io.pythia.cloud.azure;

import io.pythia.testkit.BrokerConformance;
import io.pythia.testkit.BrokerHarness;

/** Queues without sessions, which are subscriptions here so that there are groups. */
class ServiceBusConformanceIT extends BrokerConformance {
    @Override
    protected BrokerHarness createHarness() {
        return new ServiceBusHarness(false);
    }
}
