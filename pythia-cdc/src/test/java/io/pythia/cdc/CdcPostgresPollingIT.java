package io.pythia.cdc;

import io.pythia.testkit.server.TestServers;

class CdcPostgresPollingIT extends PollingCases {
    private final TestDatabase database = TestDatabase.postgres(TestServers.postgres());

    @Override
    TestDatabase database() {
        return database;
    }
}
