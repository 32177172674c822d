package io.pythia.cdc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.TlsConfig;
import io.pythia.testkit.TestSubscriber;
import io.pythia.testkit.server.PostgresTestServer;
import io.pythia.testkit.server.TestCertificates;
import io.pythia.testkit.server.TestServers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** TLS to PostgreSQL: only the right server connects, for both kinds of connections. */
@Timeout(240)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CdcTlsIT {
    @TempDir
    private static Path folder;

    private final Map<String, PostgresTestServer> servers = new HashMap<>();
    private final Map<String, String> made = new HashMap<>();
    private TestCertificates certificates;

    @BeforeAll
    void createAuthorities() throws IOException {
        certificates = new TestCertificates(folder);
        certificates.authority("ca");
        certificates.authority("other");
    }

    @AfterAll
    void stop() {
        servers.values().forEach(PostgresTestServer::close);
    }

    private void check(String names, TlsConfig tls, boolean connects) throws IOException {
        check(server(names, "-0d"), tls, connects);
    }

    private static void check(PostgresTestServer server, TlsConfig tls, boolean connects) {
        TestDatabase database = TestDatabase.postgres(server);
        String table = database.newTable();
        database.insert(table, 1, "one");
        for (CdcMode mode : CdcMode.values()) {
            CdcConfig config =
                    new LogWorkers(database).config().mode(mode).tls(tls).build();
            try (CdcWorker worker = CdcWorker.builder()
                    .dbUrl(database.url())
                    .tables(table)
                    .config(config)
                    .build()) {
                if (connects) {
                    assertThat(Events.of(worker).last(1).key()).isEqualTo(Map.of("id", 1L));
                    assertThat(database.number("SELECT count(*) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid)"
                                    + " WHERE NOT s.ssl AND a.application_name LIKE 'pythia-cdc%'"))
                            .isZero();
                } else {
                    assertThatThrownBy(() -> TestSubscriber.get(worker.connect()))
                            .satisfies(error -> assertThat(PollingCases.root(error))
                                    .isInstanceOf(io.pythia.BrokerException.class)
                                    .hasMessageNotContaining("postgres:postgres"));
                }
            }
        }
    }

    /** Returns the server with such a certificate, which the tests share. */
    private PostgresTestServer server(String names, String startDate) throws IOException {
        PostgresTestServer started = servers.get(names + startDate);
        if (started == null) {
            started = newServer(certificate(names, startDate), Map.of());
            servers.put(names + startDate, started);
        }
        return started;
    }

    private PostgresTestServer newServer(String certificate, Map<String, String> settings) {
        Map<String, String> all = new HashMap<>(settings);
        all.put("ssl", "on");
        all.put("ssl_cert_file", folder.resolve(certificate + ".pem").toString());
        all.put("ssl_key_file", certificates.key(certificate).toString());
        return TestServers.newPostgres(all);
    }

    /** Returns the name of a certificate, made once: keytool is slow. */
    private String certificate(String names, String startDate) throws IOException {
        String name = made.get(names + startDate);
        if (name == null) {
            name = "certificate" + made.size();
            certificates.certificate("ca", name, names, startDate);
            Files.setPosixFilePermissions(certificates.key(name), PosixFilePermissions.fromString("rw-------"));
            made.put(names + startDate, name);
        }
        return name;
    }

    private TlsConfig trusting(String authority) {
        return TlsConfig.trusting(folder.resolve(authority + ".pem"));
    }

    @Test
    void rightServer_connects() throws IOException {
        check("ip:127.0.0.1", trusting("ca"), true);
    }

    @Test
    void unknownAuthority_isRefused() throws IOException {
        check("ip:127.0.0.1", trusting("other"), false);
    }

    @Test
    void authoritiesOfTheJdk_doNotKnowIt() throws IOException {
        check("ip:127.0.0.1", TlsConfig.defaults(), false);
    }

    @Test
    void certificateOfAnotherHost_isRefused_unlessSaidSo() throws IOException {
        check("dns:other.example", trusting("ca"), false);
    }

    @Test
    void certificateOfAnotherHost_connects_whereTheNameIsNotVerified() throws IOException {
        check("dns:other.example", trusting("ca").withoutHostnameVerification(), true);
    }

    @Test
    void certificateThatHasExpired_isRefused() throws IOException {
        check(server("ip:127.0.0.1", "-3d"), trusting("ca"), false);
    }

    @Test
    void certificateThatIsNotValidYet_isRefused() throws IOException {
        check(server("ip:127.0.0.1", "+2d"), trusting("ca"), false);
    }

    @Test
    void serverOfAnOldProtocol_isRefused() throws IOException {
        Map<String, String> old = Map.of("ssl_min_protocol_version", "TLSv1", "ssl_max_protocol_version", "TLSv1.1");
        try (PostgresTestServer server = newServer(certificate("ip:127.0.0.1", "-0d"), old)) {
            check(server, trusting("ca"), false);
        }
    }

    @Test
    void serverThatWantsACertificate_connectsOnlyWhoeverHasOne() throws IOException {
        Path rules = folder.resolve("pg_hba.conf");
        // The test itself comes without TLS; for a client's certificate its name does not count.
        Files.writeString(rules, "hostssl all all all trust clientcert=verify-ca\nhostnossl all all all trust\n");
        Map<String, String> mutual = Map.of(
                "hba_file", rules.toString(),
                "ssl_ca_file", folder.resolve("ca.pem").toString());
        String own = certificate("ip:127.0.0.1", "-0d");
        try (PostgresTestServer server = newServer(own, mutual)) {
            check(server, trusting("ca"), false);
            check(
                    server,
                    trusting("ca").withClientCertificate(folder.resolve(own + ".pem"), certificates.key(own)),
                    true);
        }
    }

    @Test
    void serverWithoutTls_isRefused() throws IOException {
        try (PostgresTestServer server = TestServers.newPostgres(Map.of())) {
            check(server, trusting("ca"), false);
        }
    }
}
