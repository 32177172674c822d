package io.pythia.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.benchmarks.Row.Goal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportTest {
    @TempDir
    private Path docs;

    @BeforeEach
    void emptyPage() throws IOException {
        Files.writeString(docs.resolve("performance.md"), "# Performance\n");
    }

    private String page() throws IOException {
        return Files.readString(docs.resolve("performance.md"));
    }

    @Test
    void suiteThatIsMeasuredAgain_takesItsOwnPlace() throws IOException {
        Report report = new Report(docs);
        report.replace("kafka", () -> "old figures", 3);
        report.replace("redis", () -> "figures of redis", 3);
        report.replace("kafka", () -> "new figures", 5);
        assertThat(page())
                .startsWith("# Performance\n")
                .doesNotContain("old figures")
                .containsSubsequence("## kafka", "new figures", "5 rounds", "## redis", "figures of redis", "3 rounds");
    }

    @Test
    void ratios_areAPicture() throws IOException {
        Row row = new Row("a & b", new double[] {2}, new double[] {1}, Goal.atLeast(0.9));
        new Report(docs)
                .replace(
                        "kafka",
                        new Result() {
                            @Override
                            public String markdown() {
                                return "figures";
                            }

                            @Override
                            public List<Row> rows() {
                                return List.of(row);
                            }
                        },
                        1);
        assertThat(page()).contains("performance/kafka.svg");
        assertThat(Files.readString(docs.resolve("performance/kafka.svg")))
                .startsWith("<svg")
                .contains("a &amp; b", ">0.50<");
    }
}
