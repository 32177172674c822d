package io.pythia.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.testkit.server.TestServer;
import io.pythia.testkit.server.TestServers;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The commands on the three Redis connectors, by URL. */
@Timeout(180)
class RedisCommandsIT {
    private final TestServer server = TestServers.redis();

    @Test
    void streamsAndLists_whatIsProducedIsConsumed_andPiped() throws Exception {
        List<String> lines = RealText.lines(5_000);
        String stream = url("redis-streams");
        String list = url("redis-list");
        assertThat(Run.of(String.join("\n", lines) + "\n", "produce", stream).exitCode())
                .isZero();
        assertThat(Run.of("", "ping", stream + "?consumer-group=a").exitCode()).isZero();
        assertThat(Run.of("", "consume", stream + "?consumer-group=a&consumer-name=w1", "--max", "5000")
                        .lines())
                .isEqualTo(lines);
        assertThat(Run.of("", "pipe", stream + "?consumer-group=b", list, "--max", "5000")
                        .exitCode())
                .isZero();
        assertThat(Run.of("", "consume", list, "--max", "5000").lines()).containsExactlyInAnyOrderElementsOf(lines);
    }

    @Test
    void pubSub_whatIsPublishedIsConsumed() throws Exception {
        String channel = url("redis-pubsub");
        CompletableFuture<Run> consuming = new CompletableFuture<>();
        new Thread(
                        () -> consuming.complete(Run.of("", "consume", channel + "?patterns=none*", "--max", "1")),
                        "consume")
                .start();
        // Until somebody listens, what is published is lost.
        Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> {
            assertThat(Run.of("a line\n", "produce", channel).exitCode()).isZero();
            return consuming.isDone();
        });
        assertThat(consuming.get().lines()).containsExactly("a line");
    }

    @Test
    void ping_ofAPattern_asksTheConsumer() {
        Run ping = Run.of("", "ping", "redis-pubsub://" + server.address() + "/?patterns=a.*");
        assertThat(ping.exitCode()).as(ping.err()).isZero();
        assertThat(ping.out()).startsWith("consumer redis-pubsub:").contains("is UP");
    }

    private String url(String scheme) {
        return scheme + "://" + server.address() + "/cli-" + UUID.randomUUID();
    }
}
