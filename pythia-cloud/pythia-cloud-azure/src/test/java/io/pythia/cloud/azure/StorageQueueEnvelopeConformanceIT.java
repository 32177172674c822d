package io.pythia.cloud.azure;

import io.pythia.testkit.BrokerConformance;
import io.pythia.testkit.BrokerHarness;
import io.pythia.testkit.server.storagequeue.StorageQueueStandIn;
import java.time.Duration;
import org.junit.jupiter.api.Tag;

/** Messages in the envelope, with id, key and headers. */
@Tag("nightly")
class StorageQueueEnvelopeConformanceIT extends BrokerConformance {
    @Override
    protected BrokerHarness createHarness() {
        return new StorageQueueHarness(
                "storage-queue-envelope", new StorageQueueStandIn(), true, Duration.ofSeconds(30));
    }
}
