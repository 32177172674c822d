package io.pythia.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.Worker;
import io.pythia.cdc.CdcWorker;
import io.pythia.cdc.ChangeEvent;
import io.pythia.examples.cdc.CdcExamples;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class CdcExamplesTest {

    @Test
    void changesOfTables_areHandled() throws SQLException {
        String url = "jdbc:h2:mem:shop;DB_CLOSE_DELAY=-1";
        List<ChangeEvent> handled = new CopyOnWriteArrayList<>();
        try (Connection connection = DriverManager.getConnection(url);
                Statement statement = connection.createStatement()) {
            for (String table : List.of("orders", "customers")) {
                statement.execute("CREATE TABLE " + table
                        + " (id INT PRIMARY KEY, updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP)");
                statement.execute("INSERT INTO " + table + " (id) VALUES (7)");
            }
            try (Worker worker = CdcExamples.poll(url, handled::add)) {
                Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> handled.size() == 2);
                assertThat(worker.health()).isNotNull();
            }
        }
        assertThat(handled).extracting(ChangeEvent::table).containsExactly("ORDERS", "CUSTOMERS");
    }

    @Test
    void log_isReadByName() {
        try (CdcWorker worker = CdcExamples.log("postgresql://app@localhost/shop")) {
            assertThat(worker.name()).isEqualTo("cdc:localhost/shop");
        }
    }
}
