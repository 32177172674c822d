package io.pythia.pubsubserver;

import com.google.protobuf.Empty;
import com.google.pubsub.v1.DeleteTopicRequest;
import com.google.pubsub.v1.GetTopicRequest;
import com.google.pubsub.v1.PublishRequest;
import com.google.pubsub.v1.PublishResponse;
import com.google.pubsub.v1.PublisherGrpc;
import com.google.pubsub.v1.PubsubMessage;
import com.google.pubsub.v1.Topic;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.function.Supplier;

/** Topics and publishing, with the limits that the service documents. */
final class TopicService extends PublisherGrpc.PublisherImplBase {
    private static final int MAX_MESSAGES = 1_000;
    private static final int MAX_BYTES = 10_000_000;
    private static final int MAX_ATTRIBUTES = 100;
    private static final int MAX_NAME = 256;
    private static final int MAX_VALUE = 1_024;

    private final Broker broker;

    TopicService(Broker broker) {
        this.broker = broker;
    }

    /** Answers a call by what the work returns, or with what it throws. */
    static <T> void answer(StreamObserver<T> call, Supplier<T> work) {
        T result;
        try {
            result = work.get();
        } catch (StatusRuntimeException e) {
            call.onError(e);
            return;
        }
        call.onNext(result);
        call.onCompleted();
    }

    static StatusRuntimeException refused(Status status, String why) {
        return status.withDescription(why).asRuntimeException();
    }

    @Override
    public void createTopic(Topic request, StreamObserver<Topic> call) {
        answer(call, () -> broker.createTopic(request));
    }

    @Override
    public void getTopic(GetTopicRequest request, StreamObserver<Topic> call) {
        answer(call, () -> broker.topic(request.getTopic()));
    }

    @Override
    public void deleteTopic(DeleteTopicRequest request, StreamObserver<Empty> call) {
        answer(call, () -> {
            broker.deleteTopic(request.getTopic());
            return Empty.getDefaultInstance();
        });
    }

    @Override
    public void publish(PublishRequest request, StreamObserver<PublishResponse> call) {
        answer(call, () -> {
            check(request);
            return PublishResponse.newBuilder()
                    .addAllMessageIds(broker.publish(request.getTopic(), request.getMessagesList()))
                    .build();
        });
    }

    private static void check(PublishRequest request) {
        require(request.getMessagesCount() > 0, "a request needs a message");
        require(request.getMessagesCount() <= MAX_MESSAGES, "a request has at most 1000 messages");
        require(request.getSerializedSize() <= MAX_BYTES, "a request has at most 10000000 bytes");
        String key = request.getMessages(0).getOrderingKey();
        for (PubsubMessage message : request.getMessagesList()) {
            require(message.getOrderingKey().equals(key), "all messages of a request have one ordering key");
            check(message);
        }
    }

    private static void check(PubsubMessage message) {
        require(
                !message.getData().isEmpty() || message.getAttributesCount() > 0,
                "a message must have data or an attribute");
        require(message.getAttributesCount() <= MAX_ATTRIBUTES, "a message has at most 100 attributes");
        require(bytes(message.getOrderingKey()) <= MAX_VALUE, "an ordering key has at most 1024 bytes");
        for (Map.Entry<String, String> attribute : message.getAttributesMap().entrySet()) {
            String name = attribute.getKey();
            require(!name.isEmpty() && bytes(name) <= MAX_NAME, "an attribute's name has 1 to 256 bytes");
            require(!name.startsWith("goog"), "an attribute's name must not begin with goog");
            require(bytes(attribute.getValue()) <= MAX_VALUE, "an attribute's value has at most 1024 bytes");
        }
    }

    private static int bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }

    static void require(boolean condition, String why) {
        if (!condition) {
            throw refused(Status.INVALID_ARGUMENT, why);
        }
    }
}
