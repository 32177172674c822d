package io.pythia.http;

import io.pythia.http.HttpErrors.TooLargeException;
import java.io.IOException;
import okhttp3.MediaType;
import okhttp3.RequestBody;
import okhttp3.ResponseBody;
import okio.Buffer;
import okio.BufferedSink;
import okio.BufferedSource;
import org.jspecify.annotations.Nullable;

/** Bodies of requests that are sent once, and of answers that are read to a limit. */
final class Bodies {
    private static final int PIECE = 8_192;

    private Bodies() {}

    /** Returns a body that the client can't send again by itself. */
    static RequestBody once(byte[] bytes, @Nullable MediaType type) {
        return new RequestBody() {
            @Override
            public @Nullable MediaType contentType() {
                return type;
            }

            @Override
            public long contentLength() {
                return bytes.length;
            }

            @Override
            public boolean isOneShot() {
                return true;
            }

            @Override
            public void writeTo(BufferedSink sink) throws IOException {
                sink.write(bytes);
            }
        };
    }

    /** Returns an answer's bytes, decompressed. */
    static byte[] read(ResponseBody body, int max) throws IOException {
        Buffer buffer = new Buffer();
        BufferedSource source = body.source();
        while (source.read(buffer, Math.min(PIECE, (long) max + 1 - buffer.size())) >= 0) {
            if (buffer.size() > max) {
                throw new TooLargeException(max);
            }
        }
        return buffer.readByteArray();
    }
}
