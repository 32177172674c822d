package io.pythia.cdc;

import io.pythia.testkit.BrokerConformance;
import io.pythia.testkit.BrokerHarness;
import io.pythia.testkit.server.TestServer;
import io.pythia.testkit.server.TestServers;
import java.util.Map;

class CdcMariaDbConformanceIT extends BrokerConformance {

    @Override
    protected BrokerHarness createHarness() {
        TestServer server = TestServers.newMariaDb(Map.of());
        return new OutboxHarness("cdc-polling-mariadb", CdcMode.POLLING, TestDatabase.mariaDb(server), server);
    }
}
