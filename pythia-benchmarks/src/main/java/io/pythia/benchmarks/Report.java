package io.pythia.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** The page {@code performance.md} with a section for each suite; one that is measured again is replaced, the others stay. */
final class Report {
    private static final String END = "<!-- end -->\n";

    private final Path page;
    private final Path pictures;

    /**
     * Creates one.
     *
     * @param docs the folder of the documentation; the page must be in it
     */
    Report(Path docs) {
        this.page = docs.resolve("performance.md");
        this.pictures = docs.resolve("performance");
    }

    /** Puts a result into its place. */
    void replace(String suite, Result result, int rounds) throws IOException {
        StringBuilder section = new StringBuilder("## " + suite + "\n" + result.markdown() + "\n");
        if (!result.rows().isEmpty()) {
            Files.createDirectories(pictures);
            Files.writeString(pictures.resolve(suite + ".svg"), Bars.svg(suite, result.rows()));
            section.append("![Ratios to the raw client](performance/")
                    .append(suite)
                    .append(".svg)\n\n");
        }
        section.append(circumstances(rounds)).append("\n\n");
        String begin = "<!-- " + suite + " -->\n";
        String text = Files.readString(page);
        int from = text.indexOf(begin);
        if (from < 0) {
            Files.writeString(page, text + "\n" + begin + section + END);
        } else {
            int to = text.indexOf(END, from);
            Files.writeString(page, text.substring(0, from) + begin + section + text.substring(to));
        }
    }

    private static String circumstances(int rounds) {
        return String.format(
                Locale.ROOT,
                "*%s, %d %s, JDK %s, %d processors (%s), %s.*",
                LocalDate.now(ZoneOffset.UTC),
                rounds,
                rounds == 1 ? "round" : "rounds",
                Runtime.version(),
                Runtime.getRuntime().availableProcessors(),
                processor(),
                System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    }

    private static String processor() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).trim())
                    .findFirst()
                    .orElse("unknown");
        } catch (IOException e) {
            return "unknown";
        }
    }

    /** Horizontal bars, one per ratio; a line marks the raw client. */
    private static final class Bars {
        private static final int ROW = 22;
        private static final int LABELS = 330;
        private static final int UNIT = 160;
        private static final double MOST = 2.5;

        private Bars() {}

        static String svg(String title, List<Row> rows) {
            List<Row> shown = rows.stream()
                    .filter(row -> !row.label().endsWith("threads"))
                    .toList();
            int height = ROW * (shown.size() + 2);
            int width = LABELS + (int) (UNIT * MOST) + 60;
            StringBuilder svg = new StringBuilder(String.format(
                    Locale.ROOT,
                    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" font-size=\"12\">%n"
                            + "<title>%s: Pythia in proportion to the raw client</title>%n"
                            + "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>%n",
                    width,
                    height,
                    title));
            for (int i = 0; i < shown.size(); i++) {
                bar(svg, shown.get(i), ROW * (i + 1));
            }
            int line = LABELS + UNIT;
            svg.append(String.format(
                    Locale.ROOT,
                    "<line x1=\"%d\" y1=\"8\" x2=\"%d\" y2=\"%d\" stroke=\"black\" stroke-dasharray=\"3 3\"/>%n"
                            + "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">raw client = 1</text>%n</svg>%n",
                    line,
                    line,
                    height - ROW,
                    line,
                    height - 8));
            return svg.toString();
        }

        private static void bar(StringBuilder svg, Row row, int y) {
            double ratio = row.ratio();
            int length = (int) (UNIT * Math.min(ratio, MOST));
            svg.append(String.format(
                    Locale.ROOT,
                    "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>%n"
                            + "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\"/>%n"
                            + "<text x=\"%d\" y=\"%d\">%.2f</text>%n",
                    LABELS - 8,
                    y + 4,
                    row.label().replace("&", "&amp;").replace("<", "&lt;"),
                    LABELS,
                    y - 8,
                    length,
                    ROW - 8,
                    row.isMet() ? "#4a8f5b" : "#b5533c",
                    LABELS + length + 6,
                    y + 4,
                    ratio));
        }
    }
}
