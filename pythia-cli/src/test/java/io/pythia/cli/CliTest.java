package io.pythia.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class CliTest {
    private final String topic = "memory:" + UUID.randomUUID();

    @Test
    void produceAndConsume_text_isTheSame() {
        Run produced = Run.of("one\n\nthree with ü and 🚀\nlast without line feed", "produce", topic);
        assertThat(produced.exitCode()).isZero();
        assertThat(produced.out()).isEmpty();
        assertThat(produced.err()).contains("4 sent and confirmed");
        Run consumed = Run.of("", "consume", topic, "--max", "4");
        assertThat(consumed.exitCode()).isZero();
        assertThat(consumed.out()).isEqualTo("one\n\nthree with ü and 🚀\nlast without line feed\n");
        assertThat(consumed.err()).contains("4 consumed");
        assertThat(Run.of("", "consume", topic, "--idle-timeout", "200ms").out())
                .isEmpty();
    }

    @Test
    void produceAndConsume_json_keepsEverything() {
        Run.of(
                "{\"id\":\"a\",\"key\":\"k\",\"headers\":{\"h\":\"1\",\"m\":[\"x\",\"y\"]},\"body\":\"b\"}\n"
                        + "{\"body\":\"/w==\",\"encoding\":\"base64\"}\n",
                "produce",
                topic,
                "--json",
                "--quiet");
        Run consumed = Run.of("", "consume", topic, "--max", "2", "--format", "json", "--quiet");
        assertThat(consumed.err()).isEmpty();
        assertThat(consumed.lines().get(0))
                .contains("\"id\":\"a\"", "\"key\":\"k\"", "\"h\":\"1\"", "\"m\":[\"x\",\"y\"]", "\"body\":\"b\"");
        assertThat(consumed.lines().get(1)).contains("\"encoding\":\"base64\"", "\"body\":\"/w==\"");
    }

    @Test
    void produce_keySeparator_splitsTheLine() {
        Run.of("k1:v:1\nplain\n", "produce", topic, "--key-separator", ":");
        Run consumed = Run.of("", "consume", topic, "--max", "2", "--format", "json");
        assertThat(consumed.lines().get(0)).contains("\"key\":\"k1\"", "\"body\":\"v:1\"");
        assertThat(consumed.lines().get(1)).contains("\"body\":\"plain\"").doesNotContain("\"key\"");
    }

    @Test
    void produce_badJson_saysWhichLine() {
        Run run = Run.of("{\"body\":\"x\"}\nnonsense\n", "produce", topic, "--json");
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).contains("line 2 is not JSON");
        assertThat(Run.of("", "consume", topic, "--max", "1").out()).isEqualTo("x\n");
    }

    @Test
    void consume_noAck_givesTheMessagesBack() {
        Run.of("a\nb\n", "produce", topic);
        assertThat(Run.of("", "consume", topic, "--no-ack", "--idle-timeout", "3s")
                        .lines())
                .containsExactly("a", "b");
        assertThat(Run.of("", "consume", topic, "--max", "2").lines()).containsExactlyInAnyOrder("a", "b");
    }

    @Test
    void consume_max_leavesTheRest() {
        Run.of("a\nb\nc\n", "produce", topic);
        assertThat(Run.of("", "consume", topic, "--max", "2").lines()).containsExactly("a", "b");
        assertThat(Run.of("", "consume", topic, "--max", "1").lines()).containsExactly("c");
    }

    @Test
    void pipe_movesEverything() {
        String to = "memory:" + UUID.randomUUID();
        Run.of("a\nb\nc\n", "produce", topic);
        Run piped = Run.of("", "pipe", topic, to, "--idle-timeout", "3s");
        assertThat(piped.exitCode()).isZero();
        assertThat(piped.err()).contains("3 moved");
        assertThat(Run.of("", "consume", to, "--max", "3").lines()).containsExactly("a", "b", "c");
        assertThat(Run.of("", "consume", topic, "--idle-timeout", "300ms").out())
                .isEmpty();
    }

    @Test
    void ping_saysHowItIs() {
        Run run = Run.of("", "ping", topic);
        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).startsWith("producer " + topic + " is UP");
    }

    @Test
    void ping_asksTheSideThatIsWanted() {
        Run consumer = Run.of("", "ping", "--consumer", topic);
        assertThat(consumer.exitCode()).isZero();
        assertThat(consumer.out()).startsWith("consumer " + topic + " is UP");
        assertThat(Run.of("", "ping", "--producer", topic).out()).startsWith("producer ");
        assertThat(Run.of("", "ping", "--producer", "--consumer", topic).exitCode())
                .isEqualTo(2);
    }

    /** A producer has one topic, a consumer may have several. */
    @Test
    void ping_ofAUrlThatIsNoProducers_asksTheConsumer() {
        String two = topic + "," + UUID.randomUUID();
        Run run = Run.of("", "ping", two);
        assertThat(run.err()).startsWith("asked as a consumer, for it is none of a producer's: ");
        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).startsWith("consumer " + two + " is UP");
        assertThat(Run.of("", "ping", "--producer", two).exitCode()).isEqualTo(2);
        Run neither = Run.of("", "ping", topic + "?consumer-gruop=x");
        assertThat(neither.exitCode()).isEqualTo(2);
        assertThat(neither.err()).contains("did you mean consumer-group?");
    }

    @Test
    void brokers_listsWhatIsThere() {
        assertThat(Run.of("", "brokers").out())
                .contains("memory", "kafka", "rabbitmq (amqp, amqps)", "at least once", "groups");
    }

    @Test
    void wrongUse_isExitCode2_withAHint() {
        assertThat(Run.of("", "consume").exitCode()).isEqualTo(2);
        assertThat(Run.of("", "nonsense").exitCode()).isEqualTo(2);
        assertThat(Run.of("").exitCode()).isEqualTo(2);
        assertThat(Run.of("", "cdc").exitCode()).isEqualTo(2);
        Run other = Run.of("", "cdc", "delete-log", topic);
        assertThat(other.exitCode()).isEqualTo(2);
        assertThat(other.err()).contains("must begin with cdc:");
        assertThat(Run.of("", "consume", "rabitmq:x").err())
                .contains("no connector", "kafka, memory", "did you mean rabbitmq?");
        assertThat(Run.of("", "consume", "cdc:x").err()).contains("tables: is missing");
        assertThat(Run.of("", "ping", "sqs:").err()).contains("it is not complete");
        assertThat(Run.of("", "ping", "sqs:a b").err()).contains("must be written as %XX, near position 5");
        Run oneWay = Run.of("", "consume", "sns:arn:aws:sns:us-east-1:123456789012:t");
        assertThat(oneWay.exitCode()).isEqualTo(2);
        assertThat(oneWay.err()).startsWith("pythia: sns has no consumer");
        Run unknown = Run.of("", "consume", topic + "?consumer-gruop=x");
        assertThat(unknown.exitCode()).isEqualTo(2);
        assertThat(unknown.err()).contains("did you mean consumer-group?");
        assertThat(Run.of("", "consume", topic, "--idle-timeout", "5").exitCode())
                .isEqualTo(2);
    }

    @Test
    void password_isNeverShown() {
        for (String url : new String[] {
            "kafka://user:s3cret@localhost:9092/orders?consumer-group=g&session-timeout=x",
            "kafka://user:s3cret@x@localhost:9092/orders",
            "kafka://user:s3cret@local host:9092/orders",
            "kafka://user:s3cret@localhost:9092/orders?sasl-pasword=s3cret",
            "amqp://user:s3cret@x@localhost:5672/?queue=q"
        }) {
            Run run = Run.of("", "consume", url);
            assertThat(run.exitCode()).as(url).isEqualTo(2);
            assertThat(run.err() + run.out()).doesNotContain("s3cret");
        }
    }

    @Test
    void brokerThatIsAway_isExitCode1_andOneLine() {
        Run run = Run.of("", "ping", "kafka://127.0.0.1:1/orders?connect-timeout=20s");
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).contains("127.0.0.1:1").doesNotContain("\tat ");
    }

    @Test
    void demo_losesNothing() {
        Run run = Run.of("", "demo", "--messages", "5000");
        assertThat(run.exitCode()).isZero();
        assertThat(run.out())
                .contains(".ordering(Ordering.KEY)")
                .containsPattern("tried again +1\\d\\d\n")
                .containsPattern("dead letters +3\n")
                .containsPattern("out of order +0\n")
                .containsPattern("lost +0\n");
    }
}
