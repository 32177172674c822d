package io.pythia.spi;

import io.pythia.BrokerListener;
import io.pythia.BrokerMetrics;
import io.pythia.ConfigException;
import io.pythia.ConfigException.Problem;
import io.pythia.Secret;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads the settings of one consumer or producer, and collects every problem: {@link #finish} throws them all at once, with those keys
 * that nobody asked for. Not thread-safe.
 */
public final class SettingsReader {
    private static final Set<String> SECRET_WORDS =
            Set.of("password", "secret", "token", "credentials", "passphrase", "key-id");

    private final Settings settings;
    private final Set<String> known = new LinkedHashSet<>();
    private final List<Problem> problems = new ArrayList<>();
    private boolean nativeSettingsKnown;
    private boolean listenerKnown;
    private boolean metricsKnown;

    SettingsReader(Settings settings) {
        this.settings = settings;
    }

    /** Returns who is to hear of what happens. */
    BrokerListener listener() {
        listenerKnown = true;
        return settings.listener();
    }

    /** Returns who is to count. */
    BrokerMetrics metrics() {
        metricsKnown = true;
        return settings.metrics();
    }

    /** Returns a text, or null if it is not set. */
    public @Nullable String text(String key) {
        return read(key, String.class, null);
    }

    /** Returns a text; if it is not set that is a problem, and the text is empty. */
    public String requiredText(String key) {
        String text = text(key);
        if (text == null || text.isBlank()) {
            problem(key, "is missing");
            return "";
        }
        return text;
    }

    /** Returns a value of a type that {@link #bind} knows, or the default. */
    public <T> @Nullable T read(String key, Class<T> type, @Nullable T defaultValue) {
        known.add(key);
        Settings.Entry entry = settings.find(key);
        if (entry == null) {
            return defaultValue;
        }
        try {
            return type.cast(Conversions.convert(entry.value(), type));
        } catch (IllegalArgumentException e) {
            problem(key, entry, type, Objects.toString(e.getMessage()));
            return defaultValue;
        }
    }

    /**
     * Returns a record whose components are taken from the settings, by their names in kebab-case. What is not set is taken from the
     * record's static method {@code defaults()}. A component that is a record itself is a group: {@code retry.max-retries}. Known types
     * are String, int, long (also a size: {@code 64KiB}), boolean, Duration, enums, Path, Secret, {@code List<String>} (with commas) and
     * {@code Map<String, String>}, which takes the client's own settings ({@code properties.*}).
     *
     * @param except keys that are not read from here
     * @return the record, or its defaults if there was a problem: {@link #finish} will throw
     */
    public <T extends Record> T bind(Class<T> type, String... except) {
        return bind(type, "", Set.of(except));
    }

    /** Returns a record like {@link #bind(Class, String...)}, but with these values in place of the type's defaults. */
    public <T extends Record> T bind(T defaults, String... except) {
        @SuppressWarnings("unchecked")
        Class<T> type = (Class<T>) defaults.getClass();
        return bind(type, defaults, "", Set.of(except));
    }

    private <T extends Record> T bind(Class<T> type, String prefix, Set<String> except) {
        return bind(type, Records.defaults(type), prefix, except);
    }

    private <T extends Record> T bind(Class<T> type, T defaults, String prefix, Set<String> except) {
        RecordComponent[] components = type.getRecordComponents();
        @Nullable Object[] values = new Object[components.length];
        int problemsBefore = problems.size();
        for (int i = 0; i < components.length; i++) {
            Object defaultValue = Records.get(defaults, components[i]);
            String key = prefix + Settings.normalize(components[i].getName());
            values[i] = except.contains(key) ? defaultValue : component(components[i], key, defaultValue);
        }
        boolean converted = problems.size() == problemsBefore;
        try {
            T bound = Records.create(type, values);
            return converted ? bound : defaults;
        } catch (IllegalArgumentException e) {
            String message = Objects.toString(e.getMessage());
            RecordComponent culprit = culprit(defaults, values, prefix);
            if (culprit != null) {
                refused(prefix + Settings.normalize(culprit.getName()), culprit.getType(), message);
            } else if (converted) {
                // Several settings don't fit together. The record names its components: the keys in another spelling.
                problems.add(
                        new Problem(prefix.isEmpty() ? "" : prefix.substring(0, prefix.length() - 1), "", message));
            }
            return defaults;
        }
    }

    /** A text may hold anything, also a user and a password in an address: what the record says of it must do. */
    private void refused(String key, Class<?> type, String message) {
        if (type == String.class || type == List.class) {
            problems.add(new Problem(key, "", message));
        } else {
            problem(key, Objects.requireNonNull(settings.find(key)), type, message);
        }
    }

    /** Returns the one component that is set and without which the record would take the values, or null if there is no such one. */
    private @Nullable RecordComponent culprit(Record defaults, @Nullable Object[] values, String prefix) {
        RecordComponent[] components = defaults.getClass().getRecordComponents();
        List<RecordComponent> culprits = new ArrayList<>();
        for (int i = 0; i < components.length; i++) {
            if (settings.find(prefix + Settings.normalize(components[i].getName())) != null) {
                @Nullable Object[] without = values.clone();
                without[i] = Records.get(defaults, components[i]);
                if (Records.takes(defaults.getClass(), without)) {
                    culprits.add(components[i]);
                }
            }
        }
        return culprits.size() == 1 ? culprits.get(0) : null;
    }

    private @Nullable Object component(RecordComponent component, String key, @Nullable Object defaultValue) {
        Class<?> type = component.getType();
        if (type.isRecord()) {
            return group(type.asSubclass(Record.class), key, defaultValue);
        }
        if (type == Map.class) {
            nativeSettingsKnown = true;
            Map<String, String> values = new LinkedHashMap<>();
            settings.nativeSettings().forEach((name, entry) -> values.put(name, entry.value()));
            return values.isEmpty() ? defaultValue : values;
        }
        known.add(key);
        Settings.Entry entry = settings.find(key);
        if (entry == null) {
            return defaultValue;
        }
        try {
            return Conversions.convert(entry.value(), type);
        } catch (IllegalArgumentException e) {
            problem(key, entry, type, Objects.toString(e.getMessage()));
            return defaultValue;
        }
    }

    private @Nullable Object group(Class<? extends Record> type, String key, @Nullable Object defaultValue) {
        know(type, key);
        if (!settings.hasGroup(key, type)) {
            return defaultValue;
        }
        // The values of this place, not those of the type, stand in for what is not set.
        if (defaultValue != null) {
            return bindOver(type.cast(defaultValue), key + ".");
        }
        return bind(type, key + ".", Set.of());
    }

    private <T extends Record> T bindOver(T base, String prefix) {
        @SuppressWarnings("unchecked")
        Class<T> type = (Class<T>) base.getClass();
        return bind(type, base, prefix, Set.of());
    }

    /** Returns the settings of an open group, {@code header.Accept=...}: what stands behind the dot, as it was given, and the values, in their order. */
    public Map<String, String> group(String group) {
        Map<String, String> found = new LinkedHashMap<>();
        for (String key : settings.keys()) {
            if (key.startsWith(group + ".") && key.length() > group.length() + 1) {
                known.add(key);
                Settings.Entry entry = Objects.requireNonNull(settings.find(key));
                found.put(entry.given().substring(entry.given().indexOf('.') + 1), entry.value());
            }
        }
        return found;
    }

    /**
     * Accepts what only the other side reads, and does nothing with it: one URL, one file or one environment serves the consumer and the
     * producer of an application. Every connector that has both sides calls it.
     *
     * @param options what every consumer or producer can be told, whichever the other side is
     * @param keys the other side's own keys; one that ends in {@code .*} is an open group
     */
    public void otherSide(Class<? extends Record> options, Collection<String> keys) {
        for (RecordComponent component : options.getRecordComponents()) {
            String key = Settings.normalize(component.getName());
            if (component.getType().isRecord()) {
                know(component.getType(), key);
            } else {
                known.add(key);
            }
        }
        for (String key : keys) {
            if (key.endsWith(".*")) {
                group(key.substring(0, key.length() - 2));
            } else {
                known.add(key);
            }
        }
    }

    private void know(Class<?> group, String key) {
        for (RecordComponent component : group.getRecordComponents()) {
            known.add(key + "." + Settings.normalize(component.getName()));
        }
    }

    /** Gives a value that is set to a builder; what the builder says against it is a problem of that setting. */
    public <T> void set(String key, @Nullable T value, Consumer<T> setter) {
        if (value == null) {
            return;
        }
        try {
            setter.accept(value);
        } catch (IllegalArgumentException e) {
            problem(key, Objects.toString(e.getMessage()));
        }
    }

    /** Notes a problem of a setting. */
    public void problem(String key, String message) {
        Settings.Entry entry = settings.find(Settings.normalize(key));
        if (entry == null) {
            problems.add(new Problem(key, "", message));
        } else {
            problem(key, entry, String.class, message);
        }
    }

    /** Notes a problem of no setting alone. */
    public void problem(String message) {
        problems.add(new Problem("", "", message));
    }

    private void problem(String key, Settings.Entry entry, Class<?> type, String message) {
        String shown = type == Secret.class || isSecret(key) ? "***" : "\"" + Conversions.shown(entry.value()) + "\"";
        problems.add(new Problem(key, shown + " (" + entry.source() + ")", message));
    }

    private static boolean isSecret(String key) {
        return SECRET_WORDS.stream().anyMatch(key::contains);
    }

    /**
     * Throws if there was any problem, or a setting, a listener or metrics that nobody asked for.
     *
     * @throws ConfigException with all of them
     */
    public void finish() {
        for (String key : settings.keys()) {
            boolean isNative = key.startsWith(Settings.NATIVE);
            if (!known.contains(key) && !(isNative && nativeSettingsKnown)) {
                problems.add(new Problem(
                        key,
                        "",
                        isNative
                                ? "this connector takes no settings of its client"
                                : "is not known" + Similar.hint(key, known)));
            }
        }
        if (settings.listener() != BrokerListener.NONE && !listenerKnown) {
            problem("this connector tells no listener");
        }
        if (settings.metrics() != BrokerMetrics.NONE && !metricsKnown) {
            problem("this connector tells no metrics");
        }
        if (!problems.isEmpty()) {
            throw new ConfigException(settings.broker(), problems);
        }
    }
}
