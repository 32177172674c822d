package io.pythia.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.testkit.server.TestServer;
import io.pythia.testkit.server.TestServers;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** The commands with queues of a real server, and with a topic. */
class AwsCommandsIT {
    private static final int LINES = 2_000;

    private final TestServer server = TestServers.sqs();

    private String url(String queue, String... settings) {
        return "sqs:http://" + server.address() + "/000000000000/" + queue
                + "#region=us-east-1&access-key-id=a&secret-access-key=canary-5c2e&wait-time=1s"
                + String.join("", settings);
    }

    @Test
    void realText_throughAQueueAndAPipe_comesOutAsItWentIn() throws Exception {
        List<String> lines = RealText.lines(LINES);
        String queue = "cli-" + UUID.randomUUID();
        String second = "cli-" + UUID.randomUUID();
        Run produced = Run.of(String.join("\n", lines) + "\n", "produce", url(queue, "&missing-queue=create"));
        assertThat(produced.exitCode()).as(produced.err()).isZero();
        assertThat(produced.err()).contains("2,000 sent and confirmed");

        Run piped = Run.of("", "pipe", url(queue), url(second, "&missing-queue=create"), "--max", "" + LINES);
        assertThat(piped.exitCode()).as(piped.err()).isZero();

        Run consumed = Run.of("", "consume", url(second), "--max", "" + LINES);
        assertThat(consumed.exitCode()).as(consumed.err()).isZero();
        assertThat(consumed.lines().stream()
                        .sorted()
                        .toList()
                        .equals(lines.stream().sorted().toList()))
                .as("the same lines")
                .isTrue();
    }

    @Test
    void ping_saysHowItIs_andAMissingQueueOrTopicIsOneLine() {
        String queue = "cli-" + UUID.randomUUID();
        Run missing = Run.of("x\n", "produce", url(queue));
        assertThat(missing.exitCode()).isEqualTo(1);
        assertThat(missing.err()).contains(queue, "QueueDoesNotExist").doesNotContain("\tat ", "canary-5c2e");
        assertThat(Run.of("x\n", "produce", url(queue, "&missing-queue=create")).exitCode())
                .isZero();
        Run ping = Run.of("", "ping", url(queue));
        assertThat(ping.exitCode()).as(ping.err()).isZero();
        assertThat(ping.out()).contains("is UP");

        String topic =
                "sns:arn:aws:sns:us-east-1:000000000000:missing?access-key-id=a&secret-access-key=canary-5c2e&endpoint=http://"
                        + TestServers.sns().address();
        Run noTopic = Run.of("x\n", "produce", topic);
        assertThat(noTopic.exitCode()).isEqualTo(1);
        assertThat(noTopic.err()).contains("NotFound").doesNotContain("\tat ", "canary-5c2e");
        assertThat(Run.of("", "consume", topic).err()).contains("no consumer");
    }
}
