package io.pythia.cloud.gcp;

import io.pythia.pubsubserver.PubSubServer;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A server in this process that a script stands before, new for each test. */
abstract class ScriptedServerFixture {
    final Script script = new Script();
    PubSubServer server;
    PubSubResources resources;
    GcpConfig config;

    @BeforeEach
    void start(@TempDir Path folder) throws IOException {
        server = new PubSubServer(0, folder.resolve("state"), script);
        String address = "127.0.0.1:" + server.port();
        resources = new PubSubResources(address);
        config = PubSubResources.config(address);
    }

    @AfterEach
    void stop() {
        resources.close();
        server.close();
    }
}
