package io.pythia.cli;

import io.pythia.Message;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import io.pythia.Settled;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Phaser;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
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
    private static final long DRAIN_SECONDS = 20;

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

    private final AtomicLong moved = new AtomicLong();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    /** Counts the messages whose acknowledgement is not confirmed yet. */
    private final Phaser underWay = new Phaser(1);

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
            Intake intake = new Intake(consumer, max);
            try {
                move(intake, producer, progress);
            } finally {
                intake.cancel();
                awaitUnderWay();
            }
        }
        progress.add(moved.get() - progress.count());
        progress.summarize("");
        Throwable cause = failure.get();
        if (cause instanceof Exception exception) {
            throw exception;
        }
        return Cli.OK;
    }

    private void move(Intake intake, MessageProducer producer, Progress progress) throws Exception {
        Idle idle = new Idle(idleTimeout);
        long taken = 0;
        while (taken < max && !stop.isRequested() && failure.get() == null && !idle.isOver() && !intake.hasEnded()) {
            List<Message> batch = intake.next(100);
            for (Message message : batch) {
                underWay.register();
                producer.send(message.toBuilder().build())
                        .whenComplete((result, error) -> sent(intake, message, error));
            }
            taken += batch.size();
            if (!batch.isEmpty()) {
                idle.reset();
            }
            progress.add(moved.get() - progress.count());
        }
    }

    private void sent(Intake intake, Message message, @Nullable Throwable error) {
        if (error != null) {
            failure.compareAndSet(null, error);
            Intake.giveBack(message);
            underWay.arriveAndDeregister();
            return;
        }
        message.ack().whenComplete((settled, problem) -> {
            if (problem != null) {
                failure.compareAndSet(null, problem);
            } else if (settled == Settled.DONE) {
                moved.incrementAndGet();
            }
            intake.request(1);
            underWay.arriveAndDeregister();
        });
    }

    private void awaitUnderWay() throws InterruptedException {
        try {
            underWay.awaitAdvanceInterruptibly(underWay.arrive(), DRAIN_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            terminal.err().println("pythia: some messages got no answer; they will be moved again");
        }
    }
}
