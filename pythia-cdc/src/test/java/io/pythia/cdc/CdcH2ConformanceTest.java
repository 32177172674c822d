package io.pythia.cdc;

import io.pythia.testkit.BrokerConformance;
import io.pythia.testkit.BrokerHarness;

class CdcH2ConformanceTest extends BrokerConformance {

    @Override
    protected BrokerHarness createHarness() {
        return new OutboxHarness("cdc-polling-h2", CdcMode.POLLING, TestDatabase.h2(), null);
    }
}
