package io.pythia.cli;

import io.pythia.ConfigException;
import io.pythia.MessageBroker;
import io.pythia.cdc.CdcWorker;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code pythia cdc}: what is done to a database before changes are captured, and after. */
@Command(
        name = "cdc",
        mixinStandardHelpOptions = true,
        description = "Prepares a database for change data capture, and tidies up after it.",
        synopsisSubcommandLabel = "COMMAND")
final class Cdc implements Runnable {
    private static final String URL =
            "The database and its tables, as consume takes it: cdc:postgresql://...?tables=a,b";

    private final Terminal terminal;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    Cdc(Terminal terminal) {
        this.terminal = terminal;
    }

    /** Called without a command. */
    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "which command?");
    }

    @Command(
            name = "install-delete-log",
            mixinStandardHelpOptions = true,
            description = "Makes the table and the triggers by which polling with delete-log=true sees deletes.")
    int installDeleteLog(
            @Parameters(paramLabel = "URL", description = URL) String url,
            @Option(names = "--print", description = "Print the statements, and change nothing.") boolean print)
            throws IOException {
        try (CdcWorker worker = worker(url)) {
            if (print) {
                return write(worker.deleteLogStatements().stream()
                        .map(statement -> statement + ";")
                        .toList());
            }
            worker.installDeleteLog();
            return write(worker.deleteLogTables());
        }
    }

    @Command(
            name = "delete-log",
            mixinStandardHelpOptions = true,
            description = "Lists the tables of the database whose deletes are logged.")
    int deleteLog(@Parameters(paramLabel = "URL", description = URL) String url) throws IOException {
        try (CdcWorker worker = worker(url)) {
            return write(worker.deleteLogTables());
        }
    }

    @Command(
            name = "remove-delete-log",
            mixinStandardHelpOptions = true,
            description = "Drops the triggers of the tables and, with the last one, the log and what is in it."
                    + " Lists the tables that are left.")
    int removeDeleteLog(@Parameters(paramLabel = "URL", description = URL) String url) throws IOException {
        try (CdcWorker worker = worker(url)) {
            worker.removeDeleteLog();
            return write(worker.deleteLogTables());
        }
    }

    @Command(
            name = "drop-slot",
            mixinStandardHelpOptions = true,
            description = "Drops the replication slot of a URL with mode=log: PostgreSQL keeps its log for it.")
    int dropSlot(@Parameters(paramLabel = "URL", description = URL) String url) {
        try (CdcWorker worker = worker(url)) {
            worker.dropSlot();
            return Cli.OK;
        }
    }

    private static CdcWorker worker(String url) {
        MessageBroker consumer = Urls.consumer(url);
        if (consumer instanceof CdcWorker worker) {
            return worker;
        }
        consumer.close();
        throw new ConfigException("the URL can't be used", "it must begin with cdc:");
    }

    private int write(List<String> lines) throws IOException {
        OutputStream out = terminal.out();
        for (String line : lines) {
            out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        }
        out.flush();
        return Cli.OK;
    }
}
