package io.pythia.cdc;

import io.pythia.BrokerListener;
import io.pythia.Message;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import io.pythia.SendResult;
import io.pythia.StateStore;
import io.pythia.spi.AbstractMessageProducer;
import io.pythia.spi.Capabilities;
import io.pythia.spi.ConsumerOptions;
import io.pythia.spi.Outgoing;
import io.pythia.spi.ProducerOptions;
import io.pythia.spi.SendDriver;
import io.pythia.testkit.BrokerHarness;
import io.pythia.testkit.server.TestServer;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Messages are rows that are written to a table of an application, and come out of it by the connector. */
record OutboxHarness(
        String name,
        CdcMode mode,
        TestDatabase database,
        @Nullable TestServer server,
        StateStore states,
        Set<String> made)
        implements BrokerHarness {

    OutboxHarness(String name, CdcMode mode, TestDatabase database, @Nullable TestServer server) {
        this(name, mode, database, server, StateStore.memory(), ConcurrentHashMap.newKeySet());
    }

    @Override
    public Capabilities capabilities() {
        return CdcBrokerProvider.CAPABILITIES;
    }

    @Override
    public String newDestination() {
        String name = TestDatabase.newName("outbox");
        String table = database.dialect() == Dialect.H2 ? name.toUpperCase(java.util.Locale.ROOT) : name;
        String seq = switch (database.dialect()) {
            case POSTGRESQL, H2 -> "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY";
            case MYSQL -> "BIGINT AUTO_INCREMENT PRIMARY KEY";
            case SQLITE -> "INTEGER PRIMARY KEY AUTOINCREMENT";
        };
        String bytes = switch (database.dialect()) {
            case POSTGRESQL -> "bytea";
            case MYSQL -> "LONGBLOB";
            case SQLITE, H2 -> "BLOB";
        };
        database.execute(
                "CREATE TABLE " + table + " (seq " + seq + ", message_id VARCHAR(200), message_key VARCHAR(2000),"
                        + " body " + bytes + ", updated_at " + database.timestamp() + ")");
        return table;
    }

    @Override
    public String missingDestination() {
        return "there_is_no_such_table";
    }

    @Override
    public Class<?> nativeType() {
        return ChangeEvent.class;
    }

    @Override
    public MessageBroker consumer(String destination, String group, ConsumerOptions options, BrokerListener listener) {
        return worker(database.url(), destination, group, options)
                .listener(listener)
                .build();
    }

    @Override
    public MessageBroker consumer(
            String destination, String group, ConsumerOptions options, MessageProducer deadLetters) {
        return worker(database.url(), destination, group, options)
                .deadLetter(deadLetters)
                .build();
    }

    private CdcWorker.Builder worker(String url, String table, String group, ConsumerOptions options) {
        String own = table.toLowerCase(java.util.Locale.ROOT) + "_" + Integer.toHexString(group.hashCode());
        return CdcWorker.builder()
                .dbUrl(url)
                .tables(table)
                .pollInterval(Duration.ofMillis(30))
                .options(options)
                .stateStore(states)
                .config(CdcConfig.builder()
                        .mode(mode)
                        .slot(own)
                        .publication("p_" + table)
                        .stateKey(own)
                        .idColumn("message_id")
                        .keyColumn("message_key")
                        .bodyColumn("body")
                        .statusInterval(Duration.ofMillis(500))
                        .build());
    }

    @Override
    public MessageProducer producer(String destination, ProducerOptions options) {
        return new RowProducer(new RowProducer.Builder(database, destination).options(options));
    }

    @Override
    public MessageBroker unreachableConsumer(ConsumerOptions options) {
        String url = database.dialect() == Dialect.MYSQL
                ? "mariadb://root@127.0.0.1:1/test"
                : "postgresql://postgres@127.0.0.1:1/postgres";
        return worker(url, "unreachable", "unreachable", options).build();
    }

    @Override
    public boolean canStopServer() {
        return server != null;
    }

    @Override
    public void stopServer() {
        java.util.Objects.requireNonNull(server).stop();
    }

    @Override
    public void startServer() {
        java.util.Objects.requireNonNull(server).start();
    }

    @Override
    public void close() {
        if (server != null) {
            server.close();
        }
    }

    /** The application that writes the rows. */
    private static final class RowProducer extends AbstractMessageProducer {
        private final Builder builder;

        RowProducer(Builder builder) {
            super("rows:" + builder.table, builder);
            this.builder = builder;
        }

        @Override
        protected SendDriver newDriver() {
            return new RowSender(builder.database, builder.table);
        }

        static final class Builder extends AbstractMessageProducer.Builder<Builder> {
            private final TestDatabase database;
            private final String table;

            Builder(TestDatabase database, String table) {
                this.database = database;
                this.table = table;
            }

            @Override
            protected Builder self() {
                return this;
            }
        }
    }

    private static final class RowSender implements SendDriver {
        private final TestDatabase database;
        private final String table;
        private @Nullable Connection connection;

        RowSender(TestDatabase database, String table) {
            this.database = database;
            this.table = table;
        }

        @Override
        public void open() {
            try {
                connection = database.open();
                connection.setAutoCommit(false);
            } catch (SQLException e) {
                throw CdcErrors.translate("rows", e);
            }
        }

        @Override
        public void send(List<? extends Outgoing> batch) {
            Connection open = java.util.Objects.requireNonNull(connection);
            try (PreparedStatement statement = open.prepareStatement(
                    "INSERT INTO " + table + " (message_id, message_key, body) VALUES (?, ?, ?)")) {
                for (Outgoing each : batch) {
                    Message message = each.message();
                    statement.setString(1, message.id());
                    statement.setString(2, message.key());
                    statement.setBytes(3, message.body());
                    statement.addBatch();
                }
                statement.executeBatch();
                open.commit();
                batch.forEach(each -> each.succeed(new SendResult(each.message().id(), table, Map.of())));
            } catch (SQLException e) {
                batch.forEach(each -> each.fail(CdcErrors.translate("rows", e)));
                throw CdcErrors.translate("rows", e);
            }
        }

        @Override
        public void ping() {}

        @Override
        public void close() {
            try {
                if (connection != null) {
                    connection.close();
                }
            } catch (SQLException e) {
                // gone already
            }
        }
    }
}
