package io.pythia.cli;

import io.pythia.Message;
import io.pythia.MessageBroker;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code pythia consume}. */
@Command(
        name = "consume",
        mixinStandardHelpOptions = true,
        description = "Prints the messages of a source, and acknowledges each after it was written out.")
final class Consume implements Callable<Integer> {
    /** As text: the body and a line feed. As JSON: all of the message, on one line. */
    enum Format {
        TEXT,
        JSON
    }

    /** What a consumer lets be unsettled by default. */
    private static final long NO_ACK_MAX = 10_000;

    private final Terminal terminal;
    private final StopSignal stop;

    @Parameters(
            paramLabel = "URL",
            description = "The source, for instance kafka://localhost:9092/orders?consumer-group=billing")
    private String url = "";

    @Option(names = "--max", paramLabel = "N", description = "End after so many messages.")
    private long max = Long.MAX_VALUE;

    @Option(
            names = "--idle-timeout",
            paramLabel = "D",
            description = "End when nothing has come for so long, for instance 10s.")
    private Duration idleTimeout = Duration.ZERO;

    @Option(
            names = "--format",
            description = "text (default): the body, as it is, and a line feed; json: everything, on one line.")
    private Format format = Format.TEXT;

    @Option(names = "--no-ack", description = "Only look: the messages are given back at the end. At most 10,000.")
    private boolean noAck;

    @Option(names = "--quiet", description = "No progress and no summary.")
    private boolean quiet;

    Consume(Terminal terminal, StopSignal stop) {
        this.terminal = terminal;
        this.stop = stop;
    }

    @Override
    public Integer call() throws Exception {
        long limit = noAck ? Math.min(max, NO_ACK_MAX) : max;
        Progress progress = new Progress(terminal, quiet, "consumed");
        List<Message> looked = new ArrayList<>();
        List<CompletableFuture<?>> acks = new ArrayList<>();
        try (MessageBroker consumer = Urls.consumer(url)) {
            consumer.connect().get();
            Intake intake = new Intake(consumer, limit);
            try {
                consume(intake, limit, progress, looked, acks);
            } finally {
                intake.cancel();
                looked.forEach(Intake::giveBack);
            }
            CompletableFuture.allOf(acks.toArray(CompletableFuture[]::new)).get();
        }
        progress.summarize(noAck ? ", given back" : "");
        return Cli.OK;
    }

    private void consume(
            Intake intake, long limit, Progress progress, List<Message> looked, List<CompletableFuture<?>> acks)
            throws Exception {
        Idle idle = new Idle(idleTimeout);
        while (progress.count() < limit && !stop.isRequested() && !idle.isOver() && !intake.hasEnded()) {
            List<Message> batch = intake.next(100);
            if (!batch.isEmpty()) {
                write(batch);
                acks.removeIf(CompletableFuture::isDone);
                for (Message message : batch) {
                    if (noAck) {
                        looked.add(message);
                    } else {
                        acks.add(message.ack());
                    }
                }
                intake.request(batch.size());
                progress.add(batch.size());
                idle.reset();
            }
            progress.show();
        }
    }

    private void write(List<Message> batch) throws IOException {
        OutputStream out = terminal.out();
        for (Message message : batch) {
            out.write(format == Format.JSON ? JsonLines.write(message) : message.body());
            out.write('\n');
        }
        out.flush();
    }
}
