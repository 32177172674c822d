package io.pythia;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MessageTest {

    @Test
    void body_isCopied_andTextIsUtf8() {
        byte[] body = "ü🚀".getBytes(StandardCharsets.UTF_8);
        Message message = Message.of(body);
        Arrays.fill(body, (byte) 0);
        assertThat(message.text()).isEqualTo("ü🚀");
        assertThat(Message.of("ü🚀").body()).isEqualTo("ü🚀".getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void halfASurrogatePair_isRefused_everywhere() {
        String half = "a\uD83D";
        assertThatThrownBy(() -> Message.of(half))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("index 1");
        assertThatThrownBy(() -> Message.builder().key(half)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Message.builder().id(half)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Message.builder().header("h", half)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Message.builder().header(half, "v")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void ids_areUnique_andStable() {
        Message one = Message.of("x");
        assertThat(one.id()).isEqualTo(one.id()).isNotEqualTo(Message.of("x").id());
        assertThat(one.hasExplicitId()).isFalse();
        assertThat(Message.builder().id("7").build().hasExplicitId()).isTrue();
    }

    @Test
    void id_isTheSameForAll_whoAskForItFirst() throws InterruptedException {
        List<Message> messages =
                Stream.generate(() -> Message.of("x")).limit(20_000).toList();
        List<List<String>> asked = Collections.synchronizedList(new ArrayList<>());
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            threads.add(new Thread(
                    () -> asked.add(messages.stream().map(Message::id).toList()), "asks-" + i));
        }
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(asked).hasSize(4).allMatch(asked.get(0)::equals);
        assertThat(asked.get(0)).doesNotHaveDuplicates();
    }

    @Test
    void messageToSend_canNotBeSettled() {
        assertThatThrownBy(() -> Message.of("x").ack()).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void toString_showsNoBodyKeyOrHeaderValue() {
        Message message = Message.builder()
                .key("s3cret")
                .header("token", "s3cret")
                .body("s3cret")
                .build();
        assertThat(message.toString() + message.headers())
                .doesNotContain("s3cret")
                .contains("token");
    }

    @Test
    void headers_areOrderedAndMultiValued() {
        Headers headers = Headers.of("a", "1", "b", "2", "a", "3");
        assertThat(headers.get("a")).isEqualTo("3");
        assertThat(headers.all("a")).containsExactly("1", "3");
        assertThat(headers.names()).containsExactly("a", "b");
        assertThat(headers.with("a", "4").all("a")).containsExactly("4");
        assertThat(headers.without("a").size()).isEqualTo(1);
        assertThat(headers.get("c")).isNull();
        assertThatThrownBy(() -> Headers.of("a")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Headers.of("", "x")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void secret_isShownNowhere_andCanBeWiped() {
        Secret secret = Secret.of("s3cret");
        assertThat(secret).hasToString("***").isEqualTo(Secret.of("s3cret")).isNotEqualTo(Secret.of("other"));
        assertThat(secret.reveal()).isEqualTo("s3cret");
        secret.close();
        assertThatThrownBy(secret::reveal).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void tls_namesTheFileThatCanNotBeUsed() {
        assertThatThrownBy(() -> TlsConfig.trusting(Path.of("no-such-file.pem")).sslContext())
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("caFile")
                .hasMessageContaining("no-such-file.pem");
        assertThat(TlsConfig.defaults().sslContext()).isNotNull();
        assertThatThrownBy(() -> new TlsConfig(null, Path.of("cert.pem"), null, true))
                .hasMessageContaining("keyFile");
    }

    @Test
    void brokers_readAPropertiesFile(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("orders.properties"), "topic=orders\nconsumerGroup=billing\n");
        assertThat(Brokers.load().consumer("memory", file).name()).isEqualTo("memory:orders");
        Files.writeString(file, "topic=orders\nconsumer-gruop=billing\n");
        assertThatThrownBy(() -> Brokers.load().consumer("memory", file))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("did you mean consumer-group?");
    }

    @Test
    void brokers_areFoundByName_andUnknownOnesSaidHow() {
        Brokers brokers = Brokers.load();
        assertThat(brokers.names()).contains("memory");
        assertThat(brokers.problems()).isEmpty();
        assertThatThrownBy(() -> brokers.consumer("memry", java.util.Map.of()))
                .isInstanceOf(UnknownBrokerException.class)
                .hasMessageContaining("did you mean memory?");
        assertThatThrownBy(() -> brokers.consumer("sqs", java.util.Map.of()))
                .hasMessageContaining("io.pythia:pythia-cloud-aws");
    }
}
