package io.pythia.pubsubserver;

import com.google.protobuf.Any;
import com.google.protobuf.Empty;
import com.google.pubsub.v1.AcknowledgeRequest;
import com.google.pubsub.v1.DeleteSubscriptionRequest;
import com.google.pubsub.v1.GetSubscriptionRequest;
import com.google.pubsub.v1.ModifyAckDeadlineRequest;
import com.google.pubsub.v1.StreamingPullRequest;
import com.google.pubsub.v1.StreamingPullResponse;
import com.google.pubsub.v1.SubscriberGrpc;
import com.google.pubsub.v1.Subscription;
import com.google.rpc.Code;
import com.google.rpc.ErrorInfo;
import com.google.rpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Subscriptions, acknowledging and the streams of consumers. */
final class SubscriptionService extends SubscriberGrpc.SubscriberImplBase {
    private static final int MIN_DEADLINE = 10;
    private static final int MAX_DEADLINE = 600;
    private static final String LAPSED = "PERMANENT_FAILURE_INVALID_ACK_ID";

    private final Broker broker;

    SubscriptionService(Broker broker) {
        this.broker = broker;
    }

    @Override
    public void createSubscription(Subscription request, StreamObserver<Subscription> call) {
        TopicService.answer(call, () -> broker.createSubscription(request));
    }

    @Override
    public void getSubscription(GetSubscriptionRequest request, StreamObserver<Subscription> call) {
        TopicService.answer(call, () -> broker.subscription(request.getSubscription()));
    }

    @Override
    public void deleteSubscription(DeleteSubscriptionRequest request, StreamObserver<Empty> call) {
        TopicService.answer(call, () -> {
            broker.deleteSubscription(request.getSubscription());
            return Empty.getDefaultInstance();
        });
    }

    @Override
    public void acknowledge(AcknowledgeRequest request, StreamObserver<Empty> call) {
        TopicService.answer(call, () -> {
            List<String> lapsed = broker.acknowledge(request.getSubscription(), request.getAckIdsList());
            return emptyUnless(request.getSubscription(), lapsed);
        });
    }

    @Override
    public void modifyAckDeadline(ModifyAckDeadlineRequest request, StreamObserver<Empty> call) {
        TopicService.answer(call, () -> {
            int seconds = request.getAckDeadlineSeconds();
            TopicService.require(seconds >= 0 && seconds <= MAX_DEADLINE, "a deadline is between 0 and 600 seconds");
            List<String> lapsed = broker.modify(request.getSubscription(), request.getAckIdsList(), seconds);
            return emptyUnless(request.getSubscription(), lapsed);
        });
    }

    /** A lease that has ended is said only where the subscription delivers exactly once. */
    private Empty emptyUnless(String subscription, List<String> lapsed) {
        if (lapsed.isEmpty() || !broker.subscription(subscription).getEnableExactlyOnceDelivery()) {
            return Empty.getDefaultInstance();
        }
        Map<String, String> reasons = new LinkedHashMap<>();
        lapsed.forEach(id -> reasons.put(id, LAPSED));
        throw StatusProto.toStatusRuntimeException(Status.newBuilder()
                .setCode(Code.FAILED_PRECONDITION.getNumber())
                .setMessage("Some acknowledgement ids in the request were invalid.")
                .addDetails(Any.pack(ErrorInfo.newBuilder()
                        .setReason("EXACTLY_ONCE_ACKID_FAILURE")
                        .setDomain("pubsub.googleapis.com")
                        .putAllMetadata(reasons)
                        .build()))
                .build());
    }

    @Override
    public StreamObserver<StreamingPullRequest> streamingPull(StreamObserver<StreamingPullResponse> call) {
        ServerCallStreamObserver<StreamingPullResponse> out = (ServerCallStreamObserver<StreamingPullResponse>) call;
        StreamRequests requests = new StreamRequests(out);
        out.setOnReadyHandler(broker::dispatchAll);
        out.setOnCancelHandler(requests::end);
        return requests;
    }

    /** What one client sends on its stream. */
    private final class StreamRequests implements StreamObserver<StreamingPullRequest> {
        private final ServerCallStreamObserver<StreamingPullResponse> out;
        private volatile @Nullable Stream stream;

        StreamRequests(ServerCallStreamObserver<StreamingPullResponse> out) {
            this.out = out;
        }

        @Override
        public void onNext(StreamingPullRequest request) {
            if (stream != null) {
                return; // a sign of life
            }
            try {
                int seconds = request.getStreamAckDeadlineSeconds();
                TopicService.require(
                        seconds >= MIN_DEADLINE && seconds <= MAX_DEADLINE,
                        "a stream's deadline is between 10 and 600 seconds");
                Stream opened = new Stream(
                        out,
                        Duration.ofSeconds(seconds),
                        request.getMaxOutstandingMessages(),
                        request.getMaxOutstandingBytes());
                broker.open(request.getSubscription(), opened);
                stream = opened;
            } catch (StatusRuntimeException e) {
                out.onError(e);
            }
        }

        @Override
        public void onError(Throwable cause) {
            end();
        }

        @Override
        public void onCompleted() {
            end();
            Stream current = stream;
            if (current == null) {
                out.onCompleted();
            } else {
                current.end(io.grpc.Status.OK);
            }
        }

        void end() {
            Stream current = stream;
            if (current != null) {
                broker.closed(current);
            }
        }
    }
}
