package io.pythia.cdc;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.pythia.BrokerException;
import io.pythia.DestinationNotFoundException;
import io.pythia.cdc.ChangeEvent.Operation;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A table that triggers write deleted rows to, so that polling sees deletes. It and the triggers are made by an explicit command only, and
 * what is in it is the application's to clear.
 */
final class DeleteLog {
    static final String TABLE = "pythia_cdc_deletes";
    static final String TIME = "deleted_at";

    private final List<PolledTable> tables;

    private DeleteLog(List<PolledTable> tables) {
        this.tables = List.copyOf(tables);
    }

    /** Returns the log as one more table to poll. */
    static PolledTable polled(Connection connection, Database database, CdcConfig config, List<PolledTable> tables)
            throws SQLException {
        try {
            TableSchema schema = Tables.find(connection, database.dialect(), TABLE);
            return PolledTable.of(new DeleteLog(tables), schema, database, config);
        } catch (DestinationNotFoundException e) {
            throw new DestinationNotFoundException(
                    "there is no table " + TABLE + ": `pythia cdc install-delete-log` makes it and the triggers", e);
        }
    }

    /** Returns the table that a row of the log is of, null if nobody asks for it. */
    @Nullable
    PolledTable tableOf(TableSchema log, SelectedRow row) {
        String schema = String.valueOf(value(log, row, "table_schema"));
        String name = String.valueOf(value(log, row, "table_name"));
        for (PolledTable table : tables) {
            if (table.schema.name().equals(name) && table.schema.schema().equals(schema)) {
                return table;
            }
        }
        return null;
    }

    private static @Nullable Object value(TableSchema log, SelectedRow row, String column) {
        return row.get(log.columns().indexOf(Objects.requireNonNull(log.column(column))));
    }

    /** Returns the delete that a row of the log tells of; without a row it is a truncate. */
    ChangeEvent event(TableSchema log, SelectedRow row, String position, Instant polledAt) {
        PolledTable table = Objects.requireNonNull(tableOf(log, row));
        Column time = Objects.requireNonNull(log.column(TIME));
        Instant at = Values.instant(time.kind(), value(log, row, TIME));
        Object image = value(log, row, "row_data");
        Map<String, @Nullable Object> before = image == null ? null : before(table.schema, image.toString());
        Map<String, @Nullable Object> key = new LinkedHashMap<>();
        if (before != null) {
            table.schema.key().forEach(column -> key.put(column.name(), before.get(column.name())));
        }
        return new ChangeEvent(
                table.schema.schema(),
                table.schema.name(),
                before == null ? Operation.TRUNCATE : Operation.DELETE,
                key,
                before,
                null,
                List.of(),
                Map.of(),
                at == null ? polledAt : at,
                position,
                null);
    }

    private static Map<String, @Nullable Object> before(TableSchema schema, String json) {
        try {
            Map<String, @Nullable Object> before = new LinkedHashMap<>();
            for (Map.Entry<String, JsonNode> each :
                    ChangeJson.MAPPER.readTree(json).properties()) {
                Column column = schema.column(each.getKey());
                JsonNode node = each.getValue();
                Object raw = node.isNull() ? null : node.isContainerNode() ? node.toString() : node.asText();
                before.put(each.getKey(), column == null ? raw : Values.convert(column.kind(), raw));
            }
            return before;
        } catch (JsonProcessingException e) {
            throw new BrokerException("a row of " + TABLE + " has no JSON in row_data");
        }
    }
}
