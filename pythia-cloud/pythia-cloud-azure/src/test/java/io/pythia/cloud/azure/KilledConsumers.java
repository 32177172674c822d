package io.pythia.cloud.azure;

import io.pythia.MessageProducer;
import io.pythia.testkit.ChildJvm;
import io.pythia.testkit.Ledger;
import io.pythia.testkit.TestSubscriber;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/** F13: a consumer's process is killed four times in the middle of its work, and the account is made up afterwards. */
final class KilledConsumers {
    private KilledConsumers() {}

    static void run(
            String kind, String connectionString, String queue, MessageProducer producer, int count, Path folder)
            throws IOException {
        Ledger ledger = new Ledger();
        for (int i = 0; i < count; i++) {
            ledger.send(producer, Traffic.message("m" + i));
        }
        TestSubscriber.get(producer.flush());
        Traffic.eventually("all confirmed", () -> ledger.confirmed() == count);
        Path journal = Files.createFile(folder.resolve("journal"));
        Random random = new Random(13);
        for (int kill = 0; kill < 4; kill++) {
            long enough = Files.size(journal) + 5L * (1 + random.nextInt(count / 8));
            try (ChildJvm child =
                    new ChildJvm(ConsumingChild.class, kind, connectionString, queue, journal.toString())) {
                Traffic.eventually(
                        "progress before the kill", () -> size(journal) >= enough || lines(journal) == count);
                child.kill();
            }
        }
        try (ChildJvm last = new ChildJvm(ConsumingChild.class, kind, connectionString, queue, journal.toString())) {
            Traffic.eventually("all messages", () -> lines(journal) == count);
            last.terminate();
        }
        ledger.readJournal(journal);
        // What the killed one had: its window, which is not more than what one receive brings and what was not yet
        // settled.
        ledger.verify(4 * 500);
        System.out.println(kind + ", consumer killed 4 times: " + ledger);
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long lines(Path file) {
        try (var lines = Files.lines(file)) {
            return lines.distinct().count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
