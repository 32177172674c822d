package io.pythia.cloud.gcp;

import com.google.api.gax.rpc.ClientStream;
import com.google.api.gax.rpc.ResponseObserver;
import com.google.api.gax.rpc.StreamController;
import com.google.cloud.pubsub.v1.stub.SubscriberStub;
import com.google.pubsub.v1.ReceivedMessage;
import com.google.pubsub.v1.StreamingPullRequest;
import com.google.pubsub.v1.StreamingPullResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One call of StreamingPull. The service pushes as many messages as may be outstanding, by count and by bytes; beyond that the client reads
 * a response only when it is asked to. Thread-safe.
 */
final class PullStream {
    /** An end so soon after the beginning is no routine. */
    private static final long PROVED = Duration.ofSeconds(1).toNanos();

    /**
     * Why the stream has ended.
     *
     * @param error an error of the client, or null if the service completed it
     * @param at when, by {@link System#nanoTime()}
     */
    record CloseReason(@Nullable Throwable error, long at) {}

    private final Consumer<List<ReceivedMessage>> arrived;
    private final Runnable ended;
    private final ClientStream<StreamingPullRequest> requests;
    private final CountDownLatch over = new CountDownLatch(1);
    private final long openedAt = System.nanoTime();
    private @Nullable StreamController controller;
    private boolean owed;
    private volatile boolean closing;
    private volatile boolean hasDelivered;
    private volatile @Nullable CloseReason end;

    /**
     * Opens one.
     *
     * @param clientId the same for all streams of a session
     * @param arrived told of messages, on the client's thread; must not block
     * @param ended told when there will be no more
     */
    PullStream(
            SubscriberStub stub,
            PubSubSubscriberSettings settings,
            String clientId,
            Consumer<List<ReceivedMessage>> arrived,
            Runnable ended) {
        this.arrived = arrived;
        this.ended = ended;
        requests = stub.streamingPullCallable().splitCall(new Responses());
        requests.send(StreamingPullRequest.newBuilder()
                .setSubscription(settings.subscription())
                .setStreamAckDeadlineSeconds((int) settings.ackDeadline().toSeconds())
                .setClientId(clientId)
                .setMaxOutstandingMessages(settings.maxMessages())
                .setMaxOutstandingBytes(settings.maxBytes())
                .build());
    }

    private final class Responses implements ResponseObserver<StreamingPullResponse> {
        @Override
        public void onStart(StreamController given) {
            given.disableAutoInboundFlowControl();
            synchronized (PullStream.this) {
                controller = given;
                owed = true;
            }
            more();
        }

        @Override
        public void onResponse(StreamingPullResponse response) {
            hasDelivered = true;
            synchronized (PullStream.this) {
                owed = true;
            }
            arrived.accept(response.getReceivedMessagesList());
            if (closing) {
                more();
            }
        }

        @Override
        public void onError(Throwable error) {
            finish(error);
        }

        @Override
        public void onComplete() {
            finish(null);
        }
    }

    private void finish(@Nullable Throwable error) {
        end = new CloseReason(error, System.nanoTime());
        over.countDown();
        ended.run();
    }

    /** There is room for another response. */
    void more() {
        StreamController current;
        synchronized (this) {
            current = owed ? controller : null;
            owed = false;
        }
        if (current != null) {
            current.request(1);
        }
    }

    /** Returns why it has ended, null if it has not. */
    @Nullable
    CloseReason end() {
        return end;
    }

    /** Returns whether it has worked, so that its end is one of those that the service makes now and then. */
    boolean hasWorked() {
        return hasDelivered || System.nanoTime() - openedAt > PROVED;
    }

    /** Gives a sign of life. */
    void heartbeat() {
        if (end == null && !closing) {
            write(() -> requests.send(StreamingPullRequest.getDefaultInstance()));
        }
    }

    /** Asks the service to end it, so that what is under way can be given back, and waits for that; in the end it is cut off. */
    void close(Duration limit) throws InterruptedException {
        if (end == null) {
            closing = true;
            write(requests::closeSend);
            more();
            over.await(limit.toMillis(), TimeUnit.MILLISECONDS);
        }
        cancel();
    }

    /** A stream may end at any time, and then the client refuses what is written. */
    private static void write(Runnable write) {
        try {
            write.run();
        } catch (IllegalStateException e) {
            // whoever receives learns why it has ended
        }
    }

    void cancel() {
        StreamController current;
        synchronized (this) {
            current = controller;
        }
        if (current != null && end == null) {
            current.cancel();
        }
    }
}
