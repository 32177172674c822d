package io.pythia.cdc;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.cdc.Column.Kind;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RowMapTest {
    private static final TableSchema TABLE = new TableSchema(
            "public",
            "t",
            List.of(
                    new Column("b", "int8", Kind.INTEGER, 2),
                    new Column("name", "text", Kind.TEXT, 0),
                    new Column("a", "int8", Kind.INTEGER, 1),
                    new Column("point", "point", Kind.OTHER, 0)));

    private final RowShape shape = new RowShape(TABLE);

    private static SelectedRow row(@Nullable String... texts) {
        return new SelectedRow(Arrays.stream(texts)
                .map(text -> text == null ? null : text.getBytes(StandardCharsets.UTF_8))
                .toArray());
    }

    @Test
    void values_areThoseOfAMap_inTheOrderOfTheColumns() {
        Map<String, @Nullable Object> wanted = new LinkedHashMap<>();
        wanted.put("b", 7L);
        wanted.put("name", "Zoë");
        wanted.put("a", 1L);
        wanted.put("point", null);
        Map<String, @Nullable Object> values = shape.values(row("7", "Zoë", "1", null));
        assertThat(values).isEqualTo(wanted).hasSameHashCodeAs(wanted).hasToString(wanted.toString());
        assertThat(values.containsKey("point")).isTrue();
        assertThat(values.containsKey("other")).isFalse();
        assertThat(values.get("other")).isNull();
    }

    @Test
    void key_isInItsOwnOrder() {
        assertThat(shape.key(row("7", "n", "1", null))).hasToString("{a=1, b=7}");
    }

    @Test
    void types_areThoseOfColumnsThatAreNotNull() {
        assertThat(shape.types(row("7", "n", "1", "(1,2)"))).isEqualTo(Map.of("point", "point"));
        assertThat(shape.types(row("7", "n", "1", null))).isEmpty();
    }
}
