package io.pythia.testkit;

import io.pythia.Message;
import io.pythia.MessageProducer;
import io.pythia.SendResult;
import io.pythia.UncertainSendException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Counts every message: attempted, confirmed, rejected, uncertain; delivered, how often; acknowledged. At the end nothing that was
 * confirmed may be missing, and nothing may have come that was never sent. Thread-safe.
 *
 * <p>A consumer in another process writes what it was given to a file, by {@link #journal}, before it acknowledges.
 */
public final class Ledger {
    private static final int SHOWN = 20;

    private final Set<String> attempted = ConcurrentHashMap.newKeySet();
    private final Set<String> confirmed = ConcurrentHashMap.newKeySet();
    private final Set<String> rejected = ConcurrentHashMap.newKeySet();
    private final Set<String> uncertain = ConcurrentHashMap.newKeySet();
    private final Map<String, AtomicInteger> delivered = new ConcurrentHashMap<>();

    /** Creates an empty ledger. */
    public Ledger() {}

    /** Sends a message and enters what becomes of it. */
    public CompletableFuture<SendResult> send(MessageProducer producer, Message message) {
        attempted.add(message.id());
        CompletableFuture<SendResult> result = producer.send(message);
        return result.whenComplete((ok, error) -> sent(message.id(), error));
    }

    private void sent(String id, @Nullable Throwable error) {
        Throwable cause = error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
        if (cause == null) {
            confirmed.add(id);
        } else if (cause instanceof UncertainSendException) {
            uncertain.add(id);
        } else {
            rejected.add(id);
        }
    }

    /** Enters a delivery. */
    public void delivered(String id) {
        delivered.computeIfAbsent(id, i -> new AtomicInteger()).incrementAndGet();
    }

    /** Enters the deliveries of a journal. A last line that was torn by a kill does not count. */
    public void readJournal(Path journal) {
        try {
            String text = Files.readString(journal);
            text.substring(0, text.lastIndexOf('\n') + 1).lines().forEach(this::delivered);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns a file to which a consumer writes each id before it acknowledges; what was written survives a kill of the process. */
    public static Journal journal(Path file) {
        try {
            return new Journal(Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Ids in a file. Thread-safe. */
    public static final class Journal implements AutoCloseable {
        private final OutputStream out;

        private Journal(OutputStream out) {
            this.out = out;
        }

        /** Writes an id, at once. */
        public synchronized void write(String id) {
            try {
                out.write((id + "\n").getBytes(StandardCharsets.UTF_8));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public synchronized void close() throws IOException {
            out.close();
        }
    }

    /** Returns how many messages were confirmed. */
    public int confirmed() {
        return confirmed.size();
    }

    /** Returns how many different messages were delivered. */
    public int delivered() {
        return delivered.size();
    }

    /** Returns how many sends have no outcome yet. */
    public int open() {
        return attempted.size() - confirmed.size() - rejected.size() - uncertain.size();
    }

    /** Returns the confirmed messages that were not delivered. */
    public List<String> lost() {
        return confirmed.stream()
                .filter(id -> !delivered.containsKey(id))
                .sorted()
                .toList();
    }

    /** Returns how many deliveries were not the first of their message. */
    public int duplicates() {
        return delivered.values().stream().mapToInt(count -> count.get() - 1).sum();
    }

    /**
     * Checks the account: nothing lost, no ghosts, every send with an outcome, nothing delivered that was certainly not sent, and not more
     * duplicates than allowed.
     */
    public void verify(int maxDuplicates) {
        List<String> problems = new ArrayList<>();
        add(problems, "lost (confirmed and never delivered)", lost());
        add(
                problems,
                "ghosts (delivered and never sent)",
                delivered.keySet().stream()
                        .filter(id -> !attempted.contains(id))
                        .toList());
        add(
                problems,
                "delivered although certainly not sent",
                rejected.stream().filter(delivered::containsKey).toList());
        if (open() != 0) {
            problems.add(open() + " sends have no outcome");
        }
        if (duplicates() > maxDuplicates + uncertain.size()) {
            problems.add(duplicates() + " duplicates, allowed are " + maxDuplicates + " and the uncertain ones");
        }
        if (!problems.isEmpty()) {
            throw new AssertionError(this + "\n  " + String.join("\n  ", problems));
        }
    }

    private static void add(List<String> problems, String what, List<String> ids) {
        if (!ids.isEmpty()) {
            problems.add(ids.size() + " " + what + ": " + ids.subList(0, Math.min(SHOWN, ids.size())));
        }
    }

    @Override
    public String toString() {
        return "attempted " + attempted.size() + ", confirmed " + confirmed.size() + ", rejected " + rejected.size()
                + ", uncertain " + uncertain.size() + ", delivered " + delivered.size() + ", duplicates " + duplicates()
                + ", lost " + lost().size();
    }
}
