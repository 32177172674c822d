package io.pythia.cli;

import io.pythia.Brokers;
import io.pythia.Health;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code pythia ping}. */
@Command(
        name = "ping",
        mixinStandardHelpOptions = true,
        description =
                "Connects, and prints the health: address, credentials and destination are checked, nothing is sent.")
final class Ping implements Callable<Integer> {
    private final Terminal terminal;

    @Parameters(paramLabel = "URL", description = "The destination or source")
    private String url = "";

    Ping(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws Exception {
        String scheme = url.substring(0, Math.max(0, url.indexOf(':')));
        if (!scheme.isEmpty() && !Brokers.load().capabilities(scheme).produces()) {
            try (MessageBroker consumer = Urls.consumer(url)) {
                consumer.connect().get();
                return report(consumer.name(), consumer.healthCheck().get());
            }
        }
        try (MessageProducer producer = Urls.producer(url)) {
            producer.connect().get();
            return report(producer.name(), producer.healthCheck().get());
        }
    }

    private int report(String name, Health health) throws IOException {
        StringBuilder text = new StringBuilder(name + " is " + health.status() + ": " + health.detail() + "\n");
        for (Map.Entry<String, String> fact : new TreeMap<>(health.facts()).entrySet()) {
            text.append("  ")
                    .append(fact.getKey())
                    .append(" = ")
                    .append(fact.getValue())
                    .append('\n');
        }
        OutputStream out = terminal.out();
        out.write(text.toString().getBytes(StandardCharsets.UTF_8));
        out.flush();
        return health.isUp() ? Cli.OK : Cli.FAILED;
    }
}
