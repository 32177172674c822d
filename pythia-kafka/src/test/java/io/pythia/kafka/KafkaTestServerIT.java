package io.pythia.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.testkit.server.TestServer;
import io.pythia.testkit.server.TestServers;
import java.io.IOException;
import java.net.ConnectException;
import java.net.Socket;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** What the fault tests rely on, whether their broker is a process or a container. */
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class KafkaTestServerIT {
    private TestServer server;

    @BeforeAll
    void start() {
        server = TestServers.newKafka(Map.of("message.max.bytes", "123456"));
    }

    @AfterAll
    void close() {
        TestServers.close(server);
    }

    @Test
    void kill_refusesClients_startBringsBackAddressAndData() throws Exception {
        comesBack(server::kill);
    }

    @Test
    void stop_refusesClients_startBringsBackAddressAndData() throws Exception {
        comesBack(server::stop);
    }

    @Test
    void killWhilePaused_startBringsItBack() throws Exception {
        comesBack(() -> {
            server.pause();
            server.kill();
        });
    }

    private void comesBack(Runnable end) throws Exception {
        String address = server.address();
        String topic = KafkaTopics.create(address, 3);
        end.run();
        assertThatThrownBy(() -> connect(address)).isInstanceOf(ConnectException.class);
        server.start();
        assertThat(server.address()).isEqualTo(address);
        try (Admin admin = admin()) {
            assertThat(admin.listTopics().names().get(60, TimeUnit.SECONDS)).contains(topic);
        }
    }

    private static void connect(String address) throws IOException {
        int colon = address.lastIndexOf(':');
        new Socket(address.substring(0, colon), Integer.parseInt(address.substring(colon + 1))).close();
    }

    @Test
    void pause_answersNothingUntilResume() throws Exception {
        String topic = KafkaTopics.create(server.address(), 1);
        try (Admin admin = admin()) {
            admin.listTopics().names().get(60, TimeUnit.SECONDS);
            server.pause();
            Future<Set<String>> names = admin.listTopics().names();
            assertThatThrownBy(() -> names.get(1, TimeUnit.SECONDS)).isInstanceOf(TimeoutException.class);
            server.resume();
            assertThat(names.get(60, TimeUnit.SECONDS)).contains(topic);
        }
    }

    @Test
    void clients_areToldOnlyTheProxysAddress() throws Exception {
        try (Admin admin = admin()) {
            Collection<Node> nodes = admin.describeCluster().nodes().get(60, TimeUnit.SECONDS);
            assertThat(nodes)
                    .extracting(node -> node.host() + ":" + node.port())
                    .containsExactly(server.address());
            assertThat(server.address()).endsWith(":" + server.proxy().port());
        }
    }

    @Test
    void settings_reachTheBroker() throws Exception {
        ConfigResource broker = new ConfigResource(ConfigResource.Type.BROKER, "1");
        try (Admin admin = admin()) {
            Config config = admin.describeConfigs(List.of(broker))
                    .all()
                    .get(60, TimeUnit.SECONDS)
                    .get(broker);
            assertThat(config.get("message.max.bytes").value()).isEqualTo("123456");
            assertThat(config.get("offsets.topic.replication.factor").value()).isEqualTo("1");
        }
    }

    private Admin admin() {
        return Admin.create(Map.of("bootstrap.servers", server.address()));
    }
}
