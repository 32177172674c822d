package io.pythia.cdc;

import io.pythia.testkit.server.TestServers;

class CdcMariaDbDeleteLogIT extends DeleteLogCases {
    private final TestDatabase database = TestDatabase.mariaDb(TestServers.mariaDb());

    @Override
    TestDatabase database() {
        return database;
    }
}
