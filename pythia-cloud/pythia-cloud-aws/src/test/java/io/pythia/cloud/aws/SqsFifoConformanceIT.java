package io.pythia.cloud.aws;

import io.pythia.testkit.BrokerConformance;
import io.pythia.testkit.BrokerHarness;

/** The same on FIFO queues, where the messages of a key keep their order. */
class SqsFifoConformanceIT extends BrokerConformance {

    @Override
    protected BrokerHarness createHarness() {
        return SqsConformanceIT.Harness.of(true);
    }
}
