package io.pythia.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.testkit.server.AzuriteTestServer;
import io.pythia.testkit.server.ServiceBusTestServer;
import io.pythia.testkit.server.TestServers;
import io.pythia.testkit.server.servicebus.QueueOptions;
import io.pythia.testkit.server.storagequeue.StorageQueueStandIn;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Service Bus and Storage Queue by the command line. */
class AzureEndToEndIT {
    private static final int LINES = 5_000;

    private static String url(String broker, String queue, String connectionString) {
        return broker + ":" + queue + "?connection-string="
                + URLEncoder.encode(connectionString, StandardCharsets.UTF_8).replace("+", "%20");
    }

    @Test
    void realText_throughServiceBusIntoAStorageQueue_comesOutAsItWentIn() throws Exception {
        ServiceBusTestServer bus = TestServers.serviceBus();
        String queue = "cli-" + UUID.randomUUID();
        bus.createQueue(queue, QueueOptions.defaults());
        String busUrl = url("servicebus", queue, bus.connectionString());
        List<String> lines = RealText.lines(LINES);
        try (StorageQueueStandIn storage = new StorageQueueStandIn()) {
            String storageUrl = url("storage-queue", queue, AzuriteTestServer.connectionString(storage));
            Run produced = Run.of(String.join("\n", lines) + "\n", "produce", busUrl);
            assertThat(produced.exitCode()).as(produced.err()).isZero();
            assertThat(produced.err()).contains("5,000 sent and confirmed");

            Run piped = Run.of("", "pipe", busUrl, storageUrl + "&create-queue=true", "--max", "" + LINES);
            assertThat(piped.exitCode()).as(piped.err()).isZero();

            Run consumed = Run.of("", "consume", storageUrl, "--max", "" + LINES);
            assertThat(consumed.exitCode()).as(consumed.err()).isZero();
            assertThat(consumed.lines().stream()
                            .sorted()
                            .toList()
                            .equals(lines.stream().sorted().toList()))
                    .as("the same lines")
                    .isTrue();
        }
    }

    @Test
    void ping_saysHowItIs_andAMissingQueueIsOneLine() {
        ServiceBusTestServer bus = TestServers.serviceBus();
        String queue = "cli-" + UUID.randomUUID();
        Run missing = Run.of("", "ping", url("servicebus", queue, bus.connectionString()));
        assertThat(missing.exitCode()).isEqualTo(1);
        assertThat(missing.err() + missing.out()).doesNotContain("\tat ", "SharedAccessKey=");
        bus.createQueue(queue, QueueOptions.defaults());
        Run ping = Run.of("", "ping", url("servicebus", queue, bus.connectionString()));
        assertThat(ping.exitCode()).as(ping.err()).isZero();
        assertThat(ping.out()).contains("is UP");
    }
}
