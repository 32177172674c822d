package io.pythia.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.testkit.server.TestServer;
import io.pythia.testkit.server.TestServers;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The main job on real input: real text, a real broker, commands in processes of their own. */
@Timeout(600)
class EndToEndIT {
    private static final int LINES = 120_000;
    /** A build that was started in the background has children that ignore SIGINT, where {@code env} can't undo it. */
    private static final String HEEDS_INTERRUPT =
            "env --default-signal=INT true 2>/dev/null && exec env --default-signal=INT \"$@\"; exec \"$@\"";

    @TempDir
    private Path folder;

    private final TestServer server = TestServers.kafka();

    @Test
    void realText_throughKafkaAndPipes_comesOutAsItWentIn() throws Exception {
        List<String> lines = RealText.lines(LINES);
        Path input = folder.resolve("input");
        Files.write(input, lines);
        String topic = createTopic();
        String second = createTopic();

        assertThat(start(input, folder.resolve("produced"), "produce", url(topic))
                        .waitFor())
                .isZero();
        Path consumed = folder.resolve("consumed");
        assertThat(start(null, consumed, "consume", url(topic) + "?consumer-group=a", "--max", "" + LINES)
                        .waitFor())
                .isZero();
        assertSameLines(sorted(consumed), sorted(input));

        assertThat(start(
                                null,
                                folder.resolve("piped"),
                                "pipe",
                                url(topic) + "?consumer-group=b",
                                url(second),
                                "--max",
                                "" + LINES)
                        .waitFor())
                .isZero();
        Path fromSecond = folder.resolve("from-second");
        assertThat(start(null, fromSecond, "consume", url(second) + "?consumer-group=a", "--max", "" + LINES)
                        .waitFor())
                .isZero();
        assertSameLines(sorted(fromSecond), sorted(input));

        String memory = "memory:" + UUID.randomUUID();
        assertThat(Run.of("", "pipe", url(topic) + "?consumer-group=c", memory, "--max", "" + LINES)
                        .exitCode())
                .isZero();
        Run fromMemory = Run.of("", "consume", memory, "--max", "" + LINES);
        assertSameLines(fromMemory.lines().stream().sorted().toList(), sorted(input));
    }

    @Test
    void interrupt_duringPipe_losesNothing() throws Exception {
        Path input = folder.resolve("input");
        Files.write(input, RealText.lines(LINES));
        String from = createTopic();
        String to = createTopic();
        assertThat(start(input, folder.resolve("produced"), "produce", url(from))
                        .waitFor())
                .isZero();

        Path log = folder.resolve("interrupted");
        Process pipe = start(null, log, "pipe", url(from) + "?consumer-group=a", url(to));
        try (Admin admin = admin(server)) {
            Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> endOffset(admin, to) > LINES / 10);
        }
        new ProcessBuilder("kill", "-INT", Long.toString(pipe.pid())).start().waitFor();
        assertThat(pipe.waitFor()).isEqualTo(130);
        assertThat(start(
                                null,
                                folder.resolve("rest"),
                                "pipe",
                                url(from) + "?consumer-group=a",
                                url(to),
                                "--idle-timeout",
                                "15s") // which is to join the group, too
                        .waitFor())
                .isZero();

        Path result = folder.resolve("result");
        assertThat(start(null, result, "consume", url(to) + "?consumer-group=a", "--max", "" + LINES)
                        .waitFor())
                .isZero();
        // An orderly stop makes no duplicates either.
        try (Admin admin = admin(server)) {
            assertThat(endOffset(admin, to)).isEqualTo(LINES);
        }
        assertSameLines(sorted(result), sorted(input));
    }

    private static long endOffset(Admin admin, String topic) throws Exception {
        var partition = new org.apache.kafka.common.TopicPartition(topic, 0);
        return admin.listOffsets(Map.of(partition, org.apache.kafka.clients.admin.OffsetSpec.latest()))
                .partitionResult(partition)
                .get()
                .offset();
    }

    private String url(String topic) {
        return "kafka://" + server.address() + "/" + topic;
    }

    private String createTopic() throws Exception {
        return createTopic(server);
    }

    static String createTopic(TestServer kafka) throws Exception {
        String name = "cli-" + UUID.randomUUID();
        try (Admin admin = admin(kafka)) {
            admin.createTopics(List.of(new NewTopic(name, Optional.of(1), Optional.empty())))
                    .all()
                    .get();
        }
        return name;
    }

    private static Admin admin(TestServer kafka) {
        return Admin.create(Map.of("bootstrap.servers", kafka.address()));
    }

    private static Process start(@org.jspecify.annotations.Nullable Path input, Path output, String... args)
            throws IOException {
        List<String> command = new ArrayList<>(List.of(
                "sh",
                "-c",
                HEEDS_INTERRUPT,
                "sh",
                ProcessHandle.current().info().command().orElse("java"),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                Main.class.getName()));
        command.addAll(List.of(args));
        return new ProcessBuilder(command)
                .redirectInput(input == null ? new File("/dev/null") : input.toFile())
                .redirectOutput(output.toFile())
                .redirectError(new File(output + ".err"))
                .start();
    }

    private static List<String> sorted(Path file) throws IOException {
        String[] lines = Files.readString(file).split("\n", -1);
        return Stream.of(lines).limit(lines.length - 1).sorted().toList();
    }

    /** Without printing a hundred thousand lines where they differ. */
    private static void assertSameLines(List<String> actual, List<String> expected) {
        assertThat(actual.size()).isEqualTo(expected.size());
        for (int i = 0; i < expected.size(); i++) {
            assertThat(actual.get(i)).as("line %d of the sorted lines", i).isEqualTo(expected.get(i));
        }
    }
}
