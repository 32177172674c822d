package io.pythia.spi;

import io.pythia.BrokerListener;
import io.pythia.BrokerMetrics;
import io.pythia.ConfigException;
import io.pythia.ConfigException.Problem;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * The settings of one consumer or producer, each with where it came from. Immutable.
 *
 * <p>Keys are in kebab-case; {@code consumerGroup} and {@code consumer_group} are taken for {@code consumer-group}. A dot leads into a
 * group of settings: {@code retry.max-retries}. What comes after {@code properties.} is the client's own name and is left as it is, as are
 * the names in an open group ({@link SettingsReader#group}). What was given for the one consumer or producer goes before a file, and a file before the environment.
 */
public final class Settings {
    /** The group of the client's own settings. */
    static final String NATIVE = "properties.";

    /** What was given goes first: then come the files, one behind the other, and last the environment. */
    private static final int GIVEN = 0;

    private static final int ENVIRONMENT = Integer.MAX_VALUE - 1;

    /**
     * A value.
     *
     * @param given the key as it was given
     * @param source where it came from
     * @param rank how far behind that source is; 0 for what goes first
     */
    record Entry(String given, String value, String source, int rank) {}

    private final String broker;
    private final Map<String, Entry> entries;
    private final Map<String, Entry> environment;
    private final BrokerListener listener;
    private final BrokerMetrics metrics;

    private Settings(
            String broker,
            Map<String, Entry> entries,
            Map<String, Entry> environment,
            BrokerListener listener,
            BrokerMetrics metrics) {
        this.broker = broker;
        this.entries = entries;
        this.environment = environment;
        this.listener = listener;
        this.metrics = metrics;
    }

    /**
     * Returns the settings of a map.
     *
     * @param broker the name of the connector, for messages
     * @throws ConfigException if two spellings of one key are there
     */
    public static Settings of(String broker, Map<String, String> values) {
        return of(broker, values, "map");
    }

    /** Returns the settings of a map that came from somewhere else, for instance a URL. */
    public static Settings of(String broker, Map<String, String> values, String source) {
        return of(broker, values, source, GIVEN);
    }

    private static Settings of(String broker, Map<String, String> values, String source, int rank) {
        Map<String, Entry> entries = new LinkedHashMap<>();
        List<Problem> problems = new ArrayList<>();
        values.forEach((key, value) -> {
            String normal = normalize(key);
            if (entries.put(normal, new Entry(key, value, source, rank)) != null) {
                problems.add(new Problem(normal, "", "is there twice, in different spellings"));
            }
        });
        if (!problems.isEmpty()) {
            throw new ConfigException(broker, problems);
        }
        return new Settings(broker, entries, Map.of(), BrokerListener.NONE, BrokerMetrics.NONE);
    }

    /** Returns these settings, and those of a properties file (UTF-8) that are not among them. */
    public Settings withFile(Path file) {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            properties.load(reader);
        } catch (IOException | IllegalArgumentException e) {
            throw new ConfigException(
                    broker, "can't read " + file + ": " + e.getClass().getSimpleName());
        }
        Map<String, String> values = new LinkedHashMap<>();
        properties.stringPropertyNames().stream().sorted().forEach(key -> values.put(key, properties.getProperty(key)));
        int rank = 1 + entries.values().stream().mapToInt(Entry::rank).max().orElse(GIVEN);
        Map<String, Entry> all = new LinkedHashMap<>(of(broker, values, "file " + file.getFileName(), rank).entries);
        all.putAll(entries);
        return new Settings(broker, all, environment, listener, metrics);
    }

    /**
     * Returns these settings, and those of environment variables {@code PYTHIA_<BROKER>_<KEY>} that are not among them:
     * {@code PYTHIA_KAFKA_BOOTSTRAP_SERVERS}, {@code PYTHIA_KAFKA_RETRY_MAX_RETRIES}.
     */
    public Settings withEnvironment(Map<String, String> variables) {
        String prefix = "PYTHIA_" + broker.toUpperCase(Locale.ROOT).replace('-', '_') + "_";
        Map<String, Entry> found = new LinkedHashMap<>(environment);
        variables.forEach((name, value) -> {
            if (name.startsWith(prefix) && name.length() > prefix.length()) {
                String key =
                        name.substring(prefix.length()).toLowerCase(Locale.ROOT).replace('_', '-');
                found.put(key, new Entry(key, value, "environment " + name, ENVIRONMENT));
            }
        });
        return new Settings(broker, entries, found, listener, metrics);
    }

    /** Returns these settings with who hears of what happens, and who counts. Both are code, and have no key. */
    public Settings withObservers(BrokerListener listener, BrokerMetrics metrics) {
        return new Settings(broker, entries, environment, listener, metrics);
    }

    /** Returns the name of the connector. */
    public String broker() {
        return broker;
    }

    /** Returns a reader that collects every problem. */
    public SettingsReader reader() {
        return new SettingsReader(this);
    }

    BrokerListener listener() {
        return listener;
    }

    BrokerMetrics metrics() {
        return metrics;
    }

    /** Returns the keys, but those of the environment. */
    Iterable<String> keys() {
        return entries.keySet();
    }

    @Nullable
    Entry find(String key) {
        Entry entry = entries.get(key);
        // A variable's name has no dots: PYTHIA_KAFKA_RETRY_MAX_RETRIES.
        return entry != null ? entry : environment.get(key.replace('.', '-'));
    }

    /**
     * Returns whether anything of a group is set: of {@code tls}, say, {@code tls.ca-file}.
     *
     * @param type the record whose components are in the group
     */
    public boolean hasGroup(String group, Class<? extends Record> type) {
        return Arrays.stream(type.getRecordComponents())
                .anyMatch(component -> find(group + "." + normalize(component.getName())) != null);
    }

    /** Returns the client's own settings, by their own names. */
    Map<String, Entry> nativeSettings() {
        Map<String, Entry> found = new LinkedHashMap<>();
        environment.forEach((key, entry) -> {
            if (key.startsWith("properties-")) {
                found.put(key.substring("properties-".length()).replace('-', '.'), entry);
            }
        });
        entries.forEach((key, entry) -> {
            if (key.startsWith(NATIVE)) {
                found.put(key.substring(NATIVE.length()), entry);
            }
        });
        return found;
    }

    /**
     * Returns the constant that a text names, for setters that take one as text, as settings do: {@code sasl-ssl}, {@code SASL_SSL}, and
     * what its {@code toString} gives.
     *
     * @param setting its name, for the message
     * @throws IllegalArgumentException if there is none; it lists them
     */
    public static <E extends Enum<E>> E constant(String setting, Class<E> type, String text) {
        try {
            return Conversions.constant(text, type);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(setting + " " + e.getMessage(), e);
        }
    }

    /** Returns the kebab-case of a key or of a record component's name. */
    static String normalize(String key) {
        if (key.startsWith(NATIVE)) {
            return key;
        }
        StringBuilder kebab = new StringBuilder();
        for (int i = 0; i < key.length(); i++) {
            char c = key.charAt(i);
            if (c == '_') {
                kebab.append('-');
            } else if (Character.isUpperCase(c)) {
                if (i > 0 && Character.isLowerCase(key.charAt(i - 1))) {
                    kebab.append('-');
                }
                kebab.append(Character.toLowerCase(c));
            } else {
                kebab.append(c);
            }
        }
        return kebab.toString();
    }

    /** Returns the keys and sources; no values, which may be secret. */
    @Override
    public String toString() {
        return broker + entries.keySet();
    }
}
