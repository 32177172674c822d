package io.pythia.cdc;

import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

class CdcSqliteDeleteLogTest extends DeleteLogCases {
    @TempDir
    private Path folder;

    private TestDatabase database;

    @BeforeEach
    void create() {
        database = TestDatabase.sqlite(folder);
    }

    @Override
    TestDatabase database() {
        return database;
    }
}
