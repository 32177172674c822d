package io.pythia.cloud.gcp;

import io.pythia.testkit.BrokerConformance;
import io.pythia.testkit.BrokerHarness;
import io.pythia.testkit.server.TestServers;

/** The same on Google's emulator, where the machine has it. It forgets everything when it ends, so that it is not stopped. */
class PubSubEmulatorConformanceIT extends BrokerConformance {

    @Override
    protected BrokerHarness createHarness() {
        return new PubSubConformanceIT.Harness("pubsub-emulator", TestServers.newPubSubEmulator());
    }
}
