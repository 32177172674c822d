package io.pythia.cloud.gcp;

import io.pythia.testkit.BrokerConformance;
import io.pythia.testkit.BrokerHarness;
import io.pythia.testkit.server.TestServers;
import java.time.Duration;
import org.junit.jupiter.api.Tag;

/**
 * The same on Google's emulator, where the machine has it. It forgets everything when it ends, so that it is not stopped. It may push a
 * message to a consumer that has just left, which then comes again when its lease has ended: so the shortest one.
 */
@Tag("nightly")
class PubSubEmulatorConformanceIT extends BrokerConformance {

    @Override
    protected BrokerHarness createHarness() {
        return new PubSubConformanceIT.Harness(
                "pubsub-emulator", TestServers.newPubSubEmulator(), Duration.ofSeconds(10));
    }
}
