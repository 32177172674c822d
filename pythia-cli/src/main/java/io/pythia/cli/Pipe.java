package io.pythia.cli;

import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import io.pythia.Worker;
import io.pythia.retry.RetryConfig;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code pythia pipe}. */
@Command(
        name = "pipe",
        mixinStandardHelpOptions = true,
        description =
                "Moves messages from a source to a destination. Each is acknowledged only after the destination has confirmed it.")
final class Pipe implements Callable<Integer> {
    private static final int WINDOW = 5_000;
    private static final long LOOK_MILLIS = 20;

    private final Terminal terminal;
    private final StopSignal stop;

    @Parameters(index = "0", paramLabel = "FROM", description = "The source")
    private String from = "";

    @Parameters(index = "1", paramLabel = "TO", description = "The destination")
    private String to = "";

    @Option(names = "--max", paramLabel = "N", description = "End after so many messages.")
    private long max = Long.MAX_VALUE;

    @Option(
            names = "--idle-timeout",
            paramLabel = "D",
            description = "End when nothing has come for so long, for instance 10s.")
    private Duration idleTimeout = Duration.ZERO;

    @Option(names = "--quiet", description = "No progress and no summary.")
    private boolean quiet;

    Pipe(Terminal terminal, StopSignal stop) {
        this.terminal = terminal;
        this.stop = stop;
    }

    @Override
    public Integer call() throws Exception {
        Progress progress = new Progress(terminal, quiet, "moved");
        try (MessageProducer producer = Urls.producer(to);
                MessageBroker consumer = Urls.consumer(from)) {
            producer.connect().get();
            consumer.connect().get();
            Worker worker = Worker.from(new LimitedConsumer(consumer, max))
                    .to(producer)
                    .prefetch(WINDOW)
                    .retry(RetryConfig.none()) // the producer has its own
                    .outageAfter(0)
                    .stopOnFailure()
                    .start();
            CompletableFuture<Void> ended = move(worker, progress);
            progress.add(worker.stats().handled() - progress.count());
            progress.summarize("");
            ended.get();
        }
        return Cli.OK;
    }

    /** Returns a future of how it ended. */
    private CompletableFuture<Void> move(Worker worker, Progress progress) throws InterruptedException {
        Idle idle = new Idle(idleTimeout);
        try {
            while (worker.stats().handled() < max
                    && !stop.isRequested()
                    && !idle.isOver()
                    && !worker.ended().isDone()) {
                TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
                long more = worker.stats().handled() - progress.count();
                if (more > 0) {
                    idle.reset();
                }
                progress.add(more);
            }
        } finally {
            worker.close();
        }
        return worker.ended();
    }
}
