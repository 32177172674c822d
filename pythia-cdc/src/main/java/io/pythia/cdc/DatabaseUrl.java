package io.pythia.cdc;

import io.pythia.ConfigException;
import io.pythia.Secret;
import io.pythia.spi.BrokerUri;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A database's address, taken apart strictly: the seed's form {@code postgresql://user:password@host/db}, or a JDBC URL. User and password
 * are taken out of it, so that no driver can print them.
 *
 * @param dialect what kind of database it is
 * @param jdbc the JDBC URL, without user, password and properties
 * @param shown what may be shown of it: hosts and database
 * @param user the user, null for none
 * @param password the password, null for none
 * @param properties the driver's properties in it
 */
record DatabaseUrl(
        Dialect dialect,
        String jdbc,
        String shown,
        @Nullable String user,
        @Nullable Secret password,
        Map<String, String> properties) {

    private static final Pattern H2_PLACE = Pattern.compile("(mem:|file:|tcp://|ssl://|[./~]).{0,500}");

    /**
     * Takes a URL apart.
     *
     * @throws IllegalArgumentException that says what is wrong, without the URL
     */
    static DatabaseUrl parse(String url) {
        if (url.isEmpty() || url.length() > 2_000 || url.chars().anyMatch(Character::isISOControl)) {
            throw bad("must be an address such as postgresql://host/db, without control characters");
        }
        String rest = url.regionMatches(true, 0, "jdbc:", 0, 5) ? url.substring(5) : url;
        int colon = rest.indexOf(':');
        String kind = colon < 0 ? "" : rest.substring(0, colon).toLowerCase(Locale.ROOT);
        return switch (kind) {
            case "postgresql", "postgres" -> server(Dialect.POSTGRESQL, "postgresql", rest.substring(colon + 1));
            case "mariadb" -> server(Dialect.MYSQL, "mariadb", rest.substring(colon + 1));
            case "mysql" -> server(Dialect.MYSQL, "mysql", rest.substring(colon + 1));
            case "sqlite" -> sqlite(rest.substring(colon + 1));
            case "h2" -> h2(rest.substring(colon + 1));
            default ->
                throw bad("must begin with postgresql:, mariadb:, mysql:, sqlite: or h2:, with jdbc: before it or not");
        };
    }

    private static DatabaseUrl server(Dialect dialect, String scheme, String rest) {
        if (!rest.startsWith("//")) {
            throw bad("must be " + scheme + "://host:port/database");
        }
        BrokerUri uri;
        try {
            uri = BrokerUri.parse(scheme + ":" + rest);
        } catch (ConfigException e) {
            throw bad("can't be used: " + e.problems().get(0).message());
        }
        if (uri.hosts().isEmpty() || uri.path().size() != 1 || uri.pathText().isEmpty()) {
            throw bad("must be " + scheme + "://host:port/database");
        }
        if (!uri.pathText().matches("[A-Za-z0-9_$.-]{1,64}")) {
            throw bad("has a database's name with other characters than letters, digits, _, $, . and -");
        }
        Map<String, String> properties = new LinkedHashMap<>(uri.settings());
        String user = uri.user() != null ? uri.user() : properties.get("user");
        String queryPassword = properties.get("password");
        Secret password = uri.password() != null || queryPassword == null ? uri.password() : Secret.of(queryPassword);
        properties.remove("user");
        properties.remove("password");
        String place = uri.hostList() + "/" + uri.pathText();
        return new DatabaseUrl(
                dialect, "jdbc:" + scheme + "://" + place, place, user, password, Map.copyOf(properties));
    }

    /** Three slashes before a relative path and four before an absolute one, as in Python, or the path alone, as in JDBC. */
    private static DatabaseUrl sqlite(String rest) {
        String path = rest.startsWith("///") ? rest.substring(3) : rest;
        if (path.isEmpty() || path.startsWith(":") || path.startsWith("file:") || path.indexOf('?') >= 0) {
            throw bad("must be sqlite: and the path of a file; a database in memory has no second connection");
        }
        return new DatabaseUrl(Dialect.SQLITE, "jdbc:sqlite:" + path, path, null, null, Map.of());
    }

    private static DatabaseUrl h2(String rest) {
        String[] parts = rest.split(";", -1);
        if (!H2_PLACE.matcher(parts[0]).matches()) {
            throw bad("must be h2: and mem:name, file:path or tcp://host/path");
        }
        Map<String, String> properties = new LinkedHashMap<>();
        for (int i = 1; i < parts.length; i++) {
            int equals = parts[i].indexOf('=');
            if (equals <= 0 && !parts[i].isEmpty()) {
                throw bad("has settings that are not NAME=value with ; between them");
            }
            if (parts[i].isEmpty()) {
                continue; // behind the last one
            }
            properties.put(parts[i].substring(0, equals).toUpperCase(Locale.ROOT), parts[i].substring(equals + 1));
        }
        String user = properties.remove("USER");
        String password = properties.remove("PASSWORD");
        return new DatabaseUrl(
                Dialect.H2,
                "jdbc:h2:" + parts[0],
                parts[0],
                user,
                password == null ? null : Secret.of(password),
                Map.copyOf(properties));
    }

    private static IllegalArgumentException bad(String problem) {
        return new IllegalArgumentException("dbUrl " + problem);
    }

    @Override
    public String toString() {
        return shown;
    }
}
