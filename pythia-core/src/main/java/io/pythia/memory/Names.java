package io.pythia.memory;

/** What a topic or a group may be called. */
final class Names {
    private static final int MAX_LENGTH = 249;

    private Names() {}

    /** Returns the name, if it can be one. A comma separates topics in settings. */
    static String check(String what, String name) {
        if (name.isBlank() || name.length() > MAX_LENGTH) {
            throw new IllegalArgumentException(what + " must have 1 to " + MAX_LENGTH + " characters, not only blanks");
        }
        if (name.indexOf(',') >= 0 || name.chars().anyMatch(Character::isISOControl)) {
            throw new IllegalArgumentException(what + " must not have commas or control characters");
        }
        return name;
    }
}
