package io.pythia.redis;

import static io.pythia.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BrokerAuthenticationException;
import io.pythia.BrokerException;
import io.pythia.BrokerListener;
import io.pythia.Message;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import io.pythia.Secret;
import io.pythia.Subscribers;
import io.pythia.TlsConfig;
import io.pythia.testkit.Ledger;
import io.pythia.testkit.Ports;
import io.pythia.testkit.TestSubscriber;
import io.pythia.testkit.server.RedisTestCluster;
import io.pythia.testkit.server.RedisTestSentinel;
import io.pythia.testkit.server.RedisTestServer;
import io.pythia.testkit.server.RedisWire;
import io.pythia.testkit.server.TestCertificates;
import io.pythia.testkit.server.TestServers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Servers of every kind, as real processes: with users, with TLS, behind sentinels, in a cluster. */
@Timeout(300)
class RedisDeploymentsIT {
    @TempDir
    private Path folder;

    /** Sends and consumes on all three connectors. */
    private static void checkAll(RedisConfig config) {
        for (RedisKind kind : RedisKind.values()) {
            check(kind, config, "check-" + UUID.randomUUID());
        }
    }

    private static void check(RedisKind kind, RedisConfig config, String destination) {
        try (MessageProducer producer = kind.producer(destination, config, RedisKind.producerOptions());
                MessageBroker consumer =
                        kind.consumer(destination, config, RedisKind.consumerOptions(), BrokerListener.NONE)) {
            TestSubscriber.get(consumer.connect());
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            for (int i = 0; i < 20; i++) {
                TestSubscriber.get(producer.send(RedisKind.message("m" + i)));
            }
            subscriber.await(20);
            assertThat(subscriber.texts()).startsWith("m0").endsWith("m19");
        }
    }

    @Test
    void userWithAPassword_andADatabase() {
        try (RedisTestServer server = TestServers.newRedis(Map.of(
                "user default on >main-secret ~* &* +@all\nuser worker",
                "on >worker#secret ~check-* &check-* +@all -@admin -@dangerous +info +client"))) {
            RedisConfig config = RedisServers.config(server.address());
            RedisConfig worker = config.toBuilder()
                    .username("worker")
                    .password(Secret.of("worker#secret"))
                    .db(3)
                    .build();
            checkAll(worker);
            checkAll(config.toBuilder().password("main-secret").build());
            checkRefused(config, "NOAUTH");
            checkRefused(worker.toBuilder().password("wrong-canary").build(), "WRONGPASS");
            try (MessageProducer producer =
                    RedisKind.STREAMS.producer("forbidden", worker, RedisKind.producerOptions())) {
                assertThatThrownBy(() -> TestSubscriber.get(producer.send(Message.of("x"))))
                        .isInstanceOf(BrokerAuthenticationException.class)
                        .hasMessageContaining("NOPERM");
            }
        }
    }

    private static void checkRefused(RedisConfig config, String answer) {
        try (MessageBroker consumer =
                RedisKind.STREAMS.consumer("check-x", config, RedisKind.consumerOptions(), BrokerListener.NONE)) {
            assertThatThrownBy(() -> TestSubscriber.get(consumer.connect()))
                    .isInstanceOf(BrokerAuthenticationException.class)
                    .hasMessageContaining(answer)
                    .satisfies(e -> {
                        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
                            assertThat(cause.toString()).doesNotContain("canary", "secret");
                        }
                    });
        }
    }

    @Test
    void tls_verifiesCertificateAndHost_andTheClientsCertificateIsAsked() throws Exception {
        TestCertificates certificates = new TestCertificates(folder);
        Path authority = certificates.authority("authority");
        Path stranger = certificates.authority("stranger");
        certificates.certificate("authority", "server", "ip:127.0.0.1", "-0d");
        certificates.certificate("authority", "elsewhere", "dns:redis.example.com", "-0d");
        certificates.certificate("authority", "expired", "ip:127.0.0.1", "-3d");
        Path client = certificates.certificate("authority", "client", "dns:client", "-0d");
        TlsConfig trusting = TlsConfig.trusting(authority).withClientCertificate(client, certificates.key("client"));
        int port = Ports.free();
        RedisConfig config = RedisServers.config("127.0.0.1:" + port).toBuilder()
                .tls(trusting)
                .build();
        try (RedisTestServer process = tlsServer(port, certificates, "server")) {
            checkAll(config);
            checkTlsRefused(config.toBuilder().tls(TlsConfig.trusting(stranger)).build());
            checkTlsRefused(config.toBuilder().tls(null).tlsEnabled(true).build());
            assertThatThrownBy(() -> TestSubscriber.get(newConsumer(config.toBuilder()
                                    .tls(TlsConfig.trusting(authority))
                                    .build())
                            .connect()))
                    .as("without a client certificate")
                    .isInstanceOf(BrokerException.class);
        }
        try (RedisTestServer process = tlsServer(port, certificates, "elsewhere")) {
            checkTlsRefused(config);
            checkAll(config.toBuilder()
                    .tls(trusting.withoutHostnameVerification())
                    .build());
        }
        try (RedisTestServer process = tlsServer(port, certificates, "expired")) {
            checkTlsRefused(config);
        }
    }

    private RedisTestServer tlsServer(int port, TestCertificates certificates, String name) {
        return TestServers.newRedis(Map.of(
                "tls-port", Integer.toString(port),
                "tls-cert-file", folder.resolve(name + ".pem").toString(),
                "tls-key-file", certificates.key(name).toString(),
                "tls-ca-cert-file", folder.resolve("authority.pem").toString(),
                "tls-auth-clients", "yes"));
    }

    private static MessageBroker newConsumer(RedisConfig config) {
        return RedisKind.STREAMS.consumer("check-x", config, RedisKind.consumerOptions(), BrokerListener.NONE);
    }

    private static void checkTlsRefused(RedisConfig config) {
        try (MessageBroker consumer = newConsumer(config)) {
            assertThatThrownBy(() -> TestSubscriber.get(consumer.connect()))
                    .isInstanceOf(BrokerAuthenticationException.class)
                    .hasMessageContaining("certificate");
        }
    }

    @Test
    void cluster_eachKeyAtItsNode_onAllConnectors() {
        try (RedisTestCluster cluster = TestServers.newRedisCluster(false)) {
            RedisConfig config = RedisConfig.builder()
                    .nodes(List.of(cluster.addresses().split(",")))
                    .build();
            for (int i = 0; i < 4; i++) {
                checkAll(config);
            }
            checkShardedChannels(cluster, config);
            try (MessageBroker consumer = RedisListConsumer.builder()
                    .queues(List.of("a", "b"))
                    .config(config)
                    .build()) {
                assertThatThrownBy(() -> TestSubscriber.get(consumer.connect()))
                        .isInstanceOf(BrokerException.class)
                        .hasMessageContaining("hash-tag");
            }
            RedisConfig one = config.toBuilder().maxConnections(2).build();
            try (MessageBroker consumer = RedisPubSubConsumer.builder()
                    .channels(channelsOfEachMaster(cluster))
                    .sharded(true)
                    .config(one)
                    .build()) {
                assertThatThrownBy(() -> TestSubscriber.get(consumer.connect())).hasMessageContaining("maxConnections");
            }
        }
    }

    private static List<String> channelsOfEachMaster(RedisTestCluster cluster) {
        List<String> channels = new ArrayList<>();
        for (RedisTestServer master : cluster.nodes().subList(0, 3)) {
            for (int i = 0; ; i++) {
                if (cluster.masterOf("channel-" + i) == master) {
                    channels.add("channel-" + i);
                    break;
                }
            }
        }
        return channels;
    }

    private static void checkShardedChannels(RedisTestCluster cluster, RedisConfig config) {
        List<String> channels = channelsOfEachMaster(cluster);
        try (MessageBroker consumer = RedisPubSubConsumer.builder()
                .channels(channels)
                .sharded(true)
                .config(config)
                .build()) {
            TestSubscriber.get(consumer.connect());
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            for (String channel : channels) {
                try (MessageProducer producer = RedisPubSubProducer.builder()
                        .channel(channel)
                        .sharded(true)
                        .requireReceivers(true)
                        .config(config)
                        .build()) {
                    TestSubscriber.get(producer.send(Message.of(channel)));
                }
            }
            subscriber.await(3);
            assertThat(subscriber.texts()).containsExactlyInAnyOrderElementsOf(channels);
        }
    }

    @Test
    void cluster_whoseSlotMovesToAnotherNode_isFollowed() {
        try (RedisTestCluster cluster = TestServers.newRedisCluster(false)) {
            RedisConfig config = RedisConfig.builder()
                    .nodes(List.of(cluster.addresses().split(",")))
                    .build();
            String key = "moving";
            RedisTestServer from = cluster.masterOf(key);
            RedisTestServer to =
                    cluster.nodes().stream().filter(n -> n != from).findFirst().orElseThrow();
            try (MessageProducer producer = RedisKind.STREAMS.producer(key, config, RedisKind.producerOptions());
                    MessageBroker consumer =
                            RedisKind.STREAMS.consumer(key, config, RedisKind.consumerOptions(), BrokerListener.NONE)) {
                TestSubscriber subscriber = TestSubscriber.acknowledging();
                consumer.consume().subscribe(subscriber);
                TestSubscriber.get(producer.send(RedisKind.message("before")));
                subscriber.await(1);
                move(cluster, key, from, to);
                TestSubscriber.get(producer.send(RedisKind.message("after")));
                eventually(
                        "the message after the move", () -> subscriber.texts().contains("after"));
            }
            assertThat(to.call("XLEN", key)).isEqualTo(2L);
        }
    }

    private static void move(RedisTestCluster cluster, String key, RedisTestServer from, RedisTestServer to) {
        String slot = String.valueOf(from.call("CLUSTER", "KEYSLOT", key));
        String fromId = String.valueOf(from.call("CLUSTER", "MYID"));
        String toId = String.valueOf(to.call("CLUSTER", "MYID"));
        to.call("CLUSTER", "SETSLOT", slot, "IMPORTING", fromId);
        from.call("CLUSTER", "SETSLOT", slot, "MIGRATING", toId);
        from.call("MIGRATE", "127.0.0.1", Integer.toString(to.port()), key, "0", "10000");
        for (RedisTestServer node : List.of(to, from)) {
            node.call("CLUSTER", "SETSLOT", slot, "NODE", toId);
        }
        cluster.nodes().stream()
                .filter(n -> n != to && n != from)
                .forEach(n -> n.call("CLUSTER", "SETSLOT", slot, "NODE", toId));
    }

    @Test
    void cluster_whoseMasterIsKilled_goesOnAtItsReplica() {
        try (RedisTestCluster cluster = TestServers.newRedisCluster(true)) {
            RedisConfig config = RedisConfig.builder()
                    .nodes(List.of(cluster.addresses().split(",")))
                    .build();
            String key = "failing-over";
            failOver(config, key, () -> cluster.masterOf(key).kill());
        }
    }

    /** F23. */
    @Test
    void sentinel_whoseMasterIsKilled_goesOnAtItsReplica() {
        try (RedisTestSentinel group = TestServers.newRedisSentinel()) {
            RedisConfig config = RedisConfig.builder()
                    .sentinels(List.of(group.addresses().split(",")))
                    .sentinelMaster(RedisTestSentinel.MASTER)
                    .build();
            checkAll(config);
            failOver(config, "failing-over", () -> group.master().kill());
            assertThat(RedisWire.call(group.replica().port(), "ROLE").toString())
                    .startsWith("[master");
            for (String sentinel : group.addresses().split(",")) {
                int port = Integer.parseInt(sentinel.substring(sentinel.indexOf(':') + 1));
                RedisWire.call(port, "ACL", "SETUSER", "default", ">sentinel#secret");
            }
            RedisConfig withPassword = config.toBuilder()
                    .sentinelPassword(Secret.of("sentinel#secret"))
                    .build();
            checkAll(withPassword);
            try (MessageBroker consumer = newConsumer(config)) {
                assertThatThrownBy(() -> TestSubscriber.get(consumer.connect())).isInstanceOf(BrokerException.class);
            }
        }
    }

    private static void failOver(RedisConfig config, String key, Runnable kill) {
        Ledger ledger = new Ledger();
        AtomicInteger restored = new AtomicInteger();
        BrokerListener listener = new BrokerListener() {
            @Override
            public void connectionRestored(String broker, Duration outage) {
                restored.incrementAndGet();
            }
        };
        try (MessageProducer producer = RedisKind.STREAMS.producer(key, config, RedisKind.producerOptions());
                MessageBroker consumer =
                        RedisKind.STREAMS.consumer(key, config, RedisKind.consumerOptions(), listener)) {
            TestSubscriber.get(consumer.connect());
            consumer.consume()
                    .subscribe(Subscribers.each(
                            message -> {
                                ledger.delivered(message.text());
                                message.ack();
                            },
                            error -> {}));
            for (int i = 0; i < 200; i++) {
                TestSubscriber.get(ledger.send(producer, RedisKind.message("before-" + i)));
            }
            eventually("all before", () -> ledger.delivered() == 200);
            kill.run();
            for (int i = 0; i < 200; i++) {
                TestSubscriber.get(ledger.send(producer, RedisKind.message("after-" + i)));
            }
            eventually("all after", () -> ledger.lost().isEmpty());
            assertThat(restored.get()).isPositive();
            ledger.verify(1_000);
        }
    }
}
