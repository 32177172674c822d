package io.pythia;

import java.util.List;
import java.util.stream.Collectors;

/** A configuration can't be used. Holds every problem of it, not only the first. */
public final class ConfigException extends BrokerException {
    private static final long serialVersionUID = 1L;

    private final transient List<Problem> problems;

    /** Creates one; {@code what} says what was being configured. */
    public ConfigException(String what, List<Problem> problems) {
        super(text(what, problems));
        this.problems = List.copyOf(problems);
    }

    /** Creates one with a single problem that concerns no setting alone. */
    public ConfigException(String what, String problem) {
        this(what, List.of(new Problem("", "", problem)));
    }

    /** Returns the problems, in the order in which they were found. */
    public List<Problem> problems() {
        return problems;
    }

    private static String text(String what, List<Problem> problems) {
        return what + ": " + (problems.size() == 1 ? "" : problems.size() + " problems:\n  ")
                + problems.stream().map(Problem::toString).collect(Collectors.joining("\n  "));
    }

    /**
     * One problem.
     *
     * @param key the setting; several, with commas between, if they don't fit together; empty if it concerns none
     * @param value the value as it may be shown, and where it came from: {@code "abc" (url)}; empty if there is none
     * @param message what is wrong, and what is allowed
     */
    public record Problem(String key, String value, String message) {
        @Override
        public String toString() {
            return (key.isEmpty() ? "" : key + (value.isEmpty() ? "" : " = " + value) + ": ") + message;
        }
    }
}
