package io.pythia.cdc;

import io.pythia.testkit.BrokerConformance;
import io.pythia.testkit.BrokerHarness;
import io.pythia.testkit.server.TestServer;
import io.pythia.testkit.server.TestServers;
import java.util.Map;

class CdcLogConformanceIT extends BrokerConformance {

    @Override
    protected BrokerHarness createHarness() {
        // A slot for each consumer of the suite.
        TestServer server = TestServers.newPostgres(Map.of("max_replication_slots", "500", "max_wal_senders", "50"));
        return new OutboxHarness("cdc-log", CdcMode.LOG, TestDatabase.postgres(server), server);
    }
}
