package io.pythia.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.pythia.BrokerAuthenticationException;
import io.pythia.Secret;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;

/** Tokens for client credentials. Confined to the thread that makes the requests, one at a time. */
final class OauthSession implements HttpAuth.Session {
    /** A token is not used in its last seconds: it may end on its way. */
    private static final long MARGIN_SECONDS = 30;

    private static final long DEFAULT_SECONDS = 300;
    private static final long MAX_SECONDS = 86_400;

    private final OkHttpClient client;
    private final PollSettings settings;
    private final HttpUrl tokenUrl;
    private final String clientId;
    private final Secret clientSecret;
    private final @Nullable String scope;
    private @Nullable String token;
    private long endsAt;

    OauthSession(
            OkHttpClient client,
            PollSettings settings,
            String tokenUrl,
            String clientId,
            Secret clientSecret,
            @Nullable String scope) {
        this.client = client;
        this.settings = settings;
        this.tokenUrl = Urls.parse("tokenUrl", tokenUrl, settings.config().allowPlainHttp(), settings.guard());
        this.clientId = clientId;
        this.clientSecret = clientSecret;
        this.scope = scope;
    }

    @Override
    public Map<String, String> headers(HttpAuth.Request request) throws IOException {
        String current = token;
        if (current == null || endsAt - System.nanoTime() <= 0) {
            current = fetch();
            token = current;
        }
        return Map.of("Authorization", "Bearer " + current);
    }

    @Override
    public boolean renew() {
        boolean had = token != null;
        token = null;
        return had;
    }

    private String fetch() throws IOException {
        String form = "grant_type=client_credentials" + (scope == null ? "" : "&scope=" + encoded(scope));
        Request request = new Request.Builder()
                .url(tokenUrl)
                .header("Authorization", HttpAuth.basic(encoded(clientId), encoded(clientSecret.reveal())))
                .header("Content-Type", "application/x-www-form-urlencoded")
                .header("Accept", "application/json")
                .post(Bodies.once(form.getBytes(StandardCharsets.UTF_8), null))
                .build();
        String doing = settings.name() + ": fetching a token from " + Urls.origin(tokenUrl);
        try (Response response = client.newCall(request).execute()) {
            byte[] body = Bodies.read(response.body(), settings.config().maxResponseBytes());
            if (response.code() == 400) { // what RFC 6749 answers to credentials that it does not know
                throw new BrokerAuthenticationException(doing + ": the credentials were refused");
            }
            if (!response.isSuccessful()) {
                throw HttpErrors.translate(doing, response.code());
            }
            return read(doing, body);
        }
    }

    private String read(String doing, byte[] body) throws IOException {
        JsonNode answer;
        try {
            answer = Json.MAPPER.readTree(body);
        } catch (IOException e) {
            throw new IOException(doing + ": the answer is not JSON"); // its text would have the token
        }
        String fetched = answer.path("access_token").asText("");
        if (fetched.isEmpty()) {
            throw new BrokerAuthenticationException(doing + ": the answer has no access_token");
        }
        try {
            HeaderRules.check("Authorization", "Bearer " + fetched);
        } catch (IllegalArgumentException e) {
            throw new BrokerAuthenticationException(doing + ": the access_token can't be sent: " + e.getMessage());
        }
        long seconds =
                Math.max(1, Math.min(MAX_SECONDS, answer.path("expires_in").asLong(DEFAULT_SECONDS)) - MARGIN_SECONDS);
        endsAt = System.nanoTime() + seconds * 1_000_000_000L;
        return fetched;
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
