package io.pythia.rabbitmq;

import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Delivery;
import com.rabbitmq.client.Envelope;
import io.pythia.Headers;
import io.pythia.spi.MessageContent;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A delivery as the engine sees it: a view of it that converts what is asked for, and the receipt by which it is settled. One object for
 * both, since there is one for each message.
 */
final class RabbitMQMessage implements MessageContent {
    private final RabbitMQConsumerSettings settings;
    private final String session;
    private final Envelope envelope;
    private final BasicProperties properties;
    private final byte[] body;
    private final long receivedMillis;

    RabbitMQMessage(
            RabbitMQConsumerSettings settings,
            String session,
            Envelope envelope,
            BasicProperties properties,
            byte[] body) {
        this.settings = settings;
        this.session = session;
        this.envelope = envelope;
        this.properties = properties;
        this.body = body;
        this.receivedMillis = properties.getTimestamp() == null ? System.currentTimeMillis() : 0;
    }

    long tag() {
        return envelope.getDeliveryTag();
    }

    /**
     * Returns how often it was delivered, this time included. A quorum queue counts; another one only says whether it was delivered before.
     * A count that a sender has forged does not come through: on a first delivery there is none.
     */
    int attempt() {
        return envelope.isRedeliver() ? 1 + Math.max(1, RabbitMQMessages.deliveryCount(properties)) : 1;
    }

    @Override
    public String id() {
        String id = RabbitMQMessages.explicitId(properties);
        return id == null ? settings.topology().queue() + "@" + session + "-" + tag() : id;
    }

    @Override
    public boolean hasExplicitId() {
        return RabbitMQMessages.explicitId(properties) != null;
    }

    @Override
    public byte[] body() {
        return body;
    }

    @Override
    public @Nullable String key() {
        return RabbitMQMessages.key(properties);
    }

    @Override
    public Headers headers() {
        return RabbitMQMessages.headers(properties);
    }

    /** The sender's clock, in seconds; where the sender has set none, when it was received. */
    @Override
    public Instant timestamp() {
        return properties.getTimestamp() == null
                ? Instant.ofEpochMilli(receivedMillis)
                : properties.getTimestamp().toInstant();
    }

    @Override
    public String source() {
        return settings.topology().queue();
    }

    @Override
    public <T> @Nullable T unwrap(Class<T> nativeType) {
        if (nativeType == Delivery.class) {
            return nativeType.cast(new Delivery(envelope, properties, body));
        }
        if (nativeType.isInstance(envelope)) {
            return nativeType.cast(envelope);
        }
        return nativeType.isInstance(properties) ? nativeType.cast(properties) : null;
    }

    @Override
    public int size() {
        return body.length;
    }
}
