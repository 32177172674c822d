package io.pythia.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.ConfigException;
import io.pythia.Secret;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BrokerUriTest {

    @Test
    void hierarchical_isTakenApart() {
        BrokerUri uri =
                BrokerUri.parse("kafka://us%40er:p%3Aw@h1:9092,[::1]:9093/or%2Fders/x?consumer-group=g%20h&a=b%3Dc");
        assertThat(uri.scheme()).isEqualTo("kafka");
        assertThat(uri.user()).isEqualTo("us@er");
        assertThat(uri.password()).isEqualTo(Secret.of("p:w"));
        assertThat(uri.hosts()).containsExactly("h1:9092", "[::1]:9093");
        assertThat(uri.path()).containsExactly("or/ders", "x");
        assertThat(uri.settings()).isEqualTo(Map.of("consumer-group", "g h", "a", "b=c"));
    }

    /** A character may be two in Java, and stand beside a percent sign or behind it. */
    @Test
    void anyCharacter_isWhatItWas_besidePercentSigns() {
        String any = "\u0001 aé日🚀&=%?#/:@,[]+\uffff\uD83D\uDE80";
        String encoded = URLEncoder.encode(any, StandardCharsets.UTF_8).replace("+", "%20");
        BrokerUri uri = BrokerUri.parse("kafka://u:é🚀%41日@h/" + encoded + "?a=🚀" + encoded + "🚀");
        assertThat(uri.password()).isEqualTo(Secret.of("é🚀A日"));
        assertThat(uri.path()).containsExactly(any);
        assertThat(uri.settings()).isEqualTo(Map.of("a", "🚀" + any + "🚀"));
        assertThatThrownBy(() -> BrokerUri.parse("kafka://h/%41\uD83D")).isInstanceOf(ConfigException.class);
    }

    @Test
    void opaque_isTakenApart() {
        BrokerUri memory = BrokerUri.parse("memory:orders?consumer-group=g");
        assertThat(memory.pathText()).isEqualTo("orders");
        assertThat(memory.settings()).containsEntry("consumer-group", "g");
        BrokerUri poller = BrokerUri.parse("http-poller:https://api.example.com/events?limit=5#poll-interval=30s");
        assertThat(poller.pathText()).isEqualTo("https://api.example.com/events?limit=5");
        assertThat(poller.settings()).isEqualTo(Map.of("poll-interval", "30s"));
        assertThat(BrokerUri.parse("sns:arn:aws:sns:us-east-1:123:topic").path())
                .isEqualTo(List.of("arn:aws:sns:us-east-1:123:topic"));
        BrokerUri withUrl = BrokerUri.parse("sns:arn:aws:sns:us-east-1:123:topic?endpoint=http://localhost:4566");
        assertThat(withUrl.pathText()).isEqualTo("arn:aws:sns:us-east-1:123:topic");
        assertThat(withUrl.settings()).isEqualTo(Map.of("endpoint", "http://localhost:4566"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "orders",
                ":x",
                "ka fka:x",
                "kafka://u:s3cret@x@h/t",
                "kafka://u:s3cret@h:99999/t",
                "kafka://u:s3cret@h:0/t",
                "kafka://:s3cret@h/t",
                "kafka://u:s3cret:y@h/t",
                "kafka://u:s3cret@h h/t",
                "kafka://u:s3cret@h/%zz",
                "kafka://h/%f",
                "kafka://h/%é1",
                "kafka://h/%１１",
                "kafka://h/t?a",
                "kafka://h/t?a=1&a=2",
                "kafka://h/t#f",
                "kafka://h,,h2/t",
                "kafka://h/%ff",
                "kafka://h/\nt",
                "kafka://u:s3cret@h#b@c/t"
            })
    void oddUrls_areRefused_andNeverShown(String url) {
        assertThatThrownBy(() -> BrokerUri.parse(url))
                .isInstanceOf(ConfigException.class)
                .matches(e -> !String.valueOf(e.getMessage()).contains("s3cret"));
    }

    @Test
    void toString_hasNoPasswordAndNoSettings() {
        assertThat(BrokerUri.parse("kafka://u:s3cret@h:1/t?token=s3cret")).hasToString("kafka://u@h:1/t");
    }

    @Test
    void anyText_isTakenApartOrRefused() {
        Random random = new Random(42);
        String letters = "kafka:/@?#&=%[]., \\\"u:p@h:1/t%41é\u0000";
        for (int i = 0; i < 100_000; i++) {
            StringBuilder text = new StringBuilder(random.nextBoolean() ? "kafka://" : "");
            for (int n = random.nextInt(20); n > 0; n--) {
                text.append(letters.charAt(random.nextInt(letters.length())));
            }
            try {
                assertThat(BrokerUri.parse(text.toString()).scheme()).isNotEmpty();
            } catch (ConfigException e) {
                assertThat(e.problems()).isNotEmpty();
            }
        }
    }
}
