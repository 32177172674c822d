package io.pythia.cloud.gcp;

import com.google.api.gax.grpc.GrpcCallContext;
import com.google.api.gax.rpc.StatusCode.Code;
import com.google.cloud.pubsub.v1.stub.PublisherStub;
import com.google.pubsub.v1.GetTopicRequest;
import com.google.pubsub.v1.PublishRequest;
import com.google.pubsub.v1.PublishResponse;
import io.pythia.BrokerConnectionException;
import io.pythia.BrokerException;
import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.SendResult;
import io.pythia.UncertainSendException;
import io.pythia.retry.RetryConfig;
import io.pythia.spi.Outgoing;
import io.pythia.spi.ProducerOptions;
import io.pythia.spi.RetryInPlace;
import io.pythia.spi.SendDriver;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;

/**
 * Publishes. A message without an ordering key that failed goes back to the engine, which sends it again; one with a key is repeated in
 * its place, since the engine would let later ones overtake. When that ends in failure, so do those behind it, and the next message of the
 * key begins anew.
 */
final class PubSubSender implements SendDriver {
    private static final int MAX_REQUESTS = 8;
    private static final int MAX_MESSAGES = 1_000;

    private final PubSubPublisherSettings settings;
    private final ScheduledExecutorService threads;
    private final Lanes lanes;
    private final GrpcCallContext once;
    private volatile @Nullable PublisherStub stub;
    private volatile boolean closed;

    PubSubSender(PubSubPublisherSettings settings) {
        this.settings = settings;
        this.threads = PubSubClients.threads(settings.name());
        this.lanes = new Lanes(
                Math.min(MAX_MESSAGES, settings.options().maxBatch()), settings.maxRequestBytes(), MAX_REQUESTS);
        Duration limit = min(settings.config().timeout(), settings.options().sendTimeout());
        this.once = PubSubClients.once(limit);
    }

    private static Duration min(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }

    @Override
    public void open() throws InterruptedException {
        String doing = settings.name() + ": connecting to " + settings.topic();
        try {
            stub = PubSubClients.publisher(settings.config(), threads);
        } catch (IOException e) {
            throw PubSubErrors.translate(doing, e);
        }
        look(doing, settings.options().connectTimeout());
    }

    /** An account may be allowed to publish and not to look: then there is an answer all the same. */
    private void look(String doing, Duration limit) throws InterruptedException {
        GetTopicRequest request =
                GetTopicRequest.newBuilder().setTopic(settings.topic()).build();
        try {
            opened().getTopicCallable()
                    .futureCall(request, PubSubClients.once(limit))
                    .get();
        } catch (ExecutionException e) {
            if (PubSubErrors.code(e) != Code.PERMISSION_DENIED) {
                throw PubSubErrors.translate(doing, e);
            }
        }
    }

    private PublisherStub opened() {
        PublisherStub current = stub;
        if (current == null) {
            throw new BrokerConnectionException(settings.name() + " is not connected");
        }
        return current;
    }

    @Override
    public void send(List<? extends Outgoing> batch) {
        List<Lanes.Item> items = new ArrayList<>(batch.size());
        for (Outgoing each : batch) {
            try {
                Message message = each.message();
                items.add(new Lanes.Item(
                        each, PubSubMessages.publishable(message, orderingKey(message), settings.attributes())));
            } catch (RuntimeException e) {
                each.fail(new MessageException(
                        doing() + ": it can't be carried: " + e.getMessage() + "; the message was not sent", e));
            }
        }
        lanes.add(items).forEach(this::publish);
    }

    private @Nullable String orderingKey(Message message) {
        return settings.orderingKey() == null
                ? message.key()
                : settings.orderingKey().apply(message);
    }

    private void publish(Lanes.Request request) {
        call(request, new PublishCall.Callback() {
            @Override
            public void succeeded(PublishResponse answer) {
                tell(request, answer);
                next(request);
            }

            @Override
            public void failed(BrokerException error) {
                if (isAtFault(error) && request.items().size() > 1) {
                    publishAlone(request, 0);
                } else {
                    end(request, request.items(), error);
                    next(request);
                }
            }
        });
    }

    /** Without a key it is made once: then the engine sends again. */
    private void call(Lanes.Request request, PublishCall.Callback callback) {
        PublishRequest.Builder call = PublishRequest.newBuilder().setTopic(settings.topic());
        request.items().forEach(item -> call.addMessages(item.message()));
        PublishRequest message = call.build();
        ProducerOptions options = settings.options();
        RetryInPlace retry = new RetryInPlace(request.key().isEmpty() ? options.with(RetryConfig.none()) : options);
        new PublishCall(doing(), () -> opened().publishCallable().futureCall(message, once), retry, threads, callback)
                .next();
    }

    private static boolean isAtFault(BrokerException error) {
        return PubSubErrors.code(error) == Code.INVALID_ARGUMENT;
    }

    /** The service refuses a request as a whole: so that one bad message harms no other, each goes alone, one after the other. */
    private void publishAlone(Lanes.Request request, int index) {
        List<Lanes.Item> items = request.items();
        if (index == items.size()) {
            next(request);
            return;
        }
        Lanes.Request alone = new Lanes.Request(request.key(), List.of(items.get(index)));
        call(alone, new PublishCall.Callback() {
            @Override
            public void succeeded(PublishResponse answer) {
                tell(alone, answer);
                publishAlone(request, index + 1);
            }

            @Override
            public void failed(BrokerException error) {
                if (isAtFault(error)) {
                    fail(alone.items(), error, false);
                    publishAlone(request, index + 1);
                } else {
                    end(request, items.subList(index, items.size()), error);
                    next(request);
                }
            }
        });
    }

    // On the client's thread.

    private void next(Lanes.Request answered) {
        Lanes.Request next = lanes.done(answered);
        if (next != null && !closed) {
            publish(next);
        } else if (next != null) {
            next.items().forEach(item -> item.outgoing().fail(notSent()));
        }
    }

    private void tell(Lanes.Request request, PublishResponse answer) {
        for (int i = 0; i < request.items().size(); i++) {
            Outgoing outgoing = request.items().get(i).outgoing();
            String id = i < answer.getMessageIdsCount() ? answer.getMessageIds(i) : "";
            outgoing.succeed(new SendResult(outgoing.message().id(), settings.topic(), Map.of("message-id", id)));
        }
    }

    private void end(Lanes.Request request, List<Lanes.Item> items, BrokerException error) {
        fail(items, error, request.key().isEmpty());
        for (Lanes.Item behind : lanes.takeBehind(request)) {
            behind.outgoing()
                    .giveUp(new MessageException(
                            doing() + ": an earlier message of its ordering key has failed; it was not sent",
                            error,
                            true));
        }
    }

    private static void fail(List<Lanes.Item> items, BrokerException error, boolean again) {
        for (Lanes.Item item : items) {
            if (again) {
                item.outgoing().fail(error);
            } else {
                item.outgoing().giveUp(error);
            }
        }
    }

    private MessageException notSent() {
        return new MessageException(doing() + ": the session has ended; the message was not sent", null, true);
    }

    private String doing() {
        return settings.name() + ": sending a message";
    }

    @Override
    public boolean recoversByItself() {
        return true;
    }

    /** A quota that is used up is a sign of life. */
    @Override
    public void ping() throws InterruptedException {
        try {
            look(settings.name() + ": asking for a sign of life", PubSubClients.PING_LIMIT);
        } catch (BrokerException e) {
            if (!PubSubErrors.isThrottled(e)) {
                throw e;
            }
        }
    }

    @Override
    public Map<String, String> facts() {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("topic", settings.topic());
        facts.put("unconfirmed", Integer.toString(lanes.size()));
        return facts;
    }

    @Override
    public void close() {
        closed = true;
        lanes.takeWaiting().forEach(item -> item.outgoing().fail(notSent()));
        PublisherStub used = stub;
        if (used != null) {
            used.shutdownNow(); // from here on there are no answers
        }
        lanes.takeUnderWay()
                .forEach(item -> item.outgoing()
                        .fail(new UncertainSendException(
                                doing() + ": the session ended before the service answered; it may have the message")));
        PubSubClients.close(used, threads);
    }
}
