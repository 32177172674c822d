package io.pythia.redis;

import io.pythia.internal.Utf8;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.UUID;

/** Names of keys, groups, consumers and channels: Redis takes any bytes, so only what can't be meant is refused. */
final class Names {
    private static final int MAX_LENGTH = 1_000;

    private Names() {}

    /** Returns the name, or throws an {@link IllegalArgumentException} that names the setting. */
    static String check(String setting, String name) {
        if (name.isBlank() || name.length() > MAX_LENGTH || name.chars().anyMatch(Character::isISOControl)) {
            throw new IllegalArgumentException(setting + " must be 1 to " + MAX_LENGTH
                    + " characters, not only blanks, without control characters");
        }
        Utf8.encode(setting, name);
        return name;
    }

    /** Returns a name that no other consumer has: host, process and a random number. */
    static String generatedConsumer() {
        String host;
        try {
            host = InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            host = "unknown";
        }
        return host + "-" + ProcessHandle.current().pid() + "-"
                + UUID.randomUUID().toString().substring(0, 8);
    }
}
