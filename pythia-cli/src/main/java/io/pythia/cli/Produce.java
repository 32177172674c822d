package io.pythia.cli;

import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.MessageProducer;
import io.pythia.SendResult;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code pythia produce}. */
@Command(
        name = "produce",
        mixinStandardHelpOptions = true,
        description =
                "Sends each line of standard input as a message, and ends when the broker has confirmed all of them.")
final class Produce implements Callable<Integer> {
    private static final int WINDOW = 10_000;

    private final Terminal terminal;
    private final StopSignal stop;

    @Parameters(paramLabel = "URL", description = "The destination, for instance kafka://localhost:9092/orders")
    private String url = "";

    @Option(
            names = "--key-separator",
            paramLabel = "SEP",
            description = "What stands before it in a line is the message's key.")
    private @Nullable String keySeparator;

    @Option(
            names = "--json",
            description =
                    "Each line is an object: {\"id\":..,\"key\":..,\"headers\":{..},\"body\":..}; see consume --format json.")
    private boolean json;

    @Option(names = "--quiet", description = "No progress and no summary.")
    private boolean quiet;

    private final AtomicLong confirmed = new AtomicLong();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    Produce(Terminal terminal, StopSignal stop) {
        this.terminal = terminal;
        this.stop = stop;
    }

    @Override
    public Integer call() throws Exception {
        Progress progress = new Progress(terminal, quiet, "sent and confirmed");
        Semaphore window = new Semaphore(WINDOW);
        long read = 0;
        try (MessageProducer producer = Urls.producer(url)) {
            producer.connect().get();
            InputLines lines = new InputLines(terminal.in());
            while (!stop.isRequested() && failure.get() == null) {
                byte[] line = lines.next(100);
                if (line != null) {
                    read++;
                    Message message = message(line, read);
                    window.acquire();
                    producer.send(message).whenComplete((result, error) -> ended(window, result, error));
                } else if (lines.hasEnded()) {
                    break;
                }
                progress.add(confirmed.get() - progress.count());
            }
            producer.flush().get();
            window.acquire(WINDOW);
        }
        progress.add(confirmed.get() - progress.count());
        long missing = read - confirmed.get();
        progress.summarize(missing == 0 ? "" : ", " + missing + " not");
        Throwable cause = failure.get();
        if (cause instanceof Exception exception) {
            throw exception;
        }
        return Cli.OK;
    }

    private void ended(Semaphore window, @Nullable SendResult result, @Nullable Throwable error) {
        if (result != null) {
            confirmed.incrementAndGet();
        } else {
            failure.compareAndSet(null, error);
        }
        window.release();
    }

    private Message message(byte[] line, long number) {
        if (json) {
            try {
                return JsonLines.read(line);
            } catch (IllegalArgumentException e) {
                throw new MessageException(
                        "line " + number + " is " + e.getMessage() + "; the lines before it were sent");
            }
        }
        if (keySeparator != null) {
            String text = new String(line, StandardCharsets.UTF_8);
            int at = text.indexOf(keySeparator);
            if (at >= 0) {
                return Message.builder()
                        .key(text.substring(0, at))
                        .body(text.substring(at + keySeparator.length()))
                        .build();
            }
        }
        return Message.of(line);
    }
}
