package io.pythia.cdc;

class CdcH2PollingTest extends PollingCases {
    private final TestDatabase database = TestDatabase.h2();

    @Override
    TestDatabase database() {
        return database;
    }
}
