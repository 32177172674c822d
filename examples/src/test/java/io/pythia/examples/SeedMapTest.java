package io.pythia.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Compares docs/seed-map.md with the names of the seed, and resolves every row: what the seed shows must exist. */
class SeedMapTest {
    private static final Pattern ROW = Pattern.compile("\\| (.+?) \\| `([\\w.]+)(?:#(\\w+))?` \\|(?: (.*) \\|)?");
    private static final Pattern TYPE = Pattern.compile("`([A-Z]\\w+|long)`");
    private static final String BEYOND = "## Beyond the seed";

    private static String page() throws IOException {
        return Files.readString(Path.of("../docs/seed-map.md"));
    }

    private static List<Row> rows(String text) {
        return text.lines()
                .map(ROW::matcher)
                .filter(Matcher::matches)
                .map(m -> new Row(m.group(1), m.group(2), m.group(3), m.group(4) == null ? "" : m.group(4)))
                .toList();
    }

    static List<Row> rows() throws IOException {
        return rows(page());
    }

    @Test
    void rows_areTheSeedsNames_inItsOrder() throws IOException {
        String page = page();
        List<String> seed = rows(page.substring(0, page.indexOf(BEYOND))).stream()
                .map(row -> row.seed().replace("`", ""))
                .toList();
        assertThat(seed).containsExactlyElementsOf(names());
        assertThat(rows(page.substring(page.indexOf(BEYOND))))
                .extracting(Row::seed)
                .isNotEmpty()
                .doesNotContainAnyElementsOf(names());
    }

    private static List<String> names() throws IOException {
        try (InputStream names = Objects.requireNonNull(SeedMapTest.class.getResourceAsStream("/seed-names.txt"))) {
            return new String(names.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
        }
    }

    @ParameterizedTest
    @MethodSource("rows")
    void row_namesWhatExists(Row row) throws ClassNotFoundException {
        Class<?> type = Class.forName(binaryName(row.type()));
        if (row.method() != null) {
            String signatures = signatures(type, row.method()).collect(Collectors.joining("\n"));
            assertThat(signatures).as(row.seed()).isNotEmpty();
            types(row.differs())
                    .forEach(each -> assertThat(signatures).as(row.seed()).contains(each));
        }
    }

    private static Stream<String> signatures(Class<?> type, String name) {
        return Arrays.stream(type.getMethods())
                .filter(method -> method.getName().equals(name))
                .map(Method::toGenericString);
    }

    private static List<String> types(String differs) {
        return TYPE.matcher(differs)
                .results()
                .map((MatchResult match) -> match.group(1))
                .toList();
    }

    private static String binaryName(String type) {
        return type.endsWith(".Builder") ? type.substring(0, type.length() - 8) + "$Builder" : type;
    }

    record Row(String seed, String type, @Nullable String method, String differs) {}
}
