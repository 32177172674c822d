package io.pythia.cdc;

import io.pythia.TlsConfig;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a driver is told. Only properties of a list are taken: others load classes, read files, run statements or write logs
 * ({@code socketFactory}, {@code INIT}, {@code allowLoadLocalInfile}, {@code loggerFile}).
 */
final class DriverProperties {
    private static final Map<Dialect, Set<String>> ALLOWED = Map.of(
            Dialect.POSTGRESQL,
            Set.of(
                    "ApplicationName",
                    "channelBinding",
                    "connectTimeout",
                    "currentSchema",
                    "gssEncMode",
                    "hostRecheckSeconds",
                    "loadBalanceHosts",
                    "loginTimeout",
                    "socketTimeout",
                    "ssl",
                    "sslcert",
                    "sslkey",
                    "sslmode",
                    "sslpassword",
                    "sslrootcert",
                    "targetServerType",
                    "tcpKeepAlive"),
            Dialect.MYSQL,
            Set.of("connectTimeout", "serverSslCert", "socketTimeout", "sslMode", "tcpKeepAlive"),
            Dialect.SQLITE,
            Set.of("busy_timeout"),
            Dialect.H2,
            Set.of(
                    "CASE_INSENSITIVE_IDENTIFIERS",
                    "DATABASE_TO_LOWER",
                    "DATABASE_TO_UPPER",
                    "DB_CLOSE_DELAY",
                    "DB_CLOSE_ON_EXIT",
                    "IFEXISTS",
                    "LOCK_TIMEOUT",
                    "MODE",
                    "NON_KEYWORDS"));

    /** Ways of TLS by which anybody can listen in who stands between. */
    private static final Set<String> UNVERIFIED =
            Set.of("allow", "prefer", "require", "trust", "required", "preferred");

    private DriverProperties() {}

    /**
     * Returns the properties of a URL and a configuration.
     *
     * @throws IllegalArgumentException naming each that is not allowed, without its value
     */
    static Map<String, String> of(DatabaseUrl url, CdcConfig config) {
        Map<String, String> all = new LinkedHashMap<>(url.properties());
        all.putAll(config.properties());
        Set<String> refused = new TreeSet<>(all.keySet());
        refused.removeAll(ALLOWED.getOrDefault(url.dialect(), Set.of()));
        if (!refused.isEmpty()) {
            throw new IllegalArgumentException("properties: " + String.join(", ", refused)
                    + " can't be set; allowed are "
                    + String.join(", ", new TreeSet<>(ALLOWED.getOrDefault(url.dialect(), Set.of()))));
        }
        verifyTls(all);
        if (config.tls() != null) {
            tls(url.dialect(), config.tls(), all);
        }
        return all;
    }

    private static void verifyTls(Map<String, String> all) {
        if ("true".equals(all.get("ssl")) && !all.containsKey("sslmode")) {
            all.put("sslmode", "verify-full");
        }
        all.remove("ssl");
        for (String name : Set.of("sslmode", "sslMode")) {
            String mode = all.get(name);
            if (mode != null && UNVERIFIED.contains(mode.toLowerCase(java.util.Locale.ROOT))) {
                throw new IllegalArgumentException("properties: " + name + " must be verify-full, verify-ca or disable:"
                        + " the others accept any server's certificate");
            }
        }
    }

    private static void tls(Dialect dialect, TlsConfig tls, Map<String, String> all) {
        String mode = tls.verifyHostname() ? "verify-full" : "verify-ca";
        switch (dialect) {
            case POSTGRESQL -> {
                all.put("sslmode", mode);
                if (tls.caFile() != null) {
                    all.put("sslrootcert", tls.caFile().toString());
                } else {
                    all.put("sslfactory", "org.postgresql.ssl.DefaultJavaSSLFactory"); // the JDK's certificates
                }
                if (tls.certificateFile() != null && tls.keyFile() != null) {
                    all.put("sslcert", tls.certificateFile().toString());
                    all.put("sslkey", tls.keyFile().toString());
                }
            }
            case MYSQL -> {
                if (tls.certificateFile() != null) {
                    throw new IllegalArgumentException(
                            "tls: certificateFile is for PostgreSQL; give a DataSource instead");
                }
                all.put("sslMode", mode);
                if (tls.caFile() != null) {
                    all.put("serverSslCert", tls.caFile().toString());
                }
            }
            case SQLITE, H2 -> throw new IllegalArgumentException("tls: this database has no TLS here");
        }
    }
}
