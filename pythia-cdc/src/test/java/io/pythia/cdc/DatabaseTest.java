package io.pythia.cdc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.pythia.BrokerConnectionException;
import io.pythia.Secret;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

@Timeout(60)
class DatabaseTest {
    private static final String CANARY = "c4n4ry";

    @Test
    void driversSecrets_areNotLogged() throws IOException {
        Logger hikari = (Logger) LoggerFactory.getLogger("com.zaxxer.hikari");
        ListAppender<ILoggingEvent> lines = new ListAppender<>();
        lines.start();
        hikari.addAppender(lines);
        hikari.setLevel(Level.ALL);
        CdcConfig config = CdcConfig.builder()
                .user("app")
                .password(Secret.of(CANARY))
                .properties(Map.of("sslpassword", CANARY))
                .build();
        String url = "postgresql://127.0.0.1:" + closedPort() + "/test";
        Map<String, String> properties = DriverProperties.of(DatabaseUrl.parse(url), config);
        try (Database database = new Database(NoDatabase.settings(url, null, config, properties))) {
            assertThatThrownBy(database::open)
                    .isInstanceOf(BrokerConnectionException.class)
                    .hasMessageNotContaining(CANARY);
        } finally {
            hikari.setLevel(null);
            hikari.detachAppender(lines);
        }
        List<String> texts = List.copyOf(lines.list).stream()
                .map(line -> line.getFormattedMessage() + line.getThrowableProxy())
                .toList();
        assertThat(texts).anySatisfy(line -> assertThat(line).contains("dataSourceProperties"));
        assertThat(texts).noneSatisfy(line -> assertThat(line).contains(CANARY));
    }

    private static int closedPort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
