package io.pythia.cli;

import io.pythia.BrokerException;
import io.pythia.ConfigException;
import io.pythia.UnknownBrokerException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** The command and its parts. Exit codes: 0 done, 1 it failed, 2 it was called in a wrong way. */
@Command(
        name = "pythia",
        mixinStandardHelpOptions = true,
        version = "pythia 0.1.0",
        description = "Sends, consumes and moves messages through any broker that has a connector.",
        synopsisSubcommandLabel = "COMMAND",
        footer = {
            "",
            "A URL names a broker and a destination: memory:orders, kafka://localhost:9092/orders?consumer-group=billing",
            "Data is on standard output, everything else on standard error. Ctrl-C stops in an orderly way: nothing is lost."
        })
final class Cli implements Runnable {
    static final int OK = 0;
    static final int FAILED = 1;
    static final int USAGE = 2;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    private Cli() {}

    /** Runs a command line and returns its exit code. */
    static int run(Terminal terminal, StopSignal stop, String... args) {
        CommandLine command = new CommandLine(new Cli())
                .addSubcommand(new Consume(terminal, stop))
                .addSubcommand(new Produce(terminal, stop))
                .addSubcommand(new Pipe(terminal, stop))
                .addSubcommand(new Ping(terminal))
                .addSubcommand(new Cdc(terminal))
                .addSubcommand(new ListBrokers(terminal))
                .addSubcommand(new Demo(terminal, stop))
                .registerConverter(Duration.class, new DurationConverter())
                .setOut(new PrintWriter(terminal.out(), true, StandardCharsets.UTF_8))
                .setErr(new PrintWriter(terminal.err(), true, StandardCharsets.UTF_8))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler((error, line, parsed) -> explain(terminal, error));
        return command.execute(args);
    }

    /** One clear line; a stack trace helps nobody at a terminal. */
    private static int explain(Terminal terminal, Exception error) {
        Throwable cause = error;
        while ((cause instanceof CompletionException || cause instanceof ExecutionException)
                && cause.getCause() != null) {
            cause = cause.getCause();
        }
        if (cause instanceof IOException) {
            // Whoever read our output has had enough, as head does: not a failure worth words.
            return FAILED;
        }
        boolean inWords = cause instanceof BrokerException || cause instanceof UnsupportedOperationException;
        terminal.err().println("pythia: " + (inWords ? cause.getMessage() : cause));
        boolean usage = cause instanceof ConfigException
                || cause instanceof UnknownBrokerException
                || cause instanceof UnsupportedOperationException;
        return usage ? USAGE : FAILED;
    }

    /** Called without a command. */
    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "which command?");
    }

    /** Takes {@code 30s}, {@code 250ms} and so on. */
    private static final class DurationConverter implements ITypeConverter<Duration> {
        @Override
        public Duration convert(String value) {
            String number = value.replaceAll("[a-z]+$", "");
            try {
                long count = Long.parseLong(number);
                return switch (value.substring(number.length())) {
                    case "ms" -> Duration.ofMillis(count);
                    case "s" -> Duration.ofSeconds(count);
                    case "m" -> Duration.ofMinutes(count);
                    case "h" -> Duration.ofHours(count);
                    default -> throw new TypeConversionException("a time is written as 250ms, 30s, 5m or 2h");
                };
            } catch (NumberFormatException e) {
                throw new TypeConversionException("a time is written as 250ms, 30s, 5m or 2h");
            }
        }
    }
}
