package io.pythia.testkit.server;

import io.pythia.testkit.fault.FaultProxy;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.opentest4j.TestAbortedException;

/**
 * Finds a server for tests: an address in the environment, else a process of its own. One per kind and JVM, started when it is first
 * asked for. Without any a test fails in CI ({@code CI=true}) and is skipped elsewhere, with a line that says how to get a server.
 */
public final class TestServers {
    private static @Nullable TestServer kafka;
    private static @Nullable TestServer redis;

    private TestServers() {}

    /** Returns the Kafka broker that all tests of this JVM share: leave it as you found it. */
    public static synchronized TestServer kafka() {
        TestServer shared = kafka;
        if (shared == null) {
            String address = System.getenv("PYTHIA_TEST_KAFKA");
            shared = address != null ? new Given(address) : newKafka(Map.of());
            kafka = shared;
        }
        return shared;
    }

    /** Returns a Kafka broker of its own, to be killed and closed, with settings of the broker in addition. */
    public static TestServer newKafka(Map<String, String> settings) {
        if (!KafkaTestServer.isAvailable()) {
            throw missing(
                    "PYTHIA_TEST_KAFKA=host:port gives a Kafka broker for the tests; or " + KafkaTestServer.howToGet());
        }
        return KafkaTestServer.create(settings);
    }

    /** Returns the Redis server that all tests of this JVM share: use names of your own. */
    public static synchronized TestServer redis() {
        TestServer shared = redis;
        if (shared == null) {
            String address = System.getenv("PYTHIA_TEST_REDIS");
            shared = address != null ? new Given(address) : newRedis(Map.of());
            redis = shared;
        }
        return shared;
    }

    /** Returns a Redis server of its own, to be killed and closed, with lines of {@code redis.conf} in addition. */
    public static RedisTestServer newRedis(Map<String, String> settings) {
        requireRedis();
        return RedisTestServer.create(settings);
    }

    /** Ends a test here, as it does without a server, if no Redis server of its own can be started. */
    public static void requireRedis() {
        if (!RedisTestServer.isAvailable()) {
            throw missing(
                    "PYTHIA_TEST_REDIS=host:port gives a Redis server for the tests; or " + RedisTestServer.howToGet());
        }
    }

    private static RuntimeException missing(String howToGet) {
        if ("true".equals(System.getenv("CI"))) {
            return new IllegalStateException("no server for this test: " + howToGet);
        }
        return new TestAbortedException(howToGet);
    }

    /** A server that somebody else runs. A cluster that advertises its own address is reached around the proxy. */
    private static final class Given implements TestServer {
        private final String address;
        private final FaultProxy proxy;

        Given(String address) {
            this.address = address;
            int colon = address.lastIndexOf(':');
            this.proxy = new FaultProxy(address.substring(0, colon), Integer.parseInt(address.substring(colon + 1)));
        }

        @Override
        public String origin() {
            return "address " + address;
        }

        @Override
        public String address() {
            return address;
        }

        @Override
        public FaultProxy proxy() {
            return proxy;
        }

        @Override
        public boolean isOurs() {
            return false;
        }

        @Override
        public void kill() {
            throw new UnsupportedOperationException(origin() + " is not ours to kill");
        }

        @Override
        public void stop() {
            kill();
        }

        @Override
        public void start() {}

        @Override
        public void pause() {
            kill();
        }

        @Override
        public void resume() {}

        @Override
        public void close() {
            proxy.close();
        }
    }
}
