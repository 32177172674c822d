package io.pythia.rabbitmq;

import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Consumer;
import com.rabbitmq.client.DefaultConsumer;
import com.rabbitmq.client.Envelope;
import com.rabbitmq.client.ShutdownSignalException;
import io.pythia.BrokerConnectionException;
import io.pythia.BrokerException;
import io.pythia.internal.MessageIds;
import io.pythia.spi.Outcome;
import io.pythia.spi.ReceiveDriver;
import io.pythia.spi.Received;
import io.pythia.spi.Settlement;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Receives what the broker pushes, at most the prefetch count at a time, and acknowledges in as few frames as the order allows. */
final class RabbitMQReceiver implements ReceiveDriver<RabbitMQMessage> {
    /** How many deliveries the client keeps for an executor before its thread, which reads the socket, waits: its {@code WorkPool}. */
    private static final int CLIENTS_QUEUE = 1000;

    private final RabbitMQConsumerSettings settings;
    private final RabbitMQSession session;
    private final Inbox inbox = new Inbox();
    private final AckWindow window = new AckWindow();
    /** Set by the receiving thread when the broker has been asked for messages; it is not before somebody wants any. */
    private @Nullable String consumerTag;

    private volatile boolean stopped;

    RabbitMQReceiver(RabbitMQConsumerSettings settings) {
        this.settings = settings;
        boolean fitsClient = settings.prefetchCount() <= CLIENTS_QUEUE;
        this.session = new RabbitMQSession(
                settings.name(), settings.config(), fitsClient ? inbox : Runnable::run, inbox::fail);
    }

    @Override
    public void open() throws InterruptedException {
        session.open(settings.connectTimeout());
        settings.topology().apply(settings.name(), session.channel());
        try {
            session.channel().basicQos(settings.prefetchCount());
        } catch (IOException | ShutdownSignalException e) {
            throw session.fail("setting the prefetch count", e);
        }
    }

    @Override
    public List<Received<RabbitMQMessage>> receive(int max, Duration wait) throws InterruptedException {
        if (consumerTag == null && !stopped) {
            consume();
        }
        List<RabbitMQMessage> taken = inbox.take(max, wait);
        if (settings.autoAck() && !taken.isEmpty()) {
            acknowledgeNow(taken.get(taken.size() - 1).tag());
        }
        List<Received<RabbitMQMessage>> received = new ArrayList<>(taken.size());
        for (RabbitMQMessage each : taken) {
            received.add(new Received<>(each, each, each.attempt(), poison(each)));
        }
        return received;
    }

    /**
     * Acknowledges all up to a tag before they are given out, and waits for the answer to a question behind that: then the broker has read
     * it, and none of them comes again. If that fails they are not given out, and do.
     */
    private void acknowledgeNow(long tag) {
        try {
            session.channel().basicAck(tag, true);
            session.channel().basicQos(settings.prefetchCount());
        } catch (IOException | ShutdownSignalException e) {
            throw session.fail("acknowledging messages", e);
        }
    }

    private void consume() {
        String doing = "consuming the queue '" + settings.topology().queue() + "'";
        try {
            consumerTag = session.channel()
                    .basicConsume(
                            settings.topology().queue(),
                            false,
                            "",
                            false,
                            settings.exclusive(),
                            settings.consumerArguments(),
                            consumer(session.channel()));
        } catch (IOException | ShutdownSignalException e) {
            BrokerException cause = settings.topology().translate(settings.name() + ": " + doing, e);
            session.fail(cause);
            throw cause;
        }
    }

    private @Nullable Throwable poison(RabbitMQMessage message) {
        long limit = settings.config().maxMessageBytes();
        return message.size() <= limit
                ? null
                : new IllegalArgumentException("it has " + message.size() + " bytes, maxMessageBytes is " + limit);
    }

    /** Called by the thread that takes from the inbox, or the client's where that would have to wait for it. */
    private Consumer consumer(Channel channel) {
        String id = MessageIds.next();
        return new DefaultConsumer(channel) {
            @Override
            public void handleDelivery(String tag, Envelope envelope, BasicProperties properties, byte[] body) {
                inbox.put(new RabbitMQMessage(settings, id, envelope, properties, body));
            }

            @Override
            public void handleCancel(String tag) {
                session.fail(new BrokerConnectionException(settings.name()
                        + ": the broker has cancelled the consumer of '"
                        + settings.topology().queue() + "': the queue was deleted, or has moved to another node"));
            }
        };
    }

    /** Written is all that can be known: the broker does not answer. */
    @Override
    public CompletableFuture<?> settle(List<? extends Settlement<RabbitMQMessage>> batch) {
        if (settings.autoAck()) {
            return CompletableFuture.completedFuture(null);
        }
        BrokerException over = session.failure();
        if (over != null) {
            return CompletableFuture.failedFuture(over);
        }
        try {
            session.together(() -> write(batch));
            return CompletableFuture.completedFuture(null);
        } catch (IOException | ShutdownSignalException e) {
            return CompletableFuture.failedFuture(session.fail("settling messages", e));
        }
    }

    private void write(List<? extends Settlement<RabbitMQMessage>> batch) throws IOException {
        Channel channel = session.channel();
        long[] acks = new long[batch.size()];
        int count = 0;
        for (Settlement<RabbitMQMessage> each : batch) {
            long tag = each.receipt().tag();
            if (!window.settle(tag)) {
                continue;
            }
            if (each.outcome() == Outcome.ACK) {
                acks[count++] = tag;
            } else {
                channel.basicNack(tag, false, each.outcome() == Outcome.NACK);
            }
        }
        acknowledge(channel, acks, count, window.advance());
    }

    /** One frame for those behind which nothing is unsettled, one for each of the others. */
    private void acknowledge(Channel channel, long[] tags, int count, long allSettledUpTo) throws IOException {
        long last = 0;
        int together = 0;
        for (int i = 0; i < count; i++) {
            long tag = tags[i];
            if (tag <= allSettledUpTo) {
                last = Math.max(last, tag);
                together++;
            } else {
                channel.basicAck(tag, false);
            }
        }
        if (together > 0) {
            channel.basicAck(last, together > 1);
        }
    }

    @Override
    public void wakeup() {
        inbox.wakeUp();
    }

    /** Ends the pushing and gives back at once what was pushed and not given out; what is in flight can still be settled. */
    @Override
    public void stopIntake() {
        stopped = true;
        String tag = consumerTag;
        if (tag == null || session.failure() != null) {
            return;
        }
        try {
            session.channel().basicCancel(tag);
            for (RabbitMQMessage each : inbox.clear()) {
                session.channel().basicNack(each.tag(), false, true);
            }
        } catch (IOException | ShutdownSignalException e) {
            session.fail("cancelling the consumer", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** While nobody wants messages the broker's word that it has cancelled the consumer would wait with them. */
    @Override
    public void ping() {
        inbox.work();
        session.ping(settings.prefetchCount());
    }

    @Override
    public Map<String, String> facts() {
        return Map.of("queue", settings.topology().queue());
    }

    /** Package-private for tests that do to the channel what only a broken client would. */
    Channel channel() {
        return session.channel();
    }

    @Override
    public void close() {
        inbox.fail(new BrokerException(settings.name() + " is disconnected"));
        session.close();
        inbox.close();
    }
}
