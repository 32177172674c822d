package io.pythia.cloud.azure;

import io.pythia.Secret;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A connection string taken apart, strictly: the clients' own parsers quote what they don't understand, which may be a key. No message of
 * this class has any value.
 */
final class ConnectionString {
    private static final Set<String> KNOWN = Set.of(
            "endpoint",
            "sharedaccesskeyname",
            "sharedaccesskey",
            "sharedaccesssignature",
            "entitypath",
            "usedevelopmentemulator",
            "defaultendpointsprotocol",
            "accountname",
            "accountkey",
            "queueendpoint",
            "blobendpoint",
            "tableendpoint",
            "fileendpoint",
            "endpointsuffix",
            "usedevelopmentstorage");

    private final Map<String, String> parts;

    private ConnectionString(Map<String, String> parts) {
        this.parts = parts;
    }

    /**
     * Takes one apart.
     *
     * @throws IllegalArgumentException if it is no connection string
     */
    static ConnectionString parse(Secret secret) {
        Map<String, String> parts = new TreeMap<>();
        for (String pair : secret.reveal().split(";", -1)) {
            if (pair.isBlank()) {
                continue;
            }
            int equals = pair.indexOf('=');
            String key = equals < 0 ? "" : pair.substring(0, equals).strip().toLowerCase(Locale.ROOT);
            if (!KNOWN.contains(key)) {
                throw bad("has a part that is none of name=value with a known name, with ; between the parts");
            }
            String value = pair.substring(equals + 1).strip();
            if (value.isEmpty()) {
                throw bad("has no value for " + key);
            }
            if (value.chars().anyMatch(Character::isISOControl)) {
                throw bad("has a control character in " + key);
            }
            if (parts.put(key, value) != null) {
                throw bad("has " + key + " twice");
            }
        }
        if (parts.isEmpty()) {
            throw bad("is empty");
        }
        return new ConnectionString(parts);
    }

    /** Checks that it is one of Service Bus. */
    void requireServiceBus() {
        String endpoint = get("endpoint");
        if (endpoint == null || !endpoint.toLowerCase(Locale.ROOT).startsWith("sb://")) {
            throw bad("of Service Bus needs Endpoint=sb://...; this may be one of Storage");
        }
        boolean key = get("sharedaccesskeyname") != null && get("sharedaccesskey") != null;
        if (!key && get("sharedaccesssignature") == null) {
            throw bad("of Service Bus needs SharedAccessKeyName and SharedAccessKey, or SharedAccessSignature");
        }
    }

    /** Checks that it is one of Storage. */
    void requireStorage() {
        if ("true".equalsIgnoreCase(get("usedevelopmentstorage"))) {
            return;
        }
        boolean key = get("accountname") != null && get("accountkey") != null;
        boolean signature = get("sharedaccesssignature") != null && get("queueendpoint") != null;
        if (!key && !signature) {
            throw bad("of Storage needs AccountName and AccountKey, or QueueEndpoint and SharedAccessSignature;"
                    + " this may be one of Service Bus");
        }
    }

    /** Returns the queue or topic that it is limited to, null for none. */
    @Nullable
    String entityPath() {
        return get("entitypath");
    }

    private @Nullable String get(String key) {
        return parts.get(key);
    }

    private static IllegalArgumentException bad(String problem) {
        return new IllegalArgumentException("connectionString " + problem);
    }
}
