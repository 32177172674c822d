package io.pythia.cli;

import io.pythia.Brokers;
import io.pythia.ConfigException;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import java.net.URI;
import java.net.URISyntaxException;

/** Consumers and producers for what was written on the command line. */
final class Urls {
    private Urls() {}

    static MessageBroker consumer(String url) {
        return Brokers.load().consumer(uri(url));
    }

    static MessageProducer producer(String url) {
        return Brokers.load().producer(uri(url));
    }

    static URI uri(String url) {
        try {
            return new URI(url);
        } catch (URISyntaxException e) {
            // Its message has the whole URL, and with it perhaps a password.
            String problem = e.getIndex() < url.length()
                    ? "it has a character that must be written as %XX, near position " + Math.max(0, e.getIndex())
                    : "it is not complete; one looks like kafka://localhost:9092/orders";
            throw new ConfigException("the URL can't be used", problem);
        }
    }
}
