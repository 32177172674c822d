package io.pythia.testkit.server;

import io.pythia.testkit.server.ServerKind.Way;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/** The official images that are used, and how each becomes a server. */
final class Containers {
    private static final String KAFKA = "apache/kafka:4.3.1";
    private static final int KAFKA_PORT = 9092;

    private static final String RABBIT = "rabbitmq:3.13";
    private static final int RABBIT_PORT = 5672;

    private static final String REDIS = "redis:7.4";
    private static final int REDIS_PORT = 6379;

    private static final String AZURITE = "mcr.microsoft.com/azure-storage/azurite:3.35.0";
    private static final int AZURITE_PORT = 10_001;

    private static final String POSTGRES = "postgres:17";
    private static final int POSTGRES_PORT = 5432;

    private static final String MARIADB = "mariadb:11.4";
    private static final int MARIADB_PORT = 3306;

    private Containers() {}

    /** Returns the way to Azurite. */
    static Way azurite() {
        return way(
                AZURITE,
                settings -> new ContainerServer(
                        AZURITE, AZURITE_PORT, "Azurite Queue service success", (container, clientPort) -> {
                            AzuriteTestServer.environment().forEach(container::withEnv);
                            container.withCommand(
                                    "azurite",
                                    "--location",
                                    "/data",
                                    "--queueHost",
                                    "0.0.0.0",
                                    "--disableTelemetry",
                                    "--skipApiVersionCheck");
                        }));
    }

    /** Returns the way to PostgreSQL servers. The image first starts one to make the files, which listens at no port. */
    static Way postgres() {
        return way(
                POSTGRES,
                settings -> new ContainerServer(
                        POSTGRES, POSTGRES_PORT, "port " + POSTGRES_PORT, (container, clientPort) -> {
                            container.withEnv("POSTGRES_PASSWORD", "postgres");
                            Map<String, String> all = new TreeMap<>(PostgresTestServer.SETTINGS);
                            all.putAll(settings);
                            List<String> line = new ArrayList<>(List.of("postgres"));
                            all.forEach((name, value) -> line.addAll(List.of("-c", name + "=" + value)));
                            container.withCommand(line.toArray(String[]::new));
                        }));
    }

    /** Returns the way to MariaDB servers. The image first starts one to make the files, which says {@code port: 0}. */
    static Way mariaDb() {
        return way(
                MARIADB,
                settings ->
                        new ContainerServer(MARIADB, MARIADB_PORT, "port: " + MARIADB_PORT, (container, clientPort) -> {
                            container.withEnv("MARIADB_ALLOW_EMPTY_ROOT_PASSWORD", "1");
                            container.withEnv("MARIADB_DATABASE", "test");
                            container.withCommand(settings.entrySet().stream()
                                    .map(each -> "--" + each.getKey() + "=" + each.getValue())
                                    .toArray(String[]::new));
                        }));
    }

    /** Returns the way to RabbitMQ brokers, as the image sets them up. */
    static Way rabbit() {
        return way(
                RABBIT,
                settings -> new ContainerServer(
                        RABBIT, RABBIT_PORT, "Server startup complete", (container, clientPort) -> {}));
    }

    /** Returns the way to Redis servers, with lines of {@code redis.conf} in addition. */
    static Way redis() {
        return way(
                REDIS,
                settings -> new ContainerServer(
                        REDIS, REDIS_PORT, "Ready to accept connections", (container, clientPort) -> {
                            Map<String, String> all = new TreeMap<>(RedisTestServer.SETTINGS);
                            all.put("protected-mode", "no"); // clients come from outside of the container
                            all.putAll(settings);
                            List<String> line = new ArrayList<>(List.of("redis-server"));
                            // Quotes belong to a file.
                            all.forEach((name, value) -> line.addAll(List.of("--" + name, value.replace("\"\"", ""))));
                            container.withCommand(line.toArray(String[]::new));
                        }));
    }

    /** Returns the way to Kafka brokers: combined broker and controller, told the proxy's port as the one for clients. */
    static Way kafka() {
        return way(
                KAFKA,
                settings -> new ContainerServer(KAFKA, KAFKA_PORT, "Kafka Server started", (container, clientPort) -> {
                    container.withEnv("CLUSTER_ID", KafkaTestServer.CLUSTER_ID);
                    container.withEnv("KAFKA_HEAP_OPTS", "-Xms64m -Xmx320m");
                    kafkaListeners(clientPort).forEach((key, value) -> container.withEnv(kafkaVariable(key), value));
                    KafkaTestServer.settings(settings)
                            .forEach((key, value) -> container.withEnv(kafkaVariable(key), value));
                }));
    }

    /** Inside the container the port for clients leads nowhere: what the broker has to say to itself goes by another listener. */
    private static Map<String, String> kafkaListeners(int clientPort) {
        return Map.of(
                "process.roles", "broker,controller",
                "node.id", "1",
                "controller.quorum.voters", "1@localhost:9094",
                "listeners",
                        "CLIENTS://0.0.0.0:" + KAFKA_PORT + ",BROKERS://localhost:9093,CONTROLLER://localhost:9094",
                "advertised.listeners", "CLIENTS://127.0.0.1:" + clientPort + ",BROKERS://localhost:9093",
                "listener.security.protocol.map", "CLIENTS:PLAINTEXT,BROKERS:PLAINTEXT,CONTROLLER:PLAINTEXT",
                "inter.broker.listener.name", "BROKERS",
                "controller.listener.names", "CONTROLLER");
    }

    /** Returns the environment variable that the image makes a setting of the broker from. */
    private static String kafkaVariable(String setting) {
        String name = setting.replace("_", "__").replace("-", "___").replace('.', '_');
        return "KAFKA_" + name.toUpperCase(Locale.ROOT);
    }

    /** Nothing of Testcontainers is loaded before an engine has answered. */
    private static Way way(String image, Function<Map<String, String>, TestServer> start) {
        return new Way("docker", () -> DockerEngine.local().missing().or(() -> ContainerServer.missing(image)), start);
    }
}
