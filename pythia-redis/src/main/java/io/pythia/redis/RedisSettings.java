package io.pythia.redis;

import io.pythia.ConfigException;
import io.pythia.spi.BrokerUri;
import io.pythia.spi.SettingsReader;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the settings and URLs of the three connectors have in common. */
final class RedisSettings {
    private RedisSettings() {}

    /**
     * Returns the settings of an address: {@code //user:password@host:port/name}. Several hosts are the nodes of a cluster, or, with the
     * setting {@code sentinel-master}, the sentinels.
     *
     * @param key the setting that the path is
     */
    static Map<String, String> fromUri(BrokerUri uri, String key) {
        Map<String, String> settings = new LinkedHashMap<>();
        boolean opaque = uri.hosts().isEmpty();
        if (opaque && uri.path().size() > 1) {
            throw new ConfigException(uri.scheme(), "the address is " + uri.scheme() + "://host:port/" + key);
        }
        if (uri.settings().containsKey("sentinel-master") || uri.settings().containsKey("sentinelMaster")) {
            settings.put("sentinels", uri.hostList());
        } else if (uri.hosts().size() > 1) {
            settings.put("nodes", uri.hostList());
        } else if (!opaque) {
            String host = uri.hosts().get(0);
            int colon = host.lastIndexOf(':');
            boolean hasPort = colon > host.lastIndexOf(']');
            String name = hasPort ? host.substring(0, colon) : host;
            settings.put("host", name.startsWith("[") ? name.substring(1, name.length() - 1) : name);
            if (hasPort) {
                settings.put("port", host.substring(colon + 1));
            }
        }
        if (!uri.pathText().isEmpty()) {
            settings.put(key, uri.pathText());
        }
        if (uri.user() != null && uri.password() != null) {
            if (!uri.user().isEmpty() && !uri.user().equals("default")) {
                settings.put("username", uri.user());
            }
            settings.put("password", uri.password().reveal());
        } else if (uri.user() != null) {
            throw new ConfigException(
                    uri.scheme(), "a user needs a password: user:password@host (default:password@host for none)");
        }
        return settings;
    }

    /** Returns how to reach the server; as in code, certificates encrypt the connection, unless it is said that it is not encrypted. */
    static RedisConfig config(SettingsReader read) {
        read.alternatives(List.of("nodes"), List.of("sentinels"), List.of("host", "port"));
        return read.bind(RedisConfig.builder()
                .tlsEnabled(read.hasCertificates("tls-enabled", "false"))
                .build());
    }

    /** What is missing has been noted already. */
    static @Nullable String notEmpty(String text) {
        return text.isEmpty() ? null : text;
    }
}
