package io.pythia.redis;

import io.pythia.testkit.server.RedisTestServer;
import io.pythia.testkit.server.TestServers;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;

/** A server that the tests of a class have for themselves. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class RedisServerFixture {
    RedisTestServer server;

    @BeforeAll
    void start() {
        server = TestServers.newRedis(Map.of());
    }

    @AfterAll
    void stop() {
        TestServers.close(server);
    }
}
