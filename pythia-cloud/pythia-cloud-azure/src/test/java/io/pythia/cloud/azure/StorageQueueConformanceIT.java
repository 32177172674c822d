package io.pythia.cloud.azure;

import io.pythia.testkit.BrokerConformance;
import io.pythia.testkit.BrokerHarness;
import io.pythia.testkit.server.storagequeue.StorageQueueStandIn;
import java.time.Duration;

/** Bodies alone, as everybody else sends them. */
class StorageQueueConformanceIT extends BrokerConformance {
    @Override
    protected BrokerHarness createHarness() {
        return new StorageQueueHarness("storage-queue", new StorageQueueStandIn(), false, Duration.ofSeconds(30));
    }
}
