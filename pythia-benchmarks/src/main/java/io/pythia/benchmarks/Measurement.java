package io.pythia.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;

/** Time, CPU and allocation of this process between two moments. */
final class Measurement {
    private static final OperatingSystemMXBean SYSTEM =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final long startedAt = System.nanoTime();
    private final long cpuAtStart = SYSTEM.getProcessCpuTime();
    private final long bytesAtStart = allocated();

    /** Prints one line that {@link Outcome#parse} reads. */
    void report(long messages) {
        double seconds = (System.nanoTime() - startedAt) / 1e9;
        double cpuMicros = (SYSTEM.getProcessCpuTime() - cpuAtStart) / 1e3 / messages;
        double bytes = (double) (allocated() - bytesAtStart) / messages;
        System.out.printf("RESULT %f %f %f %d%n", messages / seconds, cpuMicros, bytes, threads());
    }

    /** Those of the application and its clients; the JVM's own are not counted by it. */
    static int threads() {
        return THREADS.getThreadCount();
    }

    /** By all threads that live: those of a measured run do. */
    private static long allocated() {
        return Arrays.stream(THREADS.getThreadAllocatedBytes(THREADS.getAllThreadIds()))
                .filter(bytes -> bytes > 0)
                .sum();
    }

    /**
     * What one run measured.
     *
     * @param first messages per second, or the median latency in microseconds
     * @param second CPU microseconds per message, or the 99th percentile of the latency in microseconds
     * @param third bytes allocated per message, or the longest latency in microseconds
     * @param threads how many threads lived at the end
     */
    record Outcome(double first, double second, double third, double threads) {
        static Outcome parse(String line) {
            String[] words = line.split(" ", -1);
            return new Outcome(
                    Double.parseDouble(words[1]),
                    Double.parseDouble(words[2]),
                    Double.parseDouble(words[3]),
                    Double.parseDouble(words[4]));
        }
    }
}
