package io.pythia.cloud.azure;

import io.pythia.Secret;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a consumer consumes.
 *
 * @param name the queue or the topic
 * @param subscription the subscription of the topic, null for a queue
 * @param subQueue the part of it
 */
record ServiceBusEntity(String name, @Nullable String subscription, SubQueue subQueue) {
    private static final int MAX_NAME = 260;

    /** Checks the name of a queue, topic or subscription. */
    static String check(String setting, String name) {
        if (!name.matches("[A-Za-z0-9]([A-Za-z0-9._/$-]{0," + (MAX_NAME - 2) + "}[A-Za-z0-9_-])?")) {
            throw new IllegalArgumentException(
                    setting + " must have 1 to " + MAX_NAME
                            + " letters, digits, dots, hyphens, underscores and slashes, and begin and end with none of dot and slash");
        }
        return name;
    }

    /**
     * Returns the name of what a connection string may name, too.
     *
     * @param given the name that was set, null for none
     * @param setting what should have been set
     * @throws IllegalArgumentException if there is no way to the service, no name, or two
     */
    static String of(AzureConfig config, @Nullable String given, String setting) {
        config.requireReachable();
        Secret secret = config.connectionString();
        String path = null;
        if (secret != null) {
            ConnectionString parsed = ConnectionString.parse(secret);
            parsed.requireServiceBus();
            path = parsed.entityPath();
        }
        if (given == null && path == null) {
            throw new IllegalArgumentException(setting + " must be set");
        }
        if (given != null && path != null && !given.equalsIgnoreCase(path)) {
            throw new IllegalArgumentException("connectionString is for another entity than " + setting + ", " + given);
        }
        return given != null ? given : Objects.requireNonNull(path);
    }

    /** Returns the name that messages and logs show. */
    String path() {
        String path = subscription == null ? name : name + "/subscriptions/" + subscription;
        return subQueue == SubQueue.NONE
                ? path
                : path + "/" + subQueue.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
