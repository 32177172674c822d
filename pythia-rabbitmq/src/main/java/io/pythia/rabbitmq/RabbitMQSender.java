package io.pythia.rabbitmq;

import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.ConfirmListener;
import com.rabbitmq.client.ShutdownSignalException;
import io.pythia.BrokerException;
import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.SendResult;
import io.pythia.UncertainSendException;
import io.pythia.spi.Outgoing;
import io.pythia.spi.SendDriver;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Publishes on a connection of its own, and completes a message when the broker confirms it. */
final class RabbitMQSender implements SendDriver {
    private static final long RECENT = Duration.ofSeconds(3).toNanos();

    private final RabbitMQProducerSettings settings;
    private final RabbitMQSession session;
    private final PublisherConfirms confirms = new PublisherConfirms();
    /** Taken and not published, because the broker has blocked the connection. Confined to the sending thread. */
    private final Deque<Outgoing> held = new ArrayDeque<>();

    /** Whether the sending thread may be within a write of the client, which a broker that reads nothing lets wait for ever. */
    private volatile boolean sending;

    private @Nullable BasicProperties plain;
    private long plainSecond;
    private boolean broken;
    private int headerLimit;
    private volatile @Nullable Details lastDetails;
    private volatile long answeredAt = System.nanoTime() - RECENT;

    /** What a result says beside its destination; the same object for all messages of one routing key. */
    private record Details(String routingKey, Map<String, String> facts) {}

    RabbitMQSender(RabbitMQProducerSettings settings) {
        this.settings = settings;
        this.session = new RabbitMQSession(settings.name(), settings.config(), Runnable::run, this::lost);
    }

    @Override
    public void open() throws InterruptedException {
        session.open(settings.connectTimeout());
        Channel channel = session.channel();
        settings.topology().apply(settings.name(), channel);
        headerLimit = session.frameMax() - 512;
        if (!settings.confirms()) {
            return;
        }
        try {
            channel.confirmSelect();
            channel.addConfirmListener(new ConfirmListener() {
                @Override
                public void handleAck(long number, boolean multiple) {
                    answeredAt = System.nanoTime();
                    confirms.answered(number, multiple, RabbitMQSender.this::confirmed);
                }

                @Override
                public void handleNack(long number, boolean multiple) {
                    confirms.answered(number, multiple, RabbitMQSender.this::refused);
                }
            });
            channel.addReturnListener(returned -> returned(
                    returned.getReplyText(), returned.getRoutingKey(), returned.getProperties(), returned.getBody()));
        } catch (IOException | ShutdownSignalException e) {
            throw session.fail("asking for confirms", e);
        }
    }

    @Override
    public void send(List<? extends Outgoing> batch) {
        BrokerException over = session.failure();
        if (over != null && held.isEmpty()) {
            throw over;
        }
        held.addAll(batch);
        sending = true;
        try {
            session.together(this::publishHeld);
        } catch (IOException e) {
            broken = true;
            session.fail("publishing", e);
        } finally {
            sending = false;
        }
        if (isOver()) {
            giveBackHeld();
        }
    }

    private void publishHeld() {
        while (!held.isEmpty() && session.blocked() == null && !isOver()) {
            publish(held.remove());
        }
    }

    private boolean isOver() {
        return broken || session.failure() != null;
    }

    /** They were not published: the next session can do it. */
    private void giveBackHeld() {
        for (Outgoing each = held.poll(); each != null; each = held.poll()) {
            each.fail(notSent());
        }
    }

    private MessageException notSent() {
        return new MessageException(
                doing() + ": the session has ended; the message was not sent", session.failure(), true);
    }

    private void publish(Outgoing outgoing) {
        Message message = outgoing.message();
        String routingKey;
        BasicProperties properties;
        try {
            routingKey = routingKey(message);
            properties = properties(message);
        } catch (RuntimeException e) {
            // A function of the application's, or what it returned.
            outgoing.fail(
                    new MessageException(doing() + ": the message has no proper routing key or priority: " + e, e));
            return;
        }
        if (properties != plain && headerLimit < RabbitMQMessages.size(message)) {
            outgoing.fail(new MessageException(doing() + ": headers, key and id together don't fit into a frame of "
                    + session.frameMax() + " bytes"));
            return;
        }
        publish(outgoing, routingKey, properties);
    }

    private void publish(Outgoing outgoing, String routingKey, BasicProperties properties) {
        Channel channel = session.channel();
        byte[] body = outgoing.message().body();
        if (settings.confirms() && !confirms.publish(channel.getNextPublishSeqNo(), outgoing, routingKey)) {
            outgoing.fail(notSent());
            return;
        }
        try {
            channel.basicPublish(settings.exchange(), routingKey, settings.mandatory(), properties, body);
            if (!settings.confirms()) {
                succeed(outgoing, routingKey);
            }
        } catch (IOException | ShutdownSignalException | IllegalArgumentException e) {
            broken = true; // from here on the client may count differently from the broker
            BrokerException cause = session.fail("publishing", e);
            if (!settings.confirms()) {
                outgoing.fail(uncertain(cause));
            }
        }
    }

    /** Returns the same ones for all messages of a second that have nothing else: most have not. */
    private BasicProperties properties(Message message) {
        if (settings.priority() != null || !RabbitMQMessages.isPlain(message)) {
            return RabbitMQMessages.properties(message, settings.persistent(), priority(message));
        }
        long second = message.timestamp().getEpochSecond();
        BasicProperties properties = plain;
        if (properties == null || second != plainSecond) {
            properties = RabbitMQMessages.properties(message, settings.persistent(), null);
            plain = properties;
            plainSecond = second;
        }
        return properties;
    }

    private String routingKey(Message message) {
        String key = settings.routingKey().apply(message);
        if (key == null) {
            throw new IllegalArgumentException("the function for the routing key has returned null");
        }
        if (RabbitMQMessages.isLong(key)) {
            throw new IllegalArgumentException("the routing key has more than 255 bytes");
        }
        return key;
    }

    private @Nullable Integer priority(Message message) {
        Integer priority =
                settings.priority() == null ? null : settings.priority().apply(message);
        if (priority != null && (priority < 0 || priority > 255)) {
            throw new IllegalArgumentException("a priority is between 0 and 255, but is " + priority);
        }
        return priority;
    }

    // On the client's thread.

    private void confirmed(PublisherConfirms.Published published) {
        succeed(published.outgoing(), published.routingKey());
    }

    private void succeed(Outgoing outgoing, String routingKey) {
        String destination = settings.exchange().isEmpty() ? routingKey : settings.exchange();
        outgoing.succeed(new SendResult(outgoing.message().id(), destination, details(routingKey)));
    }

    private Map<String, String> details(String routingKey) {
        Details last = lastDetails;
        if (last == null || !last.routingKey.equals(routingKey)) {
            last = new Details(routingKey, Map.of("exchange", settings.exchange(), "routing-key", routingKey));
            lastDetails = last;
        }
        return last.facts;
    }

    private void refused(PublisherConfirms.Published published) {
        published
                .outgoing()
                .fail(new UncertainSendException(doing()
                        + ": the broker answered with a nack: a queue is full and rejects, or has failed; where there are several"
                        + " queues, another may have the message: send it again with the same id"));
    }

    private void returned(String reason, String routingKey, BasicProperties properties, byte[] body) {
        Outgoing unroutable = confirms.takeReturned(routingKey, properties.getMessageId(), body);
        if (unroutable != null) {
            unroutable.fail(
                    new MessageException(doing() + ": unroutable (" + reason + "): no queue is bound to the exchange '"
                            + settings.exchange() + "' for the routing key '" + routingKey
                            + "'; bind one, or set mandatory to false to lose such messages in silence"));
        }
    }

    /**
     * The session is over: what was published has no answer and will have none. The broker takes messages in their order, and nothing
     * after one for which it closes the channel: the last one is that one, or came after it.
     */
    private void lost(BrokerException cause) {
        List<Outgoing> unanswered = confirms.end();
        long tooLarge = RabbitMQErrors.refusedSize(cause);
        boolean refusedOne = RabbitMQErrors.hasClosedChannel(cause);
        for (int i = 0; i < unanswered.size(); i++) {
            Outgoing each = unanswered.get(i);
            if (each.message().body().length == tooLarge) {
                each.fail(new MessageException(
                        doing() + ": larger than the broker's max_message_size; send less", cause));
            } else {
                boolean isLast = i == unanswered.size() - 1;
                each.fail(refusedOne && isLast ? cause : uncertain(cause));
            }
        }
    }

    private UncertainSendException uncertain(BrokerException cause) {
        return new UncertainSendException(
                doing() + ": the session ended before the broker confirmed the message; it may have it", cause);
    }

    private String doing() {
        return settings.name() + ": sending a message";
    }

    @Override
    public @Nullable String blocked() {
        return session.failure() == null ? session.blocked() : null;
    }

    /** A confirm is a sign of life, too; a broker that throttles publishers would let a question wait behind their messages. */
    @Override
    public void ping() {
        if (session.failure() != null || System.nanoTime() - answeredAt > RECENT) {
            session.ping(0);
        }
    }

    @Override
    public Map<String, String> facts() {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("exchange", settings.exchange());
        facts.put("unconfirmed", Integer.toString(confirms.waiting()));
        String reason = session.blocked();
        if (reason != null) {
            facts.put("blocked", reason);
        }
        return facts;
    }

    @Override
    public void close() {
        if (sending) {
            session.cutOff(); // or closing would wait for that write
        } else {
            giveBackHeld();
        }
        session.close();
        lost(new BrokerException(settings.name() + " is disconnected"));
    }
}
