package io.pythia.cdc;

import io.pythia.BrokerException;
import io.pythia.cdc.ChangeEvent.Operation;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads the messages of {@code pgoutput}, protocol version 1: the transactions one after the other, in the order of their commits. What a
 * table looks like stands in the log before its first change and after each change of its definition, so that each row is read with its own
 * definition. Rows are decoded when they are asked for. Belongs to one thread; what it returns does not.
 */
final class PgOutput {
    private static final long MICROS_TO_2000 = 946_684_800_000_000L;

    /** What one message says. */
    sealed interface Event {}

    /** A transaction begins: its commit's place and time, and its number. */
    record Begin(long commitLsn, Instant time, long xid) implements Event {}

    /** It ends: everything of it is before that place. */
    record Commit(long endLsn) implements Event {}

    /** A row was changed. */
    record RowChange(Relation relation, Operation operation, ByteBuffer rows) implements Event {}

    /** All rows of some tables are gone. */
    record Truncate(List<Relation> relations) implements Event {}

    /** Nothing for the application. */
    record Other() implements Event {}

    /** A column of a table as the log describes it. */
    record LogColumn(String name, boolean isIdentity, String typeName, Column.Kind kind) {}

    /**
     * A table as the log describes it.
     *
     * @param id the number that it keeps when it is renamed
     * @param isFull whether its replica identity is the whole row, so that all columns are marked as key
     */
    record Relation(int id, String schema, String name, boolean isFull, List<LogColumn> columns) {
        String qualified() {
            return schema + "." + name;
        }
    }

    private static final Event OTHER = new Other();

    private final Map<Integer, Relation> relations = new HashMap<>();
    private final Map<Integer, String> typeNames;

    /**
     * Creates one.
     *
     * @param typeNames the names of the server's own types by their numbers; those of users are in the log
     */
    PgOutput(Map<Integer, String> typeNames) {
        this.typeNames = new HashMap<>(typeNames);
    }

    /**
     * Reads a message.
     *
     * @throws BrokerException if it is not what the protocol says
     */
    Event read(ByteBuffer message) {
        try {
            return switch (message.get()) {
                case 'B' -> new Begin(message.getLong(), time(message.getLong()), message.getInt() & 0xffff_ffffL);
                case 'C' -> commit(message);
                case 'R' -> relation(message);
                case 'Y' -> type(message);
                case 'I' -> change(message, Operation.INSERT);
                case 'U' -> change(message, Operation.UPDATE);
                case 'D' -> change(message, Operation.DELETE);
                case 'T' -> truncate(message);
                case 'O', 'M' -> OTHER;
                default -> throw new BrokerException("the log has a message of a kind that is not known here");
            };
        } catch (BufferUnderflowException | IllegalArgumentException e) {
            throw new BrokerException("the log has a message that ends too early");
        }
    }

    private static Instant time(long micros) {
        long since1970 = micros + MICROS_TO_2000;
        return Instant.ofEpochSecond(
                Math.floorDiv(since1970, 1_000_000L), Math.floorMod(since1970, 1_000_000L) * 1_000L);
    }

    private static Event commit(ByteBuffer message) {
        message.get();
        message.getLong();
        return new Commit(message.getLong());
    }

    private Event type(ByteBuffer message) {
        int oid = message.getInt();
        text(message);
        typeNames.put(oid, text(message));
        return OTHER;
    }

    private Event relation(ByteBuffer message) {
        int id = message.getInt();
        String schema = text(message);
        String name = text(message);
        boolean full = message.get() == 'f';
        int count = message.getShort() & 0xffff;
        List<LogColumn> columns = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            boolean identity = (message.get() & 1) != 0;
            String column = text(message);
            String type = typeName(message.getInt());
            message.getInt();
            columns.add(new LogColumn(column, identity, type, PostgresTypes.kind(type)));
        }
        relations.put(id, new Relation(id, schema.isEmpty() ? "pg_catalog" : schema, name, full, List.copyOf(columns)));
        return OTHER;
    }

    private String typeName(int oid) {
        return typeNames.getOrDefault(oid, "type " + Integer.toUnsignedString(oid));
    }

    private Event change(ByteBuffer message, Operation operation) {
        return new RowChange(known(message.getInt()), operation, message.slice());
    }

    private Event truncate(ByteBuffer message) {
        int count = message.getInt();
        message.get();
        List<Relation> truncated = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            truncated.add(known(message.getInt()));
        }
        return new Truncate(truncated);
    }

    private Relation known(int id) {
        Relation relation = relations.get(id);
        if (relation == null) {
            throw new BrokerException("the log has a change of a table that it did not describe before");
        }
        return relation;
    }

    private static String text(ByteBuffer message) {
        int start = message.position();
        while (message.get() != 0) {
            // up to its end
        }
        byte[] bytes = new byte[message.position() - start - 1];
        message.get(start, bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** A row as the log has it: the value of each column that is there, in their order. */
    record Row(Map<String, @Nullable Object> values, List<String> unchanged) {}

    /** Both images of a row; what is not known is null. */
    record Images(@Nullable Row before, @Nullable Row after) {}

    /**
     * Returns the images of a row.
     *
     * @throws BrokerException if they are not what the protocol says
     */
    static Images images(RowChange change) {
        ByteBuffer rows = change.rows.duplicate();
        try {
            Row before = null;
            Row after = null;
            while (rows.hasRemaining()) {
                byte kind = rows.get();
                Row row = row(rows, change.relation, kind == 'K');
                if (kind == 'N') {
                    after = row;
                } else {
                    before = row;
                }
            }
            return new Images(before, after);
        } catch (BufferUnderflowException | IndexOutOfBoundsException | NegativeArraySizeException e) {
            throw new BrokerException("the log has a row that ends too early");
        }
    }

    /** Of a key's image only the key's columns count; the others are written as null. */
    private static Row row(ByteBuffer rows, Relation relation, boolean onlyKey) {
        int count = rows.getShort() & 0xffff;
        Map<String, @Nullable Object> values = new LinkedHashMap<>();
        List<String> unchanged = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            LogColumn column = relation.columns.get(i);
            byte kind = rows.get();
            String value = null;
            if (kind == 't' || kind == 'b') {
                int length = rows.getInt();
                if (length < 0 || length > rows.remaining()) {
                    throw new BufferUnderflowException();
                }
                byte[] bytes = new byte[length];
                rows.get(bytes);
                value = Values.text(bytes);
            }
            if (kind == 'u') {
                unchanged.add(column.name());
            } else if (!onlyKey || column.isIdentity()) {
                values.put(column.name(), Values.convert(column.kind(), value));
            }
        }
        return new Row(values, unchanged);
    }
}
