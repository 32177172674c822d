package io.pythia.benchmarks;

import io.pythia.BlockingMessages;
import io.pythia.Message;
import io.pythia.Messages;
import java.util.Iterator;
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

/** What a message costs in a plain loop that acknowledges it, over a driver that does nothing: beside {@link EngineBenchmark}. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class LoopBenchmark {
    private static final int MESSAGES = 1_000_000;

    /** How many messages may wait for the loop. */
    @Param({"16", "100", "1000"})
    private int prefetch;

    private NullConsumer consumer = NullConsumer.builder().build();
    private BlockingMessages messages = Messages.blocking(consumer.consume(), 1);
    private Iterator<Message> loop = messages.iterator();

    /** Begins a loop. */
    @Setup
    public void connect() {
        disconnect();
        consumer = NullConsumer.builder().batchSize(500).build();
        messages = Messages.blocking(consumer.consume(), prefetch);
        loop = messages.iterator();
    }

    /** Ends it. */
    @TearDown
    public void disconnect() {
        messages.close();
        consumer.close();
    }

    /** Takes and acknowledges messages one by one. */
    @Benchmark
    @OperationsPerInvocation(MESSAGES)
    public void takeAndAcknowledge() {
        for (int i = 0; i < MESSAGES; i++) {
            loop.next().ack();
        }
    }
}
