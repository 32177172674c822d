package io.pythia.cloud.azure;

import io.pythia.testkit.BrokerConformance;
import io.pythia.testkit.BrokerHarness;
import io.pythia.testkit.server.TestServers;
import java.time.Duration;
import org.junit.jupiter.api.Tag;

/** The same on Azurite, which takes minutes. */
@Tag("nightly")
class AzuriteConformanceIT extends BrokerConformance {
    @Override
    protected BrokerHarness createHarness() {
        return new StorageQueueHarness("storage-queue-azurite", TestServers.newAzurite(), false, Duration.ofMinutes(5));
    }
}
