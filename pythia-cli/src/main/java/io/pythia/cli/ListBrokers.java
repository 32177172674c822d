package io.pythia.cli;

import io.pythia.Brokers;
import io.pythia.spi.Capabilities;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** {@code pythia brokers}. */
@Command(
        name = "brokers",
        mixinStandardHelpOptions = true,
        description = "Lists the connectors on the class path and what each can do.")
final class ListBrokers implements Callable<Integer> {
    private final Terminal terminal;

    ListBrokers(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
        Brokers brokers = Brokers.load();
        StringBuilder text = new StringBuilder();
        for (String name : brokers.names()) {
            Capabilities can = brokers.capabilities(name);
            text.append(name);
            if (!brokers.aliases(name).isEmpty()) {
                text.append(" (")
                        .append(String.join(", ", brokers.aliases(name)))
                        .append(')');
            }
            text.append('\n');
            line(text, "has", sides(can));
            line(text, "promises", words(can.guarantee()) + ", order: " + words(can.ordering()));
            line(
                    text,
                    "again",
                    "nack by " + words(can.nack()) + ", with delay by " + words(can.delayedNack())
                            + ", dead letters by " + words(can.deadLetter()));
            line(text, "also", String.join(", ", extras(can)));
        }
        OutputStream out = terminal.out();
        out.write(text.toString().getBytes(StandardCharsets.UTF_8));
        out.flush();
        brokers.problems().forEach(problem -> terminal.err().println("pythia: not usable: " + problem));
        return Cli.OK;
    }

    private static void line(StringBuilder text, String label, String value) {
        if (!value.isEmpty()) {
            text.append(String.format(Locale.ROOT, "  %-9s %s%n", label, value));
        }
    }

    private static String sides(Capabilities can) {
        return can.consumes() && can.produces() ? "consumer, producer" : can.consumes() ? "consumer" : "producer";
    }

    private static List<String> extras(Capabilities can) {
        List<String> extras = new ArrayList<>();
        add(extras, can.competing(), "competing consumers");
        add(extras, can.groups(), "groups");
        add(extras, can.replay(), "replay");
        add(extras, can.leases(), "leases");
        add(extras, can.headers(), "headers");
        add(extras, can.keys(), "keys");
        return extras;
    }

    private static void add(List<String> extras, boolean has, String what) {
        if (has) {
            extras.add(what);
        }
    }

    private static String words(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
}
