package io.pythia.cloud.azure;

import io.pythia.testkit.BrokerConformance;
import io.pythia.testkit.BrokerHarness;

/** Messages in the envelope, with id, key and headers. */
class StorageQueueEnvelopeConformanceIT extends BrokerConformance {
    @Override
    protected BrokerHarness createHarness() {
        return new StorageQueueHarness(true);
    }
}
