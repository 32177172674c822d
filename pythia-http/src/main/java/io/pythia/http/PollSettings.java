package io.pythia.http;

import io.pythia.FirstRun;
import io.pythia.StateStore;
import io.pythia.http.Extraction.ItemPointers;
import java.time.Duration;
import java.util.Map;
import okhttp3.Dns;
import okhttp3.HttpUrl;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link PollerReceiver} needs to know.
 *
 * @param maxAhead how many messages may be acknowledged behind one that is not
 */
@SuppressWarnings("ArrayRecordComponent") // passed on, never compared
record PollSettings(
        String name,
        HttpUrl url,
        String source,
        String method,
        Map<String, String> headers,
        byte @Nullable [] body,
        HttpAuth auth,
        HttpConfig config,
        AddressGuard guard,
        Dns dns,
        Duration interval,
        PollTiming timing,
        double jitter,
        boolean respectMaxAge,
        Duration maxRetryAfter,
        @Nullable RateLimit rateLimit,
        Extraction extraction,
        ItemPointers pointers,
        Pagination pagination,
        int maxPages,
        int dedupWindow,
        FirstRun firstRun,
        StateStore store,
        String stateKey,
        Duration connectTimeout,
        int maxAhead) {

    /** Asking a second time for what is the same makes sense for what only asks. */
    boolean isConditional() {
        return method.equals("GET");
    }

    /** Without all that may be secret. */
    @Override
    public String toString() {
        return "PollSettings[" + name + "]";
    }
}
