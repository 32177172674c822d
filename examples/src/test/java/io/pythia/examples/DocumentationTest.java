package io.pythia.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.Brokers;
import io.pythia.cdc.CdcConfig;
import io.pythia.cloud.aws.AwsConfig;
import io.pythia.cloud.azure.AzureConfig;
import io.pythia.cloud.gcp.GcpConfig;
import io.pythia.http.HttpConfig;
import io.pythia.kafka.KafkaConfig;
import io.pythia.rabbitmq.RabbitMQConfig;
import io.pythia.redis.RedisConfig;
import io.pythia.spi.Capabilities;
import io.pythia.spi.ConsumerOptions;
import io.pythia.spi.ProducerOptions;
import io.pythia.spi.Setting;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
            Pattern.compile("<!-- generated: ([\\w-]+) -->\n(.*?)<!-- end generated -->\n", Pattern.DOTALL);

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
                        "%s is not what the code says: run mvn test -pl examples -am -Dtest=DocumentationTest -Dpythia.docs.update=true",
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
        String table = switch (match.group(1)) {
            case "capabilities" -> capabilities();
            case "consumer-options" -> options(ConsumerOptions.class, ConsumerOptions.defaults());
            case "producer-options" -> options(ProducerOptions.class, ProducerOptions.defaults());
            case "rabbitmq-config" -> options(RabbitMQConfig.class, RabbitMQConfig.defaults());
            case "gcp-config" -> options(GcpConfig.class, GcpConfig.defaults());
            case "kafka-config" -> options(KafkaConfig.class, KafkaConfig.defaults());
            case "azure-config" -> options(AzureConfig.class, AzureConfig.defaults());
            case "http-config" -> options(HttpConfig.class, HttpConfig.defaults());
            case "cdc-config" -> options(CdcConfig.class, CdcConfig.defaults());
            case "aws-config" -> options(AwsConfig.class, AwsConfig.defaults());
            case "redis-config" -> options(RedisConfig.class, RedisConfig.defaults());
            default -> throw new AssertionError("nothing is called " + match.group(1));
        };
        return Matcher.quoteReplacement(
                "<!-- generated: " + match.group(1) + " -->\n" + table + "<!-- end generated -->\n");
    }

    private static String capabilities() {
        StringBuilder table = new StringBuilder(
                "| broker | promise | order | nack | delayed nack | dead letters | leases | groups | replay |\n"
                        + "|---|---|---|---|---|---|---|---|---|\n");
        Brokers brokers = Brokers.load();
        for (String name : brokers.names()) {
            if (name.equals("deque")) {
                continue; // the example
            }
            Capabilities can = brokers.capabilities(name);
            table.append("| `")
                    .append(name)
                    .append("` | ")
                    .append(words(can.guarantee()))
                    .append(" | ")
                    .append(words(can.ordering()))
                    .append(" | ")
                    .append(words(can.nack()))
                    .append(" | ")
                    .append(words(can.delayedNack()))
                    .append(" | ")
                    .append(words(can.deadLetter()))
                    .append(" | ")
                    .append(yes(can.leases()))
                    .append(" | ")
                    .append(yes(can.groups()))
                    .append(" | ")
                    .append(yes(can.replay()))
                    .append(" |\n");
        }
        return table.toString();
    }

    private static String options(Class<? extends Record> type, Record defaults) {
        StringBuilder table = new StringBuilder("| setting | default | what it is | native |\n|---|---|---|---|\n");
        for (RecordComponent component : type.getRecordComponents()) {
            Setting setting = component.getAnnotation(Setting.class);
            assertThat(setting).as("@Setting of %s", component).isNotNull();
            table.append("| `")
                    .append(component.getName().replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT))
                    .append("` | ")
                    .append(value(defaults, component))
                    .append(" | ")
                    .append(setting.value())
                    .append(" | ")
                    .append(setting.nativeName().isEmpty() ? "" : "`" + setting.nativeName() + "`")
                    .append(" |\n");
        }
        return table.toString();
    }

    private static String value(Record defaults, RecordComponent component) {
        try {
            Object value = component.getAccessor().invoke(defaults);
            if (value == null || value.equals(List.of())) {
                return "";
            }
            if (component.getName().equals("maxInFlightBytes") && defaults instanceof ProducerOptions) {
                return "`64MiB`, in a small heap a quarter of it";
            }
            String text = value instanceof Enum<?> constant ? words(constant) : value.toString();
            return "`" + text.replace("RetryConfig[", "").replace("]", "") + "`";
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
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
