package io.pythia.cdc;

import io.pythia.cdc.Column.Kind;

/** The types of PostgreSQL, by the names that its catalogue has. */
final class PostgresTypes {
    private PostgresTypes() {}

    static Kind kind(String name) {
        return switch (name) {
            case "int2", "int4", "int8", "oid" -> Kind.INTEGER;
            case "numeric" -> Kind.DECIMAL;
            case "float4", "float8" -> Kind.FLOAT;
            case "bool" -> Kind.BOOLEAN;
            case "text", "varchar", "bpchar", "char", "name", "uuid", "json", "jsonb", "xml" -> Kind.TEXT;
            case "bytea" -> Kind.BYTES;
            case "date" -> Kind.DATE;
            case "time", "timetz" -> Kind.TIME;
            case "timestamp" -> Kind.TIMESTAMP;
            case "timestamptz" -> Kind.INSTANT;
            default -> Kind.OTHER;
        };
    }
}
