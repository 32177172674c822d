package io.pythia.http;

import io.pythia.Headers;
import io.pythia.http.PollCursor.Validators;
import io.pythia.internal.Hashes;
import java.io.IOException;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import okhttp3.Call;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;

/** Makes the requests of one session, one at a time. */
final class Fetcher implements AutoCloseable {
    private static final int UNAUTHORIZED = 401;
    private static final int MAX_VALIDATOR = 1_024;
    private static final byte[] EMPTY = {};

    /** An answer, whatever its status. */
    record Fetched(HttpUrl url, Response head, PollResponse response, Validators validators) {
        int status() {
            return response.status();
        }

        /** Without the URL, whose query may be secret. */
        @Override
        public String toString() {
            return "Fetched[" + response + "]";
        }
    }

    private final PollSettings settings;
    private final OkHttpClient client;
    private final HttpAuth.Session auth;
    private volatile @Nullable Call current;
    private final BooleanSupplier brokenOff;
    private volatile boolean closed;

    /** Creates one; {@code brokenOff} says whether the request that is about to be made is not wanted any more. */
    Fetcher(PollSettings settings, BooleanSupplier brokenOff) {
        this.settings = settings;
        this.brokenOff = brokenOff;
        this.client = HttpClients.create(
                settings.name(), settings.config(), settings.guard(), settings.dns(), settings.connectTimeout());
        this.auth = settings.auth().open(client, settings);
    }

    /** Requests on this thread. */
    Fetched fetch(HttpUrl url, Validators known) throws IOException {
        Fetched first = fetchOnce(url, known);
        return first.status() == UNAUTHORIZED && auth.renew() ? fetchOnce(url, known) : first;
    }

    /** Requests on a thread of the client's, which then calls one of the two. */
    void fetch(HttpUrl url, Validators known, Consumer<Fetched> answered, Consumer<Throwable> failed) {
        ExecutorService executor = client.dispatcher().executorService();
        try {
            executor.execute(() -> {
                Fetched fetched;
                try {
                    fetched = fetch(url, known);
                } catch (Throwable e) { // an error, too: the poller would wait for ever for what never comes
                    failed.accept(e);
                    return;
                }
                answered.accept(fetched);
            });
        } catch (RejectedExecutionException e) {
            failed.accept(e);
        }
    }

    private Fetched fetchOnce(HttpUrl url, Validators known) throws IOException {
        Call call = client.newCall(request(url, known));
        current = call;
        if (closed || brokenOff.getAsBoolean()) {
            call.cancel();
        }
        try (Response response = call.execute()) {
            byte[] body = response.isSuccessful()
                    ? Bodies.read(response.body(), settings.config().maxResponseBytes())
                    : drained(response);
            return new Fetched(
                    url,
                    response,
                    new PollResponse(response.code(), headers(response), body),
                    new Validators(
                            validator(response.header("ETag")),
                            validator(response.header("Last-Modified")),
                            body.length == 0 ? null : Hashes.of(body)));
        } finally {
            current = null;
        }
    }

    /** Reads what a refusal says, so that the connection can be used again; nobody is shown it, since it may repeat our headers. */
    private byte[] drained(Response response) {
        try {
            Bodies.read(response.body(), settings.config().maxResponseBytes());
        } catch (IOException e) {
            // the connection is closed then
        }
        return EMPTY;
    }

    private Request request(HttpUrl url, Validators known) throws IOException {
        byte[] body = settings.body();
        Request.Builder request = new Request.Builder()
                .url(url)
                .method(settings.method(), body == null ? null : Bodies.once(body, null))
                .header("User-Agent", "pythia-http");
        settings.headers().forEach(request::header);
        HttpAuth.Request signed =
                new HttpAuth.Request(settings.method(), url.toString(), body == null ? EMPTY : body.clone());
        for (Map.Entry<String, String> header : auth.headers(signed).entrySet()) {
            HeaderRules.check(header.getKey(), header.getValue());
            request.header(header.getKey(), header.getValue());
        }
        if (settings.isConditional()) {
            if (known.etag() != null) {
                request.header("If-None-Match", known.etag());
            }
            if (known.lastModified() != null) {
                request.header("If-Modified-Since", known.lastModified());
            }
        }
        return request.build();
    }

    /** What can't be sent back is none. */
    private static @Nullable String validator(@Nullable String value) {
        boolean usable = value != null
                && value.length() <= MAX_VALIDATOR
                && value.chars().allMatch(c -> c >= ' ' && c < 0x7f);
        return usable ? value : null;
    }

    private static Headers headers(Response response) {
        Headers.Builder headers = Headers.builder();
        for (int i = 0; i < response.headers().size(); i++) {
            String name = response.headers().name(i);
            if (!name.isEmpty()) { // ": x" is one to the client
                headers.add(name.toLowerCase(Locale.ROOT), response.headers().value(i));
            }
        }
        return headers.build();
    }

    /** Breaks off the request that is under way, if one is. Any thread. */
    void cancel() {
        Call call = current;
        if (call != null) {
            call.cancel();
        }
    }

    @Override
    public void close() {
        closed = true;
        cancel();
        HttpClients.close(client);
    }
}
