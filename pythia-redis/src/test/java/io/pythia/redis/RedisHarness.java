package io.pythia.redis;

import io.pythia.spi.Capabilities;
import io.pythia.testkit.BrokerHarness;
import io.pythia.testkit.server.TestServer;
import io.pythia.testkit.server.TestServers;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What the harnesses of the three connectors have in common: a server that is killed, and a small limit for messages. */
abstract class RedisHarness implements BrokerHarness {
    /** What the classes lock that use this server: one at a time. */
    static final String SERVER = "the shared Redis";

    private static final long MAX_MESSAGE_BYTES = 1L << 20;

    private final String name;
    private final Capabilities capabilities;
    private final TestServer server = TestServers.redis();

    RedisHarness(String name, Capabilities can) {
        this.name = name;
        this.capabilities = new Capabilities(
                can.consumes(),
                can.produces(),
                can.guarantee(),
                can.ordering(),
                can.nack(),
                can.delayedNack(),
                can.deadLetter(),
                can.leases(),
                can.competing(),
                can.groups(),
                can.replay(),
                can.persistent(),
                can.headers(),
                can.keys(),
                can.countsAttempts(),
                MAX_MESSAGE_BYTES);
    }

    RedisConfig config() {
        return RedisServers.config(server.address()).toBuilder()
                .maxMessageBytes(MAX_MESSAGE_BYTES)
                .build();
    }

    static RedisConfig unreachable() {
        return RedisServers.config("127.0.0.1:1");
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Capabilities capabilities() {
        return capabilities;
    }

    @Override
    public String newDestination() {
        return "test-" + UUID.randomUUID();
    }

    @Override
    public @Nullable String missingDestination() {
        return null; // what is not there is made by being used
    }

    @Override
    public boolean canStopServer() {
        return server.isOurs();
    }

    @Override
    public void stopServer() {
        server.kill();
    }

    @Override
    public void startServer() {
        server.start();
    }
}
