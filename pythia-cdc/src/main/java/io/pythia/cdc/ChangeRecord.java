package io.pythia.cdc;

import io.pythia.BrokerException;
import io.pythia.Headers;
import io.pythia.spi.MessageContent;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import java.util.StringJoiner;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A change as the engine sees it, and the receipt by which it is settled. What it holds is made when it is first asked for: most of the
 * log's messages are only counted until then.
 */
final class ChangeRecord implements MessageContent {
    /** Its place among those that were delivered; belongs to the progress. */
    final Object place;

    private final Supplier<ChangeEvent> source;
    private final OutboxColumns outbox;
    private final String table;
    private final int size;
    private volatile @Nullable ChangeEvent event;

    ChangeRecord(Object place, String table, int size, OutboxColumns outbox, Supplier<ChangeEvent> source) {
        this.place = place;
        this.table = table;
        this.size = size;
        this.outbox = outbox;
        this.source = source;
    }

    /** Two threads that ask at once make two equal ones. */
    ChangeEvent event() {
        ChangeEvent made = event;
        if (made == null) {
            made = source.get();
            event = made;
        }
        return made;
    }

    @Override
    public String id() {
        String chosen = outbox.value(outbox.id(), event());
        return chosen != null ? chosen : event().qualifiedTable() + "@" + event().position();
    }

    @Override
    public boolean hasExplicitId() {
        return outbox.value(outbox.id(), event()) != null;
    }

    @Override
    public byte[] body() {
        String chosen = outbox.value(outbox.body(), event());
        if (chosen == null) {
            return ChangeJson.write(event());
        }
        return outbox.binaryBody() ? Base64.getDecoder().decode(chosen) : chosen.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public String key() {
        String chosen = outbox.value(outbox.key(), event());
        return chosen != null ? chosen : key(event());
    }

    /** The table and its primary key: {@code public.orders:7}, {@code public.items:7,2}. */
    private static String key(ChangeEvent event) {
        if (event.key().isEmpty()) {
            return event.qualifiedTable();
        }
        StringJoiner text = new StringJoiner(",", event.qualifiedTable() + ":", "");
        for (Map.Entry<String, @Nullable Object> part : event.key().entrySet()) {
            text.add(String.valueOf(part.getValue()));
        }
        return text.toString();
    }

    @Override
    public Headers headers() {
        return Headers.empty();
    }

    @Override
    public Instant timestamp() {
        return event().commitTime();
    }

    @Override
    public String source() {
        return table;
    }

    @Override
    public <T> @Nullable T unwrap(Class<T> nativeType) {
        return nativeType == ChangeEvent.class ? nativeType.cast(event()) : null;
    }

    @Override
    public int size() {
        return size;
    }

    /**
     * Columns that make a message in place of the change: of a table that an application writes its messages to.
     *
     * @param id the column of the message's id, null for the position
     * @param key the column of its key, null for the table and the primary key
     * @param body the column of its body, null for the whole change
     * @param binaryBody whether that column has bytes
     */
    record OutboxColumns(
            @Nullable String id,
            @Nullable String key,
            @Nullable String body,
            boolean binaryBody) {
        /** Returns what a configuration names, by the names that the table has. */
        static OutboxColumns of(CdcConfig config, TableSchema table) {
            Column body = config.bodyColumn() == null ? null : table.column(config.bodyColumn());
            return new OutboxColumns(
                    name(table, config.idColumn()),
                    name(table, config.keyColumn()),
                    name(table, config.bodyColumn()),
                    body != null && body.kind() == Column.Kind.BYTES);
        }

        private static @Nullable String name(TableSchema table, @Nullable String wanted) {
            Column column = wanted == null ? null : table.column(wanted);
            return column == null ? null : column.name();
        }

        /**
         * Checks that a table has what a configuration names.
         *
         * @throws BrokerException if it lacks one
         */
        static void check(CdcConfig config, TableSchema table) {
            for (String wanted : new @Nullable String[] {config.idColumn(), config.keyColumn(), config.bodyColumn()}) {
                if (wanted != null && table.column(wanted) == null) {
                    throw new BrokerException("the table " + table.qualified() + " has no column " + wanted
                            + "; see the settings id-column, key-column and body-column");
                }
            }
        }

        @Nullable
        String value(@Nullable String column, ChangeEvent event) {
            Map<String, @Nullable Object> row = event.row();
            if (column == null || row == null) {
                return null;
            }
            Object value = row.get(column);
            return value == null ? null : value.toString();
        }
    }
}
