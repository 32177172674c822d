package io.pythia.benchmarks;

import java.util.Collection;
import java.util.Locale;
import java.util.Objects;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** The engine and the worker alone, over a driver that does nothing, by JMH. */
final class EngineSuite implements Suite {
    private static final String BYTES = "gc.alloc.rate.norm";

    @Override
    public int messages() {
        return 1_000_000;
    }

    @Override
    public Result run(Plan plan) throws Exception {
        Options options = new OptionsBuilder()
                .include(EngineBenchmark.class.getSimpleName())
                .include(WorkerBenchmark.class.getSimpleName())
                .addProfiler("gc")
                .forks(plan.rounds() == 1 ? 1 : 2)
                .warmupTime(TimeValue.seconds(1))
                .measurementTime(TimeValue.seconds(1))
                .verbosity(VerboseMode.SILENT)
                .build();
        System.err.println("JMH runs for about two minutes");
        Collection<RunResult> results = new Runner(options).run();
        StringBuilder table = new StringBuilder(
                "Nanoseconds and bytes per message that is received, given out and acknowledged, over a"
                        + " driver that does nothing (which allocates 48 of the bytes).\n\n"
                        + "| | ns per message | bytes per message |\n|---|---|---|\n");
        for (RunResult result : results) {
            table.append(String.format(
                    Locale.ROOT,
                    "| %s | %.0f ± %.0f | %.0f |%n",
                    label(result),
                    result.getPrimaryResult().getScore(),
                    result.getPrimaryResult().getScoreError(),
                    Objects.requireNonNull(result.getSecondaryResults().get(BYTES))
                            .getScore()));
        }
        return table::toString;
    }

    private static String label(RunResult result) {
        String name = result.getParams().getBenchmark();
        String simple = name.substring(name.lastIndexOf('.', name.lastIndexOf('.') - 1) + 1);
        StringBuilder label = new StringBuilder(simple);
        for (String key : result.getParams().getParamsKeys()) {
            label.append(", ").append(key).append(' ').append(result.getParams().getParam(key));
        }
        return label.toString();
    }
}
