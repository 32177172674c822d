package io.pythia.testkit.server;

import io.pythia.testkit.server.ServerKind.Way;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.opentest4j.TestAbortedException;

/**
 * Finds a server for tests: an address in the environment ({@code PYTHIA_TEST_KAFKA=host:port}), else a container of the official image
 * where Testcontainers is on the class path and a Docker engine answers, else a process of its own; in CI ({@code CI=true}) the process
 * goes before the container. {@code PYTHIA_TEST_SERVERS=docker} or {@code native} allows only the one. One server per kind and JVM,
 * started when it is first asked for. Without any a test fails in CI and is skipped elsewhere, with a line
 * that says how to get a server.
 */
public final class TestServers {
    // A further kind of server is one such line and two methods below; its container goes into Containers.
    private static final ServerKind KAFKA =
            kind("kafka", Containers.kafka(), new Way("native", KafkaTestServer::missing, KafkaTestServer::create));

    private static final Way RABBIT_PROCESS = new Way("native", RabbitTestServer::missing, RabbitTestServer::create);
    private static final ServerKind RABBIT = kind("rabbitmq", Containers.rabbit(), RABBIT_PROCESS);
    private static final ServerKind OWN_RABBIT = kind("rabbitmq", RABBIT_PROCESS);

    private static final Way REDIS_PROCESS = new Way("native", RedisTestServer::missing, RedisTestServer::create);
    private static final ServerKind REDIS = kind("redis", Containers.redis(), REDIS_PROCESS);
    private static final ServerKind OWN_REDIS = kind("redis", REDIS_PROCESS);

    private static final Way POSTGRES_PROCESS =
            new Way("native", PostgresTestServer::missing, PostgresTestServer::create);
    private static final ServerKind POSTGRES = kind("postgres", Containers.postgres(), POSTGRES_PROCESS);
    private static final ServerKind OWN_POSTGRES = kind("postgres", POSTGRES_PROCESS);

    private static final Way MARIADB_PROCESS = new Way("native", MariaDbTestServer::missing, MariaDbTestServer::create);
    private static final ServerKind MARIADB = kind("mariadb", Containers.mariaDb(), MARIADB_PROCESS);
    private static final ServerKind OWN_MARIADB = kind("mariadb", MARIADB_PROCESS);

    private static final ServerKind SQS = kind("sqs", new Way("native", SqsTestServer::missing, SqsTestServer::create));

    private static final ServerKind SNS = kind("sns", new Way("native", SnsTestServer::missing, SnsTestServer::create));

    private static final ServerKind AZURITE = kind(
            "azurite", Containers.azurite(), new Way("native", AzuriteTestServer::missing, AzuriteTestServer::create));

    // No container: see the package of the stand-in.
    private static final ServerKind SERVICE_BUS =
            kind("servicebus", new Way("native", ServiceBusTestServer::missing, ServiceBusTestServer::create));

    private static @Nullable ServiceBusTestServer sharedServiceBus;

    private static final ServerKind PUBSUB =
            kind("pubsub", new Way("native", PubSubTestServer::ownIsMissing, PubSubTestServer::own));
    private static final ServerKind PUBSUB_EMULATOR =
            kind("pubsub-emulator", new Way("native", PubSubTestServer::emulatorIsMissing, PubSubTestServer::emulator));

    private TestServers() {}

    private static ServerKind kind(String name, Way... ways) {
        return new ServerKind(name, System.getenv(), ways);
    }

    /** Closes a server that a test class has started; null where none was found and its tests were skipped. */
    public static void close(@Nullable TestServer server) {
        if (server != null) {
            server.close();
        }
    }

    /** Returns the Kafka broker that all tests of this JVM share: leave it as you found it. */
    public static TestServer kafka() {
        return KAFKA.shared();
    }

    /** Returns a Kafka broker of its own, to be killed and closed, with settings of the broker in addition. */
    public static TestServer newKafka(Map<String, String> settings) {
        return KAFKA.create(settings);
    }

    /** Returns the RabbitMQ broker that all tests of this JVM share: leave it as you found it. User and password are {@code guest}. */
    public static TestServer rabbit() {
        return RABBIT.shared();
    }

    /** Returns a RabbitMQ broker of its own, always a process; for the settings see {@link RabbitTestServer#create}. */
    public static RabbitTestServer newRabbit(Map<String, String> settings) {
        return (RabbitTestServer) OWN_RABBIT.create(settings);
    }

    /** Returns the Redis server that all tests of this JVM share: use names of your own. */
    public static TestServer redis() {
        return REDIS.shared();
    }

    /** Returns a Redis server of its own, always a process, with lines of {@code redis.conf} in addition. */
    public static RedisTestServer newRedis(Map<String, String> settings) {
        return (RedisTestServer) OWN_REDIS.create(settings);
    }

    /** Returns a Redis Cluster of its own: three masters, each a process, and a replica for each if wanted. */
    public static RedisTestCluster newRedisCluster(boolean replicas) {
        return new RedisTestCluster(replicas);
    }

    /** Returns a Redis master with a replica and three sentinels of its own, each a process. */
    public static RedisTestSentinel newRedisSentinel() {
        return new RedisTestSentinel();
    }

    /**
     * Returns the PostgreSQL server that all tests of this JVM share: use tables, slots and publications of your own. User, password and
     * database are {@code postgres}; {@code wal_level} is {@code logical}.
     */
    public static TestServer postgres() {
        return POSTGRES.shared();
    }

    /** Returns a PostgreSQL server of its own, always a process, with lines of {@code postgresql.conf} in addition. */
    public static PostgresTestServer newPostgres(Map<String, String> settings) {
        return (PostgresTestServer) OWN_POSTGRES.create(settings);
    }

    /** Returns the MariaDB server that all tests of this JVM share. The user is {@code root} without a password, the database {@code test}. */
    public static TestServer mariaDb() {
        return MARIADB.shared();
    }

    /** Returns a MariaDB server of its own, always a process, with options of {@code mariadbd} in addition. */
    public static MariaDbTestServer newMariaDb(Map<String, String> settings) {
        return (MariaDbTestServer) OWN_MARIADB.create(settings);
    }

    /** Returns the SQS server that all tests of this JVM share: use queues of your own. It keeps nothing when it is killed. */
    public static TestServer sqs() {
        return SQS.shared();
    }

    /** Returns an SQS server of its own, always a process; what it has answered outlives a kill. */
    public static SqsTestServer newSqs() {
        return (SqsTestServer) SQS.create(Map.of(SqsTestServer.DURABLE, "true"));
    }

    /** Returns the SNS server that all tests of this JVM share, which has SQS, too: use names of your own. */
    public static TestServer sns() {
        return SNS.shared();
    }

    /** Returns the stand-in for Service Bus that all tests of this JVM share: use names of your own. */
    public static synchronized ServiceBusTestServer serviceBus() {
        ServiceBusTestServer server = sharedServiceBus;
        if (server == null) {
            server = newServiceBus();
            sharedServiceBus = server;
        }
        return server;
    }

    /** Returns a stand-in for Service Bus of its own, always a process. */
    public static ServiceBusTestServer newServiceBus() {
        return (ServiceBusTestServer) SERVICE_BUS.create(Map.of());
    }

    /** Returns the Azurite that all tests of this JVM share: use names of your own. */
    public static TestServer azurite() {
        return AZURITE.shared();
    }

    /** Returns an Azurite of its own, to be stopped and closed. */
    public static TestServer newAzurite() {
        return AZURITE.create(Map.of());
    }

    /**
     * Returns the Google Pub/Sub server that all tests of this JVM share: use names of your own. It is the project's own, of the module
     * {@code pythia-pubsub-server}, unless {@code PYTHIA_TEST_PUBSUB} gives the address of another without TLS and credentials.
     */
    public static TestServer pubsub() {
        return PUBSUB.shared();
    }

    /** Returns a Pub/Sub server of its own, always the project's, to be killed and closed. */
    public static TestServer newPubSub() {
        return PUBSUB.create(Map.of());
    }

    /** Returns Google's emulator of Pub/Sub, which is not on every machine: where it is missing a test is left out, also in CI. */
    public static TestServer newPubSubEmulator() {
        PubSubTestServer.emulatorIsMissing().ifPresent(hint -> {
            throw new TestAbortedException(hint);
        });
        return PUBSUB_EMULATOR.create(Map.of());
    }
}
