package io.pythia.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Resolves every row of docs/seed-map.md: what the seed shows must exist. */
class SeedMapTest {
    private static final Pattern ROW = Pattern.compile("\\| (.+) \\| `([\\w.]+)(?:#(\\w+))?` \\|");

    static List<Row> rows() throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("../docs/seed-map.md"))) {
            return lines.map(ROW::matcher)
                    .filter(Matcher::matches)
                    .map(m -> new Row(m.group(1), m.group(2), m.group(3)))
                    .toList();
        }
    }

    @Test
    void rows_areAllRead() throws IOException {
        assertThat(rows()).hasSizeGreaterThan(50);
    }

    @ParameterizedTest
    @MethodSource("rows")
    void row_namesWhatExists(Row row) throws ClassNotFoundException {
        Class<?> type = Class.forName(binaryName(row.type()));
        if (row.method() != null) {
            assertThat(Arrays.stream(type.getMethods()).map(java.lang.reflect.Method::getName))
                    .as(row.seed())
                    .contains(row.method());
        }
    }

    private static String binaryName(String type) {
        return type.endsWith(".Builder") ? type.substring(0, type.length() - 8) + "$Builder" : type;
    }

    record Row(String seed, String type, String method) {}
}
