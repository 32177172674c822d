package io.pythia.spi;

import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import java.util.Map;
import java.util.Set;

/**
 * A connector, found by {@link java.util.ServiceLoader}: {@code META-INF/services/io.pythia.spi.BrokerProvider} names the class.
 *
 * <p>Creating a provider and asking for its name must be cheap and load no class of the client library.
 */
public interface BrokerProvider {

    /** Returns the name, which is also the scheme of the URLs: lower case, {@code [a-z][a-z0-9-]*}. */
    String name();

    /** Returns other names for the same connector. */
    default Set<String> aliases() {
        return Set.of();
    }

    /** Returns the settings that one of the other names implies, for instance that the connection is encrypted. */
    default Map<String, String> impliedBy(String alias) {
        return Map.of();
    }

    /**
     * Returns the settings that stand in the address of a URL: hosts, path, user and password, under their keys.
     *
     * @throws io.pythia.ConfigException if the address lacks something, or has what this connector has no use for
     */
    Map<String, String> fromUri(BrokerUri uri);

    /** Returns what the connector can do. */
    Capabilities capabilities();

    /**
     * Returns a new consumer, not yet connected.
     *
     * @throws io.pythia.ConfigException with every problem of the settings at once
     * @throws UnsupportedOperationException if the connector has no consumer
     */
    MessageBroker consumer(Settings settings);

    /**
     * Returns a new producer, not yet connected.
     *
     * @throws io.pythia.ConfigException with every problem of the settings at once
     * @throws UnsupportedOperationException if the connector has no producer
     */
    MessageProducer producer(Settings settings);
}
