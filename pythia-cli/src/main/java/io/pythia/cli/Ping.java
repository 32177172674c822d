package io.pythia.cli;

import io.pythia.Brokers;
import io.pythia.ConfigException;
import io.pythia.DestinationNotFoundException;
import io.pythia.Health;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code pythia ping}. */
@Command(
        name = "ping",
        mixinStandardHelpOptions = true,
        description =
                "Connects, and prints the health: address, credentials and destination are checked, nothing is sent.")
final class Ping implements Callable<Integer> {
    private final Terminal terminal;

    @ArgGroup
    private @Nullable Side side;

    @Parameters(
            paramLabel = "URL",
            description = "The destination; the source where there is no producer, or the URL is none of a producer's.")
    private String url = "";

    /** At most one of them. */
    static final class Side {
        @Option(names = "--producer", description = "Ask as a producer.")
        boolean producer;

        @Option(
                names = "--consumer",
                description = "Ask as a consumer: it joins its group, and declares what its settings say.")
        boolean consumer;
    }

    Ping(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws Exception {
        if (side != null) {
            return side.consumer ? ask(Urls.consumer(url)) : ask(Urls.producer(url));
        }
        String scheme = url.substring(0, Math.max(0, url.indexOf(':')));
        if (!scheme.isEmpty() && !Brokers.load().capabilities(scheme).produces()) {
            return ask(Urls.consumer(url));
        }
        MessageProducer producer;
        try {
            producer = Urls.producer(url);
        } catch (ConfigException e) {
            return ask(consumerInstead(e));
        }
        try {
            return ask(producer);
        } catch (ExecutionException e) {
            // Not tried by itself: a consumer may declare a queue that is missing, and takes its part of a group.
            if (e.getCause() instanceof DestinationNotFoundException missing) {
                throw new DestinationNotFoundException(
                        missing.getMessage() + " (asked as a producer; --consumer asks as a consumer)", missing);
            }
            throw e;
        }
    }

    /** For a URL that is none of a producer's, such as one with a pattern. What is none of a consumer's either is wrong as it was. */
    private MessageBroker consumerInstead(ConfigException asProducer) {
        try {
            MessageBroker consumer = Urls.consumer(url);
            terminal.err().println("asked as a consumer, for it is none of a producer's: " + asProducer.getMessage());
            return consumer;
        } catch (ConfigException | UnsupportedOperationException neither) {
            throw asProducer;
        }
    }

    private int ask(MessageBroker consumer) throws Exception {
        try (consumer) {
            consumer.connect().get();
            return report("consumer " + consumer.name(), consumer.healthCheck().get());
        }
    }

    private int ask(MessageProducer producer) throws Exception {
        try (producer) {
            producer.connect().get();
            return report("producer " + producer.name(), producer.healthCheck().get());
        }
    }

    private int report(String who, Health health) throws IOException {
        StringBuilder text = new StringBuilder(who + " is " + health.status() + ": " + health.detail() + "\n");
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
