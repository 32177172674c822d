package io.pythia.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.Secret;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The cases of the specification's reference libraries, and what an attacker tries. */
class WebhookVerifierTest {
    private static final String SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private static final String ID = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    private static final long TIMESTAMP = 1_614_265_330;
    private static final byte[] BODY = "{\"test\": 2432232314}".getBytes(StandardCharsets.UTF_8);
    private static final String SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    private static WebhookVerifier.Builder verifier(long now) {
        return WebhookVerifier.builder().secret(Secret.of(SECRET)).clock(() -> Instant.ofEpochSecond(now));
    }

    private static Map<String, String> headers() {
        return new HashMap<>(Map.of(
                "webhook-id", ID, "webhook-timestamp", Long.toString(TIMESTAMP), "webhook-signature", SIGNATURE));
    }

    @Test
    void sign_theSpecificationsExample_givesItsSignature() {
        assertThat(WebhookKey.of(Secret.of(SECRET)).sign(ID, TIMESTAMP, BODY)).isEqualTo(SIGNATURE);
        assertThat(WebhookKey.of(Secret.of(SECRET.substring(6))).sign(ID, TIMESTAMP, BODY))
                .isEqualTo(SIGNATURE);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 300, -300})
    void verify_theSpecificationsExample_withinTheTolerance_succeeds(long age) {
        assertThat(verifier(TIMESTAMP + age).build().verify(headers()::get, BODY))
                .isEqualTo(ID);
    }

    @Test
    void verify_withSeveralSignatures_findsTheGoodOne() {
        Map<String, String> headers = headers();
        headers.put(
                "webhook-signature",
                "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= v2,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= "
                        + SIGNATURE + " v1,x");
        assertThat(verifier(TIMESTAMP).build().verify(headers::get, BODY)).isEqualTo(ID);
    }

    @Test
    void verify_whileSecretsAreRotated_takesBoth() {
        Secret other = Secret.of("whsec_" + Base64.getEncoder().encodeToString(new byte[32]));
        WebhookVerifier verifier = verifier(TIMESTAMP).secret(other).build();
        assertThat(verifier.verify(headers()::get, BODY)).isEqualTo(ID);
        Map<String, String> headers = headers();
        headers.put("webhook-signature", WebhookKey.of(other).sign(ID, TIMESTAMP, BODY));
        assertThat(verifier.verify(headers::get, BODY)).isEqualTo(ID);
    }

    record Forgery(String name, String header, String value, byte[] body, long now) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Forgery> forgeries() {
        byte[] tampered = "{\"test\": 2432232315}".getBytes(StandardCharsets.UTF_8);
        String hex = SIGNATURE.substring(3);
        return Stream.of(
                new Forgery("tampered body", "x", "", tampered, TIMESTAMP),
                new Forgery("empty body", "x", "", new byte[0], TIMESTAMP),
                new Forgery("tampered id", "webhook-id", "msg_other", BODY, TIMESTAMP),
                new Forgery("missing id", "webhook-id", null, BODY, TIMESTAMP),
                new Forgery("empty id", "webhook-id", "", BODY, TIMESTAMP),
                new Forgery("id with a dot", "webhook-id", ID + "." + TIMESTAMP, BODY, TIMESTAMP),
                new Forgery("tampered time", "webhook-timestamp", "" + (TIMESTAMP + 1), BODY, TIMESTAMP),
                new Forgery("missing time", "webhook-timestamp", null, BODY, TIMESTAMP),
                new Forgery("no time", "webhook-timestamp", "hello", BODY, TIMESTAMP),
                new Forgery("time with a fraction", "webhook-timestamp", TIMESTAMP + ".0", BODY, TIMESTAMP),
                new Forgery("negative time", "webhook-timestamp", "-" + TIMESTAMP, BODY, TIMESTAMP),
                new Forgery("huge time", "webhook-timestamp", "99999999999999999999", BODY, TIMESTAMP),
                new Forgery("too old", "x", "", BODY, TIMESTAMP + 301),
                new Forgery("from the future", "x", "", BODY, TIMESTAMP - 301),
                new Forgery("missing signature", "webhook-signature", null, BODY, TIMESTAMP),
                new Forgery("empty signature", "webhook-signature", "", BODY, TIMESTAMP),
                new Forgery("blank signatures", "webhook-signature", "   ", BODY, TIMESTAMP),
                new Forgery("signature without a version", "webhook-signature", hex, BODY, TIMESTAMP),
                new Forgery("signature of a wrong version", "webhook-signature", "v2," + hex, BODY, TIMESTAMP),
                new Forgery("asymmetric version", "webhook-signature", "v1a," + hex, BODY, TIMESTAMP),
                new Forgery("partial signature", "webhook-signature", SIGNATURE.substring(0, 8), BODY, TIMESTAMP),
                new Forgery("only the version", "webhook-signature", "v1,", BODY, TIMESTAMP),
                new Forgery("comma list", "webhook-signature", "v1,AAAA," + SIGNATURE, BODY, TIMESTAMP),
                new Forgery("too many", "webhook-signature", "v1,AAAA ".repeat(100) + SIGNATURE, BODY, TIMESTAMP),
                new Forgery("too long", "webhook-signature", "v1," + "A".repeat(100_000), BODY, TIMESTAMP));
    }

    @ParameterizedTest
    @MethodSource("forgeries")
    void verify_whatIsNotGenuine_isRefused(Forgery forgery) {
        Map<String, String> headers = headers();
        headers.put(forgery.header, forgery.value);
        assertThatThrownBy(() -> verifier(forgery.now).build().verify(headers::get, forgery.body))
                .isInstanceOf(WebhookVerificationException.class);
    }

    @Test
    void replayCache_refusesTheSecond_unlessTheFirstIsForgotten() {
        long[] now = {TIMESTAMP};
        WebhookVerifier verifier = verifier(0)
                .clock(() -> Instant.ofEpochSecond(now[0]))
                .replayCache(100)
                .build();
        verifier.verify(headers()::get, BODY);
        now[0] += 200;
        assertThatThrownBy(() -> verifier.verify(headers()::get, BODY)).hasMessageContaining("before");
        verifier.forget(ID);
        verifier.verify(headers()::get, BODY);
    }

    @Test
    void replayCache_isBounded() {
        WebhookKey key = WebhookKey.of(Secret.of(SECRET));
        WebhookVerifier verifier = verifier(TIMESTAMP).replayCache(10).build();
        for (int i = 0; i < 50; i++) {
            Map<String, String> headers = headers();
            headers.put("webhook-id", "id-" + i);
            headers.put("webhook-signature", key.sign("id-" + i, TIMESTAMP, BODY));
            verifier.verify(headers::get, BODY);
            assertThatThrownBy(() -> verifier.verify(headers::get, BODY)).hasMessageContaining("before");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "whsec_", "whsec_dG9vIHNob3J0", "whsec_not base64!", "hello"})
    void badSecret_isRefused_withoutBeingRepeated(String secret) {
        assertThatThrownBy(() -> WebhookKey.of(Secret.of(secret)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageNotContaining("dG9v");
        String tooLong = "whsec_" + Base64.getEncoder().encodeToString(new byte[65]);
        assertThatThrownBy(() -> WebhookKey.of(Secret.of(tooLong))).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a.b", "a\nb", "a b", "ü", "\u0000"})
    void idThatCannotBeSigned_isRefused(String id) {
        WebhookKey key = WebhookKey.of(Secret.of(SECRET));
        assertThatThrownBy(() -> key.sign(id, TIMESTAMP, BODY)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void anySignatureHeader_isRefusedTyped() {
        Random random = new Random(1);
        String alphabet = "v1a2, =+/ABCgh0.\t\u0000é";
        WebhookVerifier verifier = verifier(TIMESTAMP).build();
        for (int i = 0; i < 100_000; i++) {
            StringBuilder text = new StringBuilder();
            for (int n = random.nextInt(60); n > 0; n--) {
                text.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            Map<String, String> headers = headers();
            headers.put("webhook-signature", text.toString());
            assertThatThrownBy(() -> verifier.verify(headers::get, BODY))
                    .isInstanceOf(WebhookVerificationException.class);
        }
    }

    @Test
    void tolerance_canBeChanged() {
        assertThatCode(() -> verifier(TIMESTAMP + 3_000)
                        .tolerance(Duration.ofHours(1))
                        .build()
                        .verify(headers()::get, BODY))
                .doesNotThrowAnyException();
    }
}
