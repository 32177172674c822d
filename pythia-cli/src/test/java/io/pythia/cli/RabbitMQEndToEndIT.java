package io.pythia.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.testkit.server.TestServer;
import io.pythia.testkit.server.TestServers;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The commands against RabbitMQ: only the URL is another one. */
@Timeout(300)
class RabbitMQEndToEndIT {
    private static final int LINES = 20_000;

    private final TestServer server = TestServers.rabbit();

    private String url(String queue) {
        return "rabbitmq://guest:guest@" + server.address() + "/%2F?queue=" + queue;
    }

    @Test
    void realText_throughQueuesAndPipes_comesOutAsItWentIn() throws Exception {
        List<String> lines = RealText.lines(LINES);
        String queue = "cli-" + UUID.randomUUID();
        String second = "cli-" + UUID.randomUUID();
        Run produced = Run.of(String.join("\n", lines) + "\n", "produce", url(queue) + "&topology=declare");
        assertThat(produced.exitCode()).as(produced.err()).isZero();
        assertThat(produced.err()).contains("20,000 sent and confirmed");

        Run piped = Run.of("", "pipe", url(queue), url(second) + "&topology=declare", "--max", "" + LINES);
        assertThat(piped.exitCode()).as(piped.err()).isZero();

        Run consumed = Run.of("", "consume", url(second).replace("rabbitmq:", "amqp:"), "--max", "" + LINES);
        assertThat(consumed.exitCode()).as(consumed.err()).isZero();
        assertThat(consumed.lines().stream()
                        .sorted()
                        .toList()
                        .equals(lines.stream().sorted().toList()))
                .as("the same lines")
                .isTrue();
    }

    @Test
    void ping_saysHowItIs_andAMissingQueueIsOneLine() {
        String queue = "cli-" + UUID.randomUUID();
        Run missing = Run.of("x\n", "produce", url(queue));
        assertThat(missing.exitCode()).isEqualTo(1);
        assertThat(missing.err()).contains("no queue '" + queue + "'").doesNotContain("\tat ", "guest:guest");
        assertThat(Run.of("", "ping", url(queue)).exitCode()).isEqualTo(1);
        assertThat(Run.of("x\n", "produce", url(queue) + "&topology=declare").exitCode())
                .isZero();
        Run ping = Run.of("", "ping", url(queue));
        assertThat(ping.exitCode()).as(ping.err()).isZero();
        assertThat(ping.out()).contains("is UP");
    }
}
