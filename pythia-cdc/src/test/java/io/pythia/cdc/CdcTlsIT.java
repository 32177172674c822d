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
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** TLS to PostgreSQL: only the right server connects, for both kinds of connections. */
@Timeout(240)
class CdcTlsIT {
    @TempDir
    private Path folder;

    private void check(String names, TlsConfig tls, boolean connects) throws IOException {
        check(server(names, "-0d"), tls, connects);
    }

    private static void check(PostgresTestServer started, TlsConfig tls, boolean connects) {
        try (PostgresTestServer server = started) {
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
                        assertThat(database.number(
                                        "SELECT count(*) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid)"
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
    }

    private PostgresTestServer server(String names, String startDate) throws IOException {
        TestCertificates certificates = new TestCertificates(folder);
        certificates.authority("ca");
        certificates.authority("other");
        Path certificate = certificates.certificate("ca", "server", names, startDate);
        Path key = certificates.key("server");
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
        return TestServers.newPostgres(
                Map.of("ssl", "on", "ssl_cert_file", certificate.toString(), "ssl_key_file", key.toString()));
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
    void serverWithoutTls_isRefused() throws IOException {
        new TestCertificates(folder).authority("ca");
        check(TestServers.newPostgres(Map.of()), trusting("ca"), false);
    }
}
