package io.pythia.cloud.azure;

import com.azure.core.http.HttpClient;
import com.azure.core.http.HttpHeader;
import com.azure.core.http.HttpHeaderName;
import com.azure.core.http.HttpHeaders;
import com.azure.core.http.HttpRequest;
import com.azure.core.http.HttpResponse;
import com.azure.core.util.BinaryData;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodySubscribers;
import java.net.http.HttpResponse.ResponseInfo;
import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * The JDK's HTTP client for requests and answers that are small. Azure's own adapter to it writes a warning to the log about each request
 * that has a body. Thread-safe.
 */
final class QueueHttpClient implements HttpClient {
    /** What the JDK's client sets itself and refuses to be told. */
    private static final Set<String> OWN = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);

    static {
        OWN.addAll(List.of("connection", "content-length", "expect", "host", "upgrade"));
    }

    private final java.net.http.HttpClient client;

    /** Creates one with threads for what it does. They must not wait: that is not for the code of applications. */
    QueueHttpClient(Executor threads, Duration connectTimeout) {
        this.client = java.net.http.HttpClient.newBuilder()
                .connectTimeout(connectTimeout)
                .executor(threads)
                .version(java.net.http.HttpClient.Version.HTTP_1_1)
                .build();
    }

    /**
     * Sends a request. An answer is given on from where its body was read: what the client's own future does next happens on the common
     * pool.
     */
    @Override
    public Mono<HttpResponse> send(HttpRequest request) {
        return Mono.create(sink -> {
            CompletableFuture<?> sent = client.sendAsync(
                    toNative(request),
                    head -> BodySubscribers.mapping(BodySubscribers.ofByteArray(), body -> {
                        sink.success(new Answer(request, head, body));
                        return body;
                    }));
            sink.onCancel(() -> sent.cancel(true));
            sent.whenComplete((answer, error) -> {
                if (error != null) {
                    sink.error(error);
                }
            });
        });
    }

    private static java.net.http.HttpRequest toNative(HttpRequest request) {
        BinaryData body = request.getBodyAsBinaryData();
        BodyPublisher publisher = body == null ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body.toBytes());
        java.net.http.HttpRequest.Builder builder = java.net.http.HttpRequest.newBuilder(
                        URI.create(request.getUrl().toString()))
                .method(request.getHttpMethod().toString(), publisher);
        for (HttpHeader header : request.getHeaders()) {
            if (!OWN.contains(header.getName())) {
                for (String value : header.getValuesList()) {
                    builder.header(header.getName(), value);
                }
            }
        }
        return builder.build();
    }

    /** An answer whose body has been read. */
    private static final class Answer extends HttpResponse {
        private final int status;
        private final HttpHeaders headers = new HttpHeaders();
        private final byte[] body;

        Answer(HttpRequest request, ResponseInfo head, byte[] body) {
            super(request);
            this.status = head.statusCode();
            this.body = body;
            head.headers().map().forEach((name, values) -> headers.set(HttpHeaderName.fromString(name), values));
        }

        @Override
        public int getStatusCode() {
            return status;
        }

        @Override
        @Deprecated
        @SuppressWarnings("deprecation")
        public @Nullable String getHeaderValue(String name) {
            return headers.getValue(HttpHeaderName.fromString(name));
        }

        @Override
        public HttpHeaders getHeaders() {
            return headers;
        }

        @Override
        public Flux<ByteBuffer> getBody() {
            return Flux.just(ByteBuffer.wrap(body));
        }

        @Override
        public Mono<byte[]> getBodyAsByteArray() {
            return Mono.just(body);
        }

        @Override
        public Mono<String> getBodyAsString() {
            return getBodyAsString(StandardCharsets.UTF_8);
        }

        @Override
        public Mono<String> getBodyAsString(Charset charset) {
            return Mono.just(new String(body, charset));
        }
    }
}
