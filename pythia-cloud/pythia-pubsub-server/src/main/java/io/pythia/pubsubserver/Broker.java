package io.pythia.pubsubserver;

import com.google.protobuf.Timestamp;
import com.google.pubsub.v1.AcknowledgeRequest;
import com.google.pubsub.v1.PublishRequest;
import com.google.pubsub.v1.PubsubMessage;
import com.google.pubsub.v1.Subscription;
import com.google.pubsub.v1.Topic;
import io.grpc.Status;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Topics and subscriptions, behind one lock. What must outlive the process is in the journal before anybody is told. */
final class Broker implements AutoCloseable {
    private static final long LOOK_AT_LEASES_MILLIS = 50;
    private static final String DELETED = "_deleted-topic_";

    private final Journal journal;
    private final String boot = Long.toString(System.nanoTime(), Character.MAX_RADIX);
    private final Map<String, Topic> topics = new LinkedHashMap<>();
    private final Map<String, SubscriptionState> subscriptions = new LinkedHashMap<>();
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
    private long lastId;

    Broker(Journal journal) {
        this.journal = journal;
        journal.replay(new Replay());
        clock.scheduleWithFixedDelay(
                this::lookAtLeases, LOOK_AT_LEASES_MILLIS, LOOK_AT_LEASES_MILLIS, TimeUnit.MILLISECONDS);
    }

    private final class Replay implements Journal.Reader {
        @Override
        public void topic(Topic topic) {
            topics.put(topic.getName(), topic);
        }

        @Override
        public void topicDeleted(String name) {
            topics.remove(name);
        }

        @Override
        public void subscription(Subscription subscription) {
            subscriptions.put(subscription.getName(), state(subscription));
        }

        @Override
        public void subscriptionDeleted(String name) {
            subscriptions.remove(name);
        }

        @Override
        public void published(PublishRequest request) {
            for (PubsubMessage message : request.getMessagesList()) {
                lastId = Math.max(lastId, Long.parseLong(message.getMessageId()));
                distribute(request.getTopic(), message);
            }
        }

        @Override
        public void acknowledged(AcknowledgeRequest request) {
            SubscriptionState state = subscriptions.get(request.getSubscription());
            if (state != null) {
                request.getAckIdsList().forEach(state::forget);
            }
        }
    }

    private SubscriptionState state(Subscription subscription) {
        return new SubscriptionState(subscription, boot, this::deadLetter);
    }

    synchronized Topic createTopic(Topic topic) {
        if (topics.containsKey(topic.getName())) {
            throw TopicService.refused(Status.ALREADY_EXISTS, "Resource already exists");
        }
        journal.topic(topic);
        topics.put(topic.getName(), topic);
        return topic;
    }

    synchronized Topic topic(String name) {
        return found(topics.get(name), name);
    }

    synchronized void deleteTopic(String name) {
        topic(name);
        journal.topicDeleted(name);
        topics.remove(name);
    }

    synchronized Subscription createSubscription(Subscription asked) {
        topic(asked.getTopic());
        if (subscriptions.containsKey(asked.getName())) {
            throw TopicService.refused(Status.ALREADY_EXISTS, "Resource already exists");
        }
        Subscription subscription = asked.getAckDeadlineSeconds() == 0
                ? asked.toBuilder().setAckDeadlineSeconds(10).build()
                : asked;
        journal.subscription(subscription);
        subscriptions.put(subscription.getName(), state(subscription));
        return subscription;
    }

    synchronized Subscription subscription(String name) {
        SubscriptionState state = find(name);
        return topics.containsKey(state.config().getTopic())
                ? state.config()
                : state.config().toBuilder().setTopic(DELETED).build();
    }

    synchronized void deleteSubscription(String name) {
        SubscriptionState state = find(name);
        journal.subscriptionDeleted(name);
        subscriptions.remove(name);
        state.streams().forEach(stream -> stream.end(notFound(name)));
    }

    synchronized List<String> publish(String topic, List<PubsubMessage> messages) {
        topic(topic);
        Instant now = Instant.now();
        PublishRequest.Builder record = PublishRequest.newBuilder().setTopic(topic);
        List<String> ids = new ArrayList<>(messages.size());
        for (PubsubMessage message : messages) {
            String id = Long.toString(++lastId);
            ids.add(id);
            record.addMessages(message.toBuilder()
                    .setMessageId(id)
                    .setPublishTime(Timestamp.newBuilder()
                            .setSeconds(now.getEpochSecond())
                            .setNanos(now.getNano())));
        }
        PublishRequest published = record.build();
        journal.published(published);
        published.getMessagesList().forEach(message -> distribute(topic, message));
        dispatch(topic);
        return ids;
    }

    private void distribute(String topic, PubsubMessage message) {
        for (SubscriptionState state : subscriptions.values()) {
            if (state.config().getTopic().equals(topic)) {
                state.add(message);
            }
        }
    }

    private void dispatch(String topic) {
        for (SubscriptionState state : subscriptions.values()) {
            if (state.config().getTopic().equals(topic)) {
                state.dispatch();
            }
        }
    }

    private void deadLetter(String topic, PubsubMessage message) {
        if (topics.containsKey(topic)) {
            publish(topic, List.of(message));
        }
    }

    /** Returns the ids whose lease has ended. */
    synchronized List<String> acknowledge(String subscription, List<String> ackIds) {
        SubscriptionState state = find(subscription);
        AcknowledgeRequest.Builder record = AcknowledgeRequest.newBuilder().setSubscription(subscription);
        List<String> lapsed = new ArrayList<>();
        for (String ackId : ackIds) {
            String messageId = state.acknowledge(ackId);
            if (messageId == null) {
                lapsed.add(ackId);
            } else {
                record.addAckIds(messageId);
            }
        }
        journal.acknowledged(record.build());
        state.dispatch();
        return lapsed;
    }

    /** Returns the ids whose lease has ended. */
    synchronized List<String> modify(String subscription, List<String> ackIds, int seconds) {
        SubscriptionState state = find(subscription);
        List<String> lapsed = new ArrayList<>();
        for (String ackId : ackIds) {
            if (!state.modify(ackId, seconds)) {
                lapsed.add(ackId);
            }
        }
        state.dispatch();
        return lapsed;
    }

    synchronized void giveBack(String subscription, String messageId) {
        SubscriptionState state = find(subscription);
        state.giveBack(messageId);
        state.dispatch();
    }

    synchronized void open(String subscription, Stream stream) {
        SubscriptionState state = find(subscription);
        state.open(stream);
        state.dispatch();
    }

    synchronized void closed(Stream stream) {
        subscriptions.values().forEach(state -> state.close(stream));
    }

    synchronized void dispatchAll() {
        subscriptions.values().forEach(SubscriptionState::dispatch);
    }

    private synchronized void lookAtLeases() {
        long now = System.nanoTime();
        for (SubscriptionState state : List.copyOf(subscriptions.values())) {
            state.expire(now);
            state.dispatch();
        }
    }

    synchronized void endStreams() {
        for (SubscriptionState state : subscriptions.values()) {
            state.streams().forEach(stream -> stream.end(Status.UNAVAILABLE.withDescription("the stream has ended")));
            state.streams().forEach(state::close);
        }
    }

    synchronized int outstanding(String subscription) {
        return find(subscription).outstanding();
    }

    synchronized int pending(String subscription) {
        return find(subscription).pending();
    }

    private SubscriptionState find(String name) {
        return found(subscriptions.get(name), name);
    }

    private static <T> T found(@Nullable T resource, String name) {
        if (resource == null) {
            throw notFound(name).asRuntimeException();
        }
        return Objects.requireNonNull(resource);
    }

    private static Status notFound(String name) {
        return Status.NOT_FOUND.withDescription("Resource not found (resource=" + name + ").");
    }

    @Override
    public void close() {
        clock.shutdownNow();
        synchronized (this) {
            journal.close();
        }
    }
}
