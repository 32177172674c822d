package io.pythia.http;

import io.pythia.ConfigException;
import io.pythia.spi.BrokerUri;
import io.pythia.spi.SettingsReader;
import java.util.Map;
import java.util.function.Consumer;

/** What the two providers share. */
final class HttpSettings {
    private HttpSettings() {}

    /** Returns the URL that stands behind the name of the connector. */
    static String address(String connector, BrokerUri uri) {
        if (!uri.hosts().isEmpty() || uri.path().size() != 1 || !uri.pathText().contains("://")) {
            throw new ConfigException(
                    connector, "the address is " + connector + ":https://host/path, its settings behind a #");
        }
        return uri.pathText();
    }

    /** Reads {@code header.<name>=<value>}. A problem names the header, and not its value. */
    static void headers(SettingsReader read, Consumer<Map<String, String>> setter) {
        try {
            Map<String, String> headers = read.group("header");
            if (!headers.isEmpty()) {
                setter.accept(headers);
            }
        } catch (IllegalArgumentException e) {
            read.problem(String.valueOf(e.getMessage()));
        }
    }
}
