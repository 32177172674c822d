package io.pythia.cdc;

import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

class CdcSqlitePollingTest extends PollingCases {
    @TempDir
    private static Path folder;

    private TestDatabase database;

    @BeforeAll
    void create() {
        database = TestDatabase.sqlite(folder);
    }

    @Override
    TestDatabase database() {
        return database;
    }
}
