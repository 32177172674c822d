package io.pythia.http;

import io.pythia.Secret;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Supplier;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;
import org.jspecify.annotations.Nullable;

/**
 * How requests show who makes them. A secret that a supplier gives is asked for at every request, so that it can be changed while a consumer
 * runs. Immutable.
 */
public final class HttpAuth {
    /** A request that is to be signed: the method, the URL and the body, empty for none. */
    @SuppressWarnings("ArrayRecordComponent") // passed on, never compared
    public record Request(String method, String url, byte[] body) {
        @Override
        public String toString() {
            return "Request[method=" + method + "]";
        }
    }

    /** The credentials of one session. */
    interface Session {
        /** Returns headers for a request. */
        Map<String, String> headers(Request request) throws IOException;

        /** Returns, after they were refused, whether it is worth asking again, with others. */
        boolean renew();
    }

    /** Makes sessions. */
    interface Opener {
        Session open(OkHttpClient client, PollSettings settings);
    }

    private final Opener opener;
    private final @Nullable String tokenUrl;

    private HttpAuth(Opener opener, @Nullable String tokenUrl) {
        this.opener = opener;
        this.tokenUrl = tokenUrl;
    }

    /** Returns no credentials. */
    public static HttpAuth none() {
        return signing(request -> Map.of());
    }

    /** Returns user and password in the clear ({@code Authorization: Basic}); a user must have no colon. */
    public static HttpAuth basic(String user, Secret password) {
        if (user.indexOf(':') >= 0) {
            throw new IllegalArgumentException("a user must have no colon");
        }
        Objects.requireNonNull(password, "password");
        return supplied("Authorization", () -> password, secret -> basic(user, secret.reveal()));
    }

    /** Returns a token ({@code Authorization: Bearer}). */
    public static HttpAuth bearer(Secret token) {
        Objects.requireNonNull(token, "token");
        return bearer(() -> token);
    }

    /** Returns a token that is asked for at every request; after a 401 it is asked for once more before the consumer gives up. */
    public static HttpAuth bearer(Supplier<Secret> token) {
        return supplied("Authorization", token, secret -> "Bearer " + secret.reveal());
    }

    /** Returns a key in a header of its own, for instance {@code X-Api-Key}. */
    public static HttpAuth apiKey(String header, Secret key) {
        Objects.requireNonNull(key, "key");
        return apiKey(header, () -> key);
    }

    /** Returns a key that is asked for at every request. */
    public static HttpAuth apiKey(String header, Supplier<Secret> key) {
        HeaderRules.checkName(header);
        return supplied(header, key, Secret::reveal);
    }

    /** Returns headers that a function makes for each request: for signatures, by HMAC for instance. Their names and values are checked. */
    public static HttpAuth signing(Function<Request, Map<String, String>> headers) {
        Objects.requireNonNull(headers, "headers");
        return new HttpAuth(
                (client, settings) -> new Session() {
                    @Override
                    public Map<String, String> headers(Request request) {
                        return headers.apply(request);
                    }

                    @Override
                    public boolean renew() {
                        return false;
                    }
                },
                null);
    }

    /**
     * Returns OAuth 2.0 client credentials (RFC 6749, 4.4): a token is fetched when it is needed, again before it ends, and once more after
     * a 401.
     *
     * @param tokenUrl where tokens are fetched; the rules for the consumer's URL hold for it
     * @param scope what the token is to allow, null for the server's default
     */
    public static HttpAuth oauth2(String tokenUrl, String clientId, Secret clientSecret, @Nullable String scope) {
        return new HttpAuth(
                (client, settings) -> new OauthSession(client, settings, tokenUrl, clientId, clientSecret, scope),
                tokenUrl);
    }

    private static HttpAuth supplied(String header, Supplier<Secret> supplier, Function<Secret, String> value) {
        Objects.requireNonNull(supplier, "supplier");
        return new HttpAuth((client, settings) -> new SuppliedSession(header, supplier, value), null);
    }

    static String basic(String user, String password) {
        return "Basic " + Base64.getEncoder().encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8));
    }

    Session open(OkHttpClient client, PollSettings settings) {
        return opener.open(client, settings);
    }

    /** Checks what can be checked before a connection. */
    void check(HttpConfig config, AddressGuard guard) {
        if (tokenUrl != null) {
            HttpUrl checked = Urls.parse("tokenUrl", tokenUrl, config.allowPlainHttp(), guard);
            Objects.requireNonNull(checked);
        }
    }

    @Override
    public String toString() {
        return "HttpAuth[***]";
    }

    private static final class SuppliedSession implements Session {
        private final String header;
        private final Supplier<Secret> supplier;
        private final Function<Secret, String> value;
        private @Nullable String used;

        SuppliedSession(String header, Supplier<Secret> supplier, Function<Secret, String> value) {
            this.header = header;
            this.supplier = supplier;
            this.value = value;
        }

        @Override
        public Map<String, String> headers(Request request) {
            String current = value.apply(supplier.get());
            used = current;
            return Map.of(header, current);
        }

        @Override
        public boolean renew() {
            return !value.apply(supplier.get()).equals(used);
        }
    }
}
