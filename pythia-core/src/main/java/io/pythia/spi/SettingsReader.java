package io.pythia.spi;

import io.pythia.BrokerListener;
import io.pythia.BrokerMetrics;
import io.pythia.ConfigException;
import io.pythia.ConfigException.Problem;
import io.pythia.Secret;
import io.pythia.TlsConfig;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads the settings of one consumer or producer, and collects every problem: {@link #finish} throws them all at once, with those keys
 * that nobody asked for. Not thread-safe.
 */
public final class SettingsReader {
    private static final Set<String> SECRET_WORDS =
            Set.of("password", "secret", "token", "credentials", "passphrase", "key-id", "connection-string");

    /** A setting, as code names it or as settings do. */
    private static final Pattern WORD = Pattern.compile("(?<![\\w.-])[a-z]\\w*(?:[.-]\\w+)*");

    private static final int NOT_SET = Integer.MAX_VALUE;

    private final Settings settings;
    private final Map<String, Class<?>> known = new LinkedHashMap<>();
    private final Set<String> leftOut = new HashSet<>();
    private final List<Problem> problems = new ArrayList<>();
    private final Set<String> wrong = new HashSet<>();
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
        known.put(key, type);
        Settings.Entry entry = find(key);
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
     * @return the record, with the default in the place of each value that has a problem: {@link #finish} will throw
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
        for (int i = 0; i < components.length; i++) {
            Object defaultValue = Records.get(defaults, components[i]);
            String key = prefix + Settings.normalize(components[i].getName());
            values[i] = except.contains(key) ? defaultValue : component(components[i], key, defaultValue);
        }
        for (Culprits.Culprit each : Culprits.replace(defaults, values)) {
            List<String> keys = each.components().stream()
                    .map(component -> prefix + Settings.normalize(component.getName()))
                    .toList();
            refused(prefix, keys, each.message());
        }
        return Records.create(type, values);
    }

    /**
     * Notes what code says against some settings, unless it names one that has a problem already: it may follow from that. The message
     * names components or methods, and so does not have the spelling of the keys. A text is not shown: it may hold anything, also a user
     * and a password in an address, and what the code says of it must do.
     */
    private void refused(String prefix, List<String> keys, String message) {
        Set<String> named = new LinkedHashSet<>(keys);
        String text = spelled(prefix, message, named);
        boolean follows = !Collections.disjoint(named, wrong);
        Collection<String> subject = keys.isEmpty() ? subject(prefix, message, named) : keys;
        wrong.addAll(subject);
        if (follows) {
            return;
        }
        String key = String.join(", ", subject);
        Settings.Entry entry = find(key);
        Class<?> type = known.getOrDefault(key, String.class);
        if (entry == null || type == String.class || type == List.class) {
            problems.add(new Problem(key, "", text));
        } else {
            problem(key, entry, type, text);
        }
    }

    /** Returns a message with the names of settings as their keys have them, and adds these keys to a set. */
    private String spelled(String prefix, String message, Set<String> named) {
        return WORD.matcher(message).replaceAll(found -> {
            String word = Settings.normalize(found.group());
            boolean isKey = known.containsKey(prefix + word);
            if (isKey) {
                named.add(prefix + word);
            }
            return Matcher.quoteReplacement(isKey ? word : found.group());
        });
    }

    /** Returns the setting with which a message begins; if it begins with none, all that it names. */
    private static Collection<String> subject(String prefix, String message, Collection<String> named) {
        return named.stream()
                .filter(key -> (prefix + Settings.normalize(message)).startsWith(key + " "))
                .findFirst()
                .<Collection<String>>map(Set::of)
                .orElse(named);
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
        known.put(key, type);
        Settings.Entry entry = find(key);
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

    /**
     * Declares that of these alternatives only one can be set. What a source gives for one goes before what those behind it give for the
     * others, as if they were not set; two of one source are a problem. To be called before they are read.
     *
     * @param alternatives the keys of each
     */
    @SafeVarargs
    public final void alternatives(List<String>... alternatives) {
        int lowest = NOT_SET;
        for (List<String> each : alternatives) {
            lowest = Math.min(lowest, rank(each));
        }
        int first = lowest;
        List<String> rivals = new ArrayList<>();
        for (List<String> each : alternatives) {
            if (rank(each) > first) {
                leftOut.addAll(each);
            } else {
                each.stream()
                        .filter(key -> rank(List.of(key)) == first)
                        .findFirst()
                        .ifPresent(rivals::add);
            }
        }
        if (first != NOT_SET && rivals.size() > 1) {
            wrong.addAll(rivals);
            problems.add(new Problem(String.join(", ", rivals), "", "exclude each other: only one of them can be set"));
        }
    }

    /** Leaves out settings that come from a source behind that of a key, as if they were not set: what was given goes first. */
    public void goesBefore(String key, String... others) {
        int rank = rank(List.of(key));
        for (String other : others) {
            if (rank(List.of(other)) > rank) {
                leftOut.add(other);
            }
        }
    }

    /**
     * Returns whether certificates are set ({@code tls.*}): they encrypt the connection where nothing else is said. What a source behind
     * theirs says against encryption is left out.
     *
     * @param key the setting that says whether to encrypt
     * @param off its values that say no
     */
    public boolean hasCertificates(String key, String... off) {
        boolean set = settings.hasGroup("tls", TlsConfig.class);
        Settings.Entry entry = find(key);
        String word =
                entry == null ? "" : Settings.normalize(entry.value().strip().toLowerCase(Locale.ROOT));
        if (set && Arrays.asList(off).contains(word)) {
            for (RecordComponent each : TlsConfig.class.getRecordComponents()) {
                goesBefore("tls." + Settings.normalize(each.getName()), key);
            }
        }
        return set;
    }

    private int rank(List<String> keys) {
        return keys.stream()
                .map(this::find)
                .filter(Objects::nonNull)
                .mapToInt(Settings.Entry::rank)
                .min()
                .orElse(NOT_SET);
    }

    /** Returns the settings of an open group, {@code header.Accept=...}: what stands behind the dot, as it was given, and the values, in their order. */
    public Map<String, String> group(String group) {
        Map<String, String> found = new LinkedHashMap<>();
        for (String key : settings.keys()) {
            if (key.startsWith(group + ".") && key.length() > group.length() + 1) {
                known.put(key, String.class);
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
                known.putIfAbsent(key, component.getType());
            }
        }
        for (String key : keys) {
            if (key.endsWith(".*")) {
                group(key.substring(0, key.length() - 2));
            } else {
                known.putIfAbsent(key, String.class);
            }
        }
    }

    private void know(Class<?> group, String key) {
        for (RecordComponent component : group.getRecordComponents()) {
            known.put(key + "." + Settings.normalize(component.getName()), component.getType());
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
            Set<String> named = new LinkedHashSet<>(List.of(key));
            String text = spelled("", Objects.toString(e.getMessage()), named);
            if (Collections.disjoint(named, wrong)) {
                problem(key, text);
            }
        }
    }

    /** Notes a problem of a setting. */
    public void problem(String key, String message) {
        Settings.Entry entry = find(Settings.normalize(key));
        if (entry == null) {
            wrong.add(key);
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
        boolean secret = type == Secret.class || isSecret(key) || isAddress(entry.value());
        wrong.add(key);
        String shown = secret ? "***" : "\"" + Conversions.shown(entry.value()) + "\"";
        problems.add(new Problem(key, shown + " (" + entry.source() + ")", message));
    }

    private static boolean isSecret(String key) {
        return SECRET_WORDS.stream().anyMatch(key::contains);
    }

    /** It may have a user and a password, or a secret in its path. */
    private static boolean isAddress(String value) {
        return value.contains("://") || value.contains("@");
    }

    private Settings.@Nullable Entry find(String key) {
        return leftOut.contains(key) ? null : settings.find(key);
    }

    /**
     * Builds what was read, and throws if there was any problem: as {@link #finish()} does, with what the builder says against the
     * settings as a whole ({@link IllegalArgumentException}) among the others.
     *
     * @return what was built
     * @throws ConfigException with all of them
     */
    public <T> T finish(Supplier<T> build) {
        @Nullable T built = null;
        try {
            built = build.get();
        } catch (IllegalArgumentException e) {
            refused("", List.of(), Objects.toString(e.getMessage()));
        } catch (ConfigException e) {
            problems.addAll(e.problems());
        }
        finish();
        return Objects.requireNonNull(built);
    }

    /**
     * Throws if there was any problem, or a setting, a listener or metrics that nobody asked for.
     *
     * @throws ConfigException with all of them
     */
    public void finish() {
        for (String key : settings.keys()) {
            boolean isNative = key.startsWith(Settings.NATIVE);
            if (!known.containsKey(key) && !(isNative && nativeSettingsKnown)) {
                problems.add(new Problem(
                        key,
                        "",
                        isNative
                                ? "this connector takes no settings of its client"
                                : "is not known" + Similar.hint(key, known.keySet())));
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
