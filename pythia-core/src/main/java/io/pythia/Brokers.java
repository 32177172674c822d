package io.pythia;

import io.pythia.spi.BrokerProvider;
import io.pythia.spi.BrokerUri;
import io.pythia.spi.Capabilities;
import io.pythia.spi.Settings;
import io.pythia.spi.Similar;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Finds brokers by name: the only entrance an application needs. Immutable and thread-safe.
 *
 * <p>Settings that are not given are looked up in the environment: {@code PYTHIA_KAFKA_BOOTSTRAP_SERVERS}. Outages, gaps and dropped
 * messages are in the log; an application that is to act on them gives a {@linkplain #withListener listener}:
 *
 * <pre>{@code
 * Brokers brokers = Brokers.load().withListener(listener).withMetrics(metrics);
 * Worker worker = Worker.from(brokers.consumer(uri)).onMessage(handler).build();
 * }</pre>
 */
public final class Brokers {
    /** Where a connector is that is not on the class path. */
    private static final Map<String, String> MODULES = Map.ofEntries(
            Map.entry("kafka", "pythia-kafka"),
            Map.entry("redis-streams", "pythia-redis"),
            Map.entry("redis", "pythia-redis"),
            Map.entry("redis-pubsub", "pythia-redis"),
            Map.entry("redis-list", "pythia-redis"),
            Map.entry("rabbitmq", "pythia-rabbitmq"),
            Map.entry("amqp", "pythia-rabbitmq"),
            Map.entry("amqps", "pythia-rabbitmq"),
            Map.entry("http-poller", "pythia-http"),
            Map.entry("webhook", "pythia-http"),
            Map.entry("sqs", "pythia-cloud-aws"),
            Map.entry("sns", "pythia-cloud-aws"),
            Map.entry("pubsub", "pythia-cloud-gcp"),
            Map.entry("servicebus", "pythia-cloud-azure"),
            Map.entry("storage-queue", "pythia-cloud-azure"),
            Map.entry("cdc", "pythia-cdc"));

    private final Map<String, BrokerProvider> byName;
    private final List<String> broken;
    private final Map<String, String> environment;
    private final BrokerListener listener;
    private final BrokerMetrics metrics;

    private Brokers(
            Map<String, BrokerProvider> byName,
            List<String> broken,
            Map<String, String> environment,
            BrokerListener listener,
            BrokerMetrics metrics) {
        this.byName = byName;
        this.broken = broken;
        this.environment = environment;
        this.listener = listener;
        this.metrics = metrics;
    }

    /** Returns the connectors that the context class loader of this thread finds. One that can't be loaded does not hide the others. */
    public static Brokers load() {
        ClassLoader context = Thread.currentThread().getContextClassLoader();
        return load(context == null ? Brokers.class.getClassLoader() : context);
    }

    /** Returns the connectors that a class loader finds. */
    public static Brokers load(ClassLoader loader) {
        Map<String, BrokerProvider> found = new TreeMap<>();
        List<String> broken = new ArrayList<>();
        var services = ServiceLoader.load(BrokerProvider.class, loader).stream().iterator();
        while (true) {
            try {
                if (!services.hasNext()) {
                    return new Brokers(
                            found, List.copyOf(broken), System.getenv(), BrokerListener.NONE, BrokerMetrics.NONE);
                }
                BrokerProvider provider = services.next().get();
                register(found, broken, provider.name(), provider);
                provider.aliases().forEach(alias -> register(found, broken, alias, provider));
            } catch (ServiceConfigurationError | RuntimeException | LinkageError e) {
                broken.add(String.valueOf(e.getMessage()));
            }
        }
    }

    private static void register(
            Map<String, BrokerProvider> found, List<String> broken, String name, BrokerProvider provider) {
        BrokerProvider other = found.putIfAbsent(name, provider);
        if (other != null && other.getClass() != provider.getClass()) {
            broken.add(provider.getClass().getName() + " has the name " + name + ", as has "
                    + other.getClass().getName());
        }
    }

    /**
     * Returns the same connectors; their consumers and producers made from here on tell the listener of outages, gaps and messages that take
     * another way. It takes the place of one that was set before.
     */
    public Brokers withListener(BrokerListener listener) {
        return new Brokers(byName, broken, environment, Objects.requireNonNull(listener, "listener"), metrics);
    }

    /** Returns the same connectors; their consumers and producers made from here on are counted there, and no longer where they were before. */
    public Brokers withMetrics(BrokerMetrics metrics) {
        return new Brokers(byName, broken, environment, listener, Objects.requireNonNull(metrics, "metrics"));
    }

    /** Returns the names of the connectors, aliases not among them, sorted. */
    public Set<String> names() {
        Set<String> names = new TreeSet<>();
        byName.values().forEach(provider -> names.add(provider.name()));
        return names;
    }

    /** Returns what was found and could not be used, a line each: a connector that can't be loaded, or a name that is taken. */
    public List<String> problems() {
        return broken;
    }

    /** Returns what a connector can do. */
    public Capabilities capabilities(String name) {
        return provider(name).capabilities();
    }

    /** Returns the other names of a connector. */
    public Set<String> aliases(String name) {
        return new TreeSet<>(provider(name).aliases());
    }

    /**
     * Returns a new consumer, not connected.
     *
     * @throws UnknownBrokerException if there is no connector of that name
     * @throws ConfigException with every problem of the settings at once
     * @throws UnsupportedOperationException if the connector has no consumer, only a producer
     */
    public MessageBroker consumer(String name, Map<String, String> settings) {
        return consumer(name, settings, "map");
    }

    /**
     * Returns a new consumer with the settings of a properties file (UTF-8), not connected.
     *
     * @throws UnknownBrokerException if there is no connector of that name
     * @throws ConfigException with every problem of the settings at once, or if the file can't be read
     * @throws UnsupportedOperationException if the connector has no consumer, only a producer
     */
    public MessageBroker consumer(String name, Path file) {
        BrokerProvider provider = provider(name);
        requireConsumer(provider);
        return provider.consumer(settings(name, Map.of(), "map").withFile(file));
    }

    /**
     * Returns a new producer with the settings of a properties file (UTF-8), not connected.
     *
     * @throws UnknownBrokerException if there is no connector of that name
     * @throws ConfigException with every problem of the settings at once, or if the file can't be read
     * @throws UnsupportedOperationException if the connector has no producer, only a consumer
     */
    public MessageProducer producer(String name, Path file) {
        BrokerProvider provider = provider(name);
        requireProducer(provider);
        return provider.producer(settings(name, Map.of(), "map").withFile(file));
    }

    /**
     * Returns a new producer, not connected.
     *
     * @throws UnknownBrokerException if there is no connector of that name
     * @throws ConfigException with every problem of the settings at once
     * @throws UnsupportedOperationException if the connector has no producer, only a consumer
     */
    public MessageProducer producer(String name, Map<String, String> settings) {
        return producer(name, settings, "map");
    }

    /**
     * Returns a new consumer for a URL such as {@code kafka://localhost:9092/orders?consumer-group=billing}, not connected.
     *
     * @throws UnknownBrokerException if there is no connector of the URL's scheme
     * @throws ConfigException if the URL can't be taken apart, or with every problem of its settings at once; never with its password
     * @throws UnsupportedOperationException if the connector has no consumer, only a producer
     */
    public MessageBroker consumer(URI uri) {
        BrokerUri parsed = BrokerUri.parse(uri.toString());
        return consumer(parsed.scheme(), fromUri(parsed), "url");
    }

    /**
     * Returns a new producer for a URL, not connected. One URL serves both sides: what only the consumer reads is no mistake.
     *
     * @throws UnknownBrokerException if there is no connector of the URL's scheme
     * @throws ConfigException if the URL can't be taken apart, or with every problem of its settings at once; never with its password
     * @throws UnsupportedOperationException if the connector has no producer, only a consumer
     */
    public MessageProducer producer(URI uri) {
        BrokerUri parsed = BrokerUri.parse(uri.toString());
        return producer(parsed.scheme(), fromUri(parsed), "url");
    }

    private MessageBroker consumer(String name, Map<String, String> values, String source) {
        BrokerProvider provider = provider(name);
        requireConsumer(provider);
        return provider.consumer(settings(name, values, source));
    }

    private MessageProducer producer(String name, Map<String, String> values, String source) {
        BrokerProvider provider = provider(name);
        requireProducer(provider);
        return provider.producer(settings(name, values, source));
    }

    private static void requireConsumer(BrokerProvider provider) {
        if (!provider.capabilities().consumes()) {
            throw new UnsupportedOperationException(provider.name() + " has no consumer, only a producer");
        }
    }

    private static void requireProducer(BrokerProvider provider) {
        if (!provider.capabilities().produces()) {
            throw new UnsupportedOperationException(provider.name() + " has no producer, only a consumer");
        }
    }

    private Map<String, String> fromUri(BrokerUri uri) {
        Map<String, String> values = new LinkedHashMap<>(uri.settings());
        provider(uri.scheme()).fromUri(uri).forEach((key, value) -> {
            if (values.put(key, value) != null) {
                throw new ConfigException(uri.scheme(), key + " is in the address and among the settings of the URL");
            }
        });
        return values;
    }

    private Settings settings(String name, Map<String, String> values, String source) {
        BrokerProvider provider = provider(name);
        Map<String, String> all = new LinkedHashMap<>(values);
        provider.impliedBy(name).forEach((key, value) -> {
            String given = all.put(key, value);
            if (given != null && !given.equals(value)) {
                throw new ConfigException(
                        name, key + " is " + value + " by the name " + name + ", but was set to another value");
            }
        });
        return Settings.of(provider.name(), all, source)
                .withEnvironment(environment)
                .withObservers(listener, metrics);
    }

    private BrokerProvider provider(String name) {
        BrokerProvider provider = byName.get(name);
        if (provider == null) {
            throw new UnknownBrokerException(unknown(name));
        }
        return provider;
    }

    private String unknown(String name) {
        @Nullable String module = MODULES.get(name);
        Collection<String> names = byName.keySet();
        return "there is no connector \"" + name + "\" on the class path; found: " + String.join(", ", names)
                + (module == null ? Similar.suggestion(name, names) : "; add the module io.pythia:" + module)
                + (broken.isEmpty() ? "" : "; not usable: " + String.join("; ", broken));
    }
}
