package io.pythia.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.Message;
import io.pythia.memory.MemoryBroker;
import io.pythia.memory.MemoryProducer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LedgerTest {
    private final Ledger ledger = new Ledger();

    private void send(String... ids) {
        try (MemoryProducer producer =
                MemoryProducer.builder().broker(new MemoryBroker()).topic("t").build()) {
            for (String id : ids) {
                TestSubscriber.get(
                        ledger.send(producer, Message.builder().id(id).build()));
            }
        }
    }

    @Test
    void allDelivered_isInOrder() {
        send("a", "b");
        ledger.delivered("a");
        ledger.delivered("b");
        ledger.verify(0);
    }

    @Test
    void lostMessage_isNamed() {
        send("a", "b");
        ledger.delivered("a");
        assertThatThrownBy(() -> ledger.verify(0))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("1 lost")
                .hasMessageContaining("[b]");
    }

    @Test
    void ghost_isNamed() {
        send("a");
        ledger.delivered("a");
        ledger.delivered("x");
        assertThatThrownBy(() -> ledger.verify(0))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("ghosts")
                .hasMessageContaining("[x]");
    }

    @Test
    void duplicates_areCounted_andBounded() {
        send("a");
        ledger.delivered("a");
        ledger.delivered("a");
        assertThat(ledger.duplicates()).isEqualTo(1);
        ledger.verify(1);
        assertThatThrownBy(() -> ledger.verify(0))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("1 duplicates");
    }

    @Test
    void rejectedMessageThatWasDelivered_isNamed() {
        MemoryProducer closed =
                MemoryProducer.builder().broker(new MemoryBroker()).topic("t").build();
        closed.connect().join();
        closed.close();
        assertThat(ledger.send(closed, Message.builder().id("a").build())).isCompletedExceptionally();
        ledger.delivered("a");
        assertThatThrownBy(() -> ledger.verify(0))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("certainly not sent");
    }

    @Test
    void journal_survivesATornLastLine(@TempDir Path folder) throws IOException {
        send("a", "b");
        Path file = folder.resolve("journal");
        try (Ledger.Journal journal = Ledger.journal(file)) {
            journal.write("a");
            journal.write("b");
        }
        Files.writeString(file, Files.readString(file) + "tor");
        ledger.readJournal(file);
        ledger.verify(0);
    }
}
