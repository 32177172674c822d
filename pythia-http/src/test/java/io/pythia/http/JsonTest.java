package io.pythia.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonTest {

    private static List<String> elements(String json, String pointer) throws IOException {
        return Json.elements(json.getBytes(StandardCharsets.UTF_8), JsonPointer.compile(pointer)).stream()
                .map(bytes -> new String(bytes, StandardCharsets.UTF_8))
                .toList();
    }

    @Test
    void elements_areByteForByteAsTheyStandThere() throws IOException {
        assertThat(elements(
                        "{\"a\":1,\"d\":{\"items\":[ {\"n\":1.0e2} ,[1, 2],\"x\\u00fc\", 12 ,-0.50,true,null,\"\",{}]},\"z\":[]}",
                        "/d/items"))
                .containsExactly(
                        "{\"n\":1.0e2}", "[1, 2]", "\"x\\u00fc\"", "12", "-0.50", "true", "null", "\"\"", "{}");
        assertThat(elements("[1,\"ü🚀\",{\"ü\":[\"]\"]}]", "")).containsExactly("1", "\"ü🚀\"", "{\"ü\":[\"]\"]}");
        assertThat(elements("[[],[5,6]]", "/1")).containsExactly("5", "6");
        assertThat(elements("{\"items\":null}", "/items")).isEmpty();
        assertThat(elements("{\"items\":[]}", "/items")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{}|/items",
                "{\"items\":{}}|/items",
                "{\"items\":5}|/items",
                "5|",
                "[1,2|",
                "[1,2]]|",
                "[1,2] x|",
                "[1,2][3]|",
                "{\"items\":[1]|/items",
                "[{\"a\":1,\"a\":2}]|",
                "<html></html>|",
                "[01]|",
                "[1,]|",
                "[NaN]|",
                "{\"a\":[1]}|/b/c",
                "[[1]]|/7"
            })
    void whatIsNoArray_isSaid(String json, String pointer) {
        assertThatThrownBy(() -> elements(json, pointer == null ? "" : pointer)).isInstanceOf(IOException.class);
    }

    @Test
    void tooDeep_isSaid() {
        assertThatThrownBy(() -> elements("[".repeat(5_000) + "]".repeat(5_000), ""))
                .isInstanceOf(IOException.class);
        assertThatThrownBy(() -> elements("[" + "1".repeat(5_000) + "]", "")).isInstanceOf(IOException.class);
    }

    @Test
    void anyDocument_itsElementsAreThoseOfTheTree() throws IOException {
        Random random = new Random(4);
        for (int i = 0; i < 2_000; i++) {
            String json = "{ \"before\" : " + value(random, 3) + ", \"items\":\n[" + blank(random) + value(random, 4)
                    + " ," + value(random, 4) + blank(random) + "]}";
            JsonNode tree = Json.MAPPER.readTree(json).path("items");
            List<String> elements = elements(json, "/items");
            assertThat(elements).hasSize(2);
            for (int e = 0; e < 2; e++) {
                assertThat(elements.get(e)).isEqualTo(elements.get(e).strip());
                assertThat(Json.MAPPER.readTree(elements.get(e))).isEqualTo(tree.get(e));
            }
        }
    }

    private static String blank(Random random) {
        return " \n\t".substring(0, random.nextInt(4));
    }

    private static String value(Random random, int depth) {
        return switch (random.nextInt(depth == 0 ? 5 : 7)) {
            case 0 -> Integer.toString(random.nextInt());
            case 1 -> random.nextInt(1000) + "." + random.nextInt(1000) + "e-3";
            case 2 -> "\"" + "üx]}\\\"🚀,".substring(0, 2 + random.nextInt(2)) + "\"";
            case 3 -> random.nextBoolean() ? "true" : "null";
            case 4 -> "\"\"";
            case 5 -> "[" + value(random, depth - 1) + "," + blank(random) + value(random, depth - 1) + "]";
            default -> "{\"a\":" + blank(random) + value(random, depth - 1) + "}";
        };
    }
}
