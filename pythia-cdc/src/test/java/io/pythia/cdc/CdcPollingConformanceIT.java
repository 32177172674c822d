package io.pythia.cdc;

import io.pythia.testkit.BrokerConformance;
import io.pythia.testkit.BrokerHarness;
import io.pythia.testkit.server.TestServer;
import io.pythia.testkit.server.TestServers;
import java.util.Map;

class CdcPollingConformanceIT extends BrokerConformance {

    @Override
    protected BrokerHarness createHarness() {
        TestServer server = TestServers.newPostgres(Map.of());
        return new OutboxHarness("cdc-polling", CdcMode.POLLING, TestDatabase.postgres(server), server);
    }
}
