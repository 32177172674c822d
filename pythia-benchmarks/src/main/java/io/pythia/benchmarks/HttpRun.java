package io.pythia.benchmarks;

import io.pythia.Message;
import io.pythia.Secret;
import io.pythia.Subscribers;
import io.pythia.http.HttpConfig;
import io.pythia.http.PollerWorker;
import io.pythia.http.WebhookSenderWorker;
import java.io.IOException;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import okhttp3.Call;
import okhttp3.Callback;
import okhttp3.ConnectionPool;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;

/** One run in a fresh JVM: {@code HttpRun <variant> <port> <count>}. Prints one RESULT line. */
public final class HttpRun {
    private static final int BODY_BYTES = 256;
    /** Both sides: requests at once, and sends without an answer. */
    private static final int CONCURRENCY = 16;

    private static final int WINDOW = 1_000;
    private static final HttpConfig CONFIG = HttpConfig.webhookDefaults().toBuilder()
            .allowPlainHttp(true)
            .allowNetworks("loopback")
            .build();

    private final String address;
    private final int count;

    private HttpRun(String address, int count) {
        this.address = address;
        this.count = count;
    }

    /** Runs one variant. */
    public static void main(String[] args) throws Exception {
        HttpRun run = new HttpRun("http://127.0.0.1:" + args[1], Integer.parseInt(args[2]));
        switch (args[0]) {
            case "raw-post" -> run.rawPost();
            case "pythia-post" -> run.pythiaPost(null);
            case "pythia-signed" -> run.pythiaPost(Secret.of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
            case "raw-poll" -> run.rawPoll();
            case "pythia-poll" -> run.pythiaPoll();
            default -> throw new IllegalArgumentException("unknown variant " + args[0]);
        }
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }

    private int warmUp() {
        return count / 2;
    }

    private interface Send {
        void send(Semaphore permit);
    }

    private void post(Send send) throws InterruptedException {
        Semaphore window = new Semaphore(WINDOW);
        Measurement measurement = new Measurement();
        for (int i = 0; i < count + warmUp(); i++) {
            if (i == warmUp()) {
                measurement = new Measurement();
            }
            window.acquire();
            send.send(window);
        }
        window.acquire(WINDOW);
        measurement.report(count);
    }

    private void rawPost() throws InterruptedException {
        OkHttpClient client = new OkHttpClient.Builder()
                .connectionPool(new ConnectionPool(20, 5, TimeUnit.SECONDS))
                .callTimeout(Duration.ofSeconds(15))
                .build();
        client.dispatcher().setMaxRequestsPerHost(CONCURRENCY);
        byte[] body = new byte[BODY_BYTES];
        post(permit -> {
            Request request = new Request.Builder()
                    .url(address + "/hook")
                    .header("Content-Type", "application/json")
                    .header("webhook-id", UUID.randomUUID().toString())
                    .post(RequestBody.create(body))
                    .build();
            client.newCall(request).enqueue(new Callback() {
                @Override
                public void onFailure(Call call, IOException error) {
                    check(error);
                }

                @Override
                public void onResponse(Call call, Response response) throws IOException {
                    response.body().bytes();
                    permit.release();
                }
            });
        });
    }

    private void pythiaPost(@Nullable Secret secret) throws InterruptedException {
        WebhookSenderWorker.Builder builder = WebhookSenderWorker.builder()
                .webhookUrls(address + "/hook")
                .config(CONFIG)
                .concurrency(CONCURRENCY);
        if (secret != null) {
            builder.secret(secret);
        }
        byte[] body = new byte[BODY_BYTES];
        try (WebhookSenderWorker webhook = builder.build()) {
            webhook.connect().join();
            post(permit -> webhook.send(Message.of(body)).whenComplete((result, error) -> {
                check(error);
                permit.release();
            }));
        }
    }

    private String pollUrl() {
        return address + "/" + UUID.randomUUID() + "/" + warmUp() + "/" + count;
    }

    private void rawPoll() throws IOException {
        OkHttpClient client =
                new OkHttpClient.Builder().callTimeout(Duration.ofSeconds(30)).build();
        String url = pollUrl();
        Measurement measurement = new Measurement();
        int changes = 0;
        for (String etag = ""; changes < 3; ) {
            Request request =
                    new Request.Builder().url(url).header("If-None-Match", etag).build();
            try (Response response = client.newCall(request).execute()) {
                if (response.code() == 200) {
                    response.body().bytes();
                    etag = java.util.Objects.requireNonNull(response.header("ETag"));
                    changes++;
                    measurement = changes == 2 ? new Measurement() : measurement;
                }
            }
        }
        measurement.report(count);
    }

    private void pythiaPoll() throws InterruptedException {
        CountDownLatch done = new CountDownLatch(1);
        Measurement[] measurement = new Measurement[1];
        int[] changes = {0};
        try (PollerWorker poller = PollerWorker.builder()
                .url(pollUrl())
                .config(CONFIG)
                .pollInterval(Duration.ZERO)
                .build()) {
            poller.consume()
                    .subscribe(Subscribers.each(
                            message -> {
                                message.ack();
                                changes[0]++;
                                if (changes[0] == 2) {
                                    measurement[0] = new Measurement();
                                } else if (changes[0] == 3) {
                                    measurement[0].report(count);
                                    done.countDown();
                                }
                            },
                            HttpRun::check));
            done.await();
        }
    }

    private static void check(@Nullable Throwable error) {
        if (error != null) {
            error.printStackTrace();
            Runtime.getRuntime().halt(1);
        }
    }
}
