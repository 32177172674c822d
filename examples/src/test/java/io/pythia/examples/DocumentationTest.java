package io.pythia.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.Brokers;
import io.pythia.spi.Capabilities;
import io.pythia.spi.Settings;
import io.pythia.spi.SettingsReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The documentation says what the code does: snippets are regions of compiled sources, tables are made from records. With
 * {@code -Dpythia.docs.update=true} the pages are written anew instead of compared.
 */
class DocumentationTest {
    private static final Path ROOT = Path.of("..");
    private static final Pattern SNIPPET =
            Pattern.compile("<!-- snippet: ([^#\\s]+)#([\\w-]+) -->\n```\\w+\n(.*?)```\n", Pattern.DOTALL);
    private static final Pattern GENERATED =
            Pattern.compile("<!-- generated: ([\\w -]+) -->\n(.*?)<!-- end generated -->\n", Pattern.DOTALL);

    static List<Path> pages() throws IOException {
        List<Path> pages = new ArrayList<>(List.of(ROOT.resolve("README.md")));
        try (Stream<Path> docs = Files.walk(ROOT.resolve("docs"))) {
            docs.filter(file -> file.toString().endsWith(".md")).sorted().forEach(pages::add);
        }
        return pages;
    }

    @ParameterizedTest
    @MethodSource("pages")
    void page_isWhatTheCodeSays(Path page) throws IOException {
        String text = Files.readString(page);
        String wanted = GENERATED
                .matcher(SNIPPET.matcher(text).replaceAll(DocumentationTest::snippet))
                .replaceAll(DocumentationTest::generated);
        if (Boolean.getBoolean("pythia.docs.update")) {
            Files.writeString(page, wanted);
        }
        assertThat(wanted.equals(Files.readString(page)))
                .as(
                        "%s is not what the code says: run mvn test -pl examples -am -DskipServers -Dtest=DocumentationTest"
                                + " -Dsurefire.failIfNoSpecifiedTests=false -Dpythia.docs.update=true",
                        page)
                .isTrue();
    }

    @ParameterizedTest
    @MethodSource("pages")
    void links_leadSomewhere(Path page) throws IOException {
        Matcher link = Pattern.compile("]\\(([^)#:]+)(#[^)]*)?\\)").matcher(Files.readString(page));
        while (link.find()) {
            assertThat(page.resolveSibling(link.group(1))).as(link.group()).exists();
        }
    }

    @Test
    void pagesHaveSnippets() throws IOException {
        int snippets = 0;
        for (Path page : pages()) {
            snippets += (int) SNIPPET.matcher(Files.readString(page)).results().count();
        }
        assertThat(snippets).isGreaterThan(3);
    }

    static Stream<String> tables() {
        return SettingsTables.names();
    }

    @ParameterizedTest
    @MethodSource("tables")
    void table_hasDefaultsThatTheSettingsTake(String name) {
        SettingsTables.Table table = SettingsTables.of(name);
        Map<String, String> printed = table.rows().stream()
                .filter(row -> !row.value().isEmpty())
                .filter(row -> !row.key().startsWith("tls.")) // one of these turns TLS on
                .collect(Collectors.toMap(SettingsTables.Row::key, SettingsTables.Row::value));
        SettingsReader reader = Settings.of(name, printed).reader();
        Record read = reader.bind(table.defaults());
        reader.finish(); // refuses what it can't read, and names that it doesn't know
        assertThat(read).isEqualTo(table.defaults());
    }

    private static String snippet(java.util.regex.MatchResult match) {
        String source = read(ROOT.resolve(match.group(1)));
        String begin = "// tag::" + match.group(2) + "[]\n";
        int from = source.indexOf(begin) + begin.length();
        int to = source.indexOf("// end::" + match.group(2) + "[]");
        assertThat(from >= begin.length() && to > from)
                .as("region %s of %s", match.group(2), match.group(1))
                .isTrue();
        String region = source.substring(from, source.lastIndexOf('\n', to)).stripIndent() + "\n";
        return Matcher.quoteReplacement("<!-- snippet: " + match.group(1) + "#" + match.group(2) + " -->\n```"
                + language(match.group(1)) + "\n" + region + "```\n");
    }

    private static String language(String source) {
        return source.endsWith(".kt") ? "kotlin" : "java";
    }

    private static String generated(java.util.regex.MatchResult match) {
        String name = match.group(1);
        String table = switch (name) {
            case "capabilities" -> capabilities();
            case "versions" -> versions();
            case "dependency azure-identity" -> dependency("com.azure", "azure-identity", "azure-core-http-netty");
            case "dependency sts" -> dependency("software.amazon.awssdk", "sts", "netty-nio-client");
            default -> SettingsTables.markdown(name);
        };
        return Matcher.quoteReplacement("<!-- generated: " + name + " -->\n" + table + "<!-- end generated -->\n");
    }

    /** A library that an application adds itself, in the version that the build has, without a client that needs another Netty. */
    private static String dependency(String group, String artifact, String without) {
        return String.join(
                "\n",
                "```xml",
                "<dependency>",
                "  <groupId>" + group + "</groupId>",
                "  <artifactId>" + artifact + "</artifactId>",
                "  <version>" + version(artifact.equals("sts") ? "awssdk" : artifact) + "</version>",
                "  <exclusions>",
                "    <exclusion>",
                "      <groupId>" + group + "</groupId>",
                "      <artifactId>" + without + "</artifactId>",
                "    </exclusion>",
                "  </exclusions>",
                "</dependency>",
                "```",
                "");
    }

    private static String versions() {
        return Stream.of(
                        "kafka",
                        "lettuce",
                        "netty",
                        "reactor",
                        "amqp-client",
                        "okhttp",
                        "awssdk",
                        "google-cloud-pubsub",
                        "azure-messaging-servicebus",
                        "azure-storage-queue",
                        "jackson",
                        "slf4j")
                .map(library -> "| " + library + " | " + version(library) + " |\n")
                .collect(Collectors.joining("", "| library | version |\n|---|---|\n", ""));
    }

    /** Returns the version that the parent pom gives a library. */
    private static String version(String library) {
        Matcher version = Pattern.compile("<" + library + "\\.version>([^<]+)<").matcher(read(ROOT.resolve("pom.xml")));
        assertThat(version.find()).as(library).isTrue();
        return version.group(1);
    }

    private static String capabilities() {
        Brokers brokers = Brokers.load();
        return brokers.names().stream()
                .filter(name -> !name.equals("deque")) // the example
                .map(name -> "| `" + name + "` | " + String.join(" | ", promises(brokers.capabilities(name))) + " |\n")
                .collect(Collectors.joining(
                        "",
                        "| broker | promise | order | nack | delayed nack | dead letters | leases | groups | replay |\n"
                                + "|---|---|---|---|---|---|---|---|---|\n",
                        ""));
    }

    private static List<String> promises(Capabilities can) {
        return can.consumes()
                ? List.of(
                        words(can.guarantee()),
                        words(can.ordering()),
                        words(can.nack()),
                        words(can.delayedNack()),
                        words(can.deadLetter()),
                        yes(can.leases()),
                        yes(can.groups()),
                        yes(can.replay()))
                : Collections.nCopies(8, "-");
    }

    private static String words(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    private static String yes(boolean has) {
        return has ? "yes" : "";
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
