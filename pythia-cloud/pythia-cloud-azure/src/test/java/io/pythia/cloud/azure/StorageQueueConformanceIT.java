package io.pythia.cloud.azure;

import io.pythia.testkit.BrokerConformance;
import io.pythia.testkit.BrokerHarness;

/** Bodies alone, as everybody else sends them. */
class StorageQueueConformanceIT extends BrokerConformance {
    @Override
    protected BrokerHarness createHarness() {
        return new StorageQueueHarness(false);
    }
}
