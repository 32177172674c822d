package io.pythia.benchmarks;

import io.pythia.Ordering;
import io.pythia.Worker;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a message costs in a worker whose handler does nothing, over a driver that does nothing. What {@link EngineBenchmark} says of a bare
 * subscriber is part of it. Run with {@code -prof gc} for bytes.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class WorkerBenchmark {
    private static final int MESSAGES = 1_000_000;

    /** How many handlers may run at once. */
    @Param({"1", "16"})
    private int concurrency;

    /** Which messages keep their order; there are 1,000 keys. */
    @Param({"NONE", "KEY"})
    private Ordering ordering = Ordering.NONE;

    private Worker worker =
            Worker.from(NullConsumer.builder().build()).onMessage(message -> {}).build();

    /** Starts a worker that never waits for messages. */
    @Setup
    public void start() {
        worker = Worker.from(NullConsumer.builder().batchSize(500).keys(1_000).build())
                .concurrency(concurrency)
                .ordering(ordering)
                .prefetch(10_000)
                .onMessage(message -> {})
                .start();
    }

    /** Stops it. */
    @TearDown
    public void stop() {
        worker.close();
    }

    /** Waits until so many more messages were handled and acknowledged. */
    @Benchmark
    @OperationsPerInvocation(MESSAGES)
    public void handle() throws InterruptedException {
        long enough = worker.stats().handled() + MESSAGES;
        while (worker.stats().handled() < enough) {
            TimeUnit.MILLISECONDS.sleep(1);
        }
    }
}
