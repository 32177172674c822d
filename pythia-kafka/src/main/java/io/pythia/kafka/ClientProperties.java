package io.pythia.kafka;

import io.pythia.Secret;
import io.pythia.TlsConfig;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.jspecify.annotations.Nullable;

/** A {@link KafkaConfig} in the client's own words. */
final class ClientProperties {
    private static final String JAAS_PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule";
    private static final String JAAS_SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule";

    private ClientProperties() {}

    /** Returns what reaches the cluster. */
    static Map<String, Object> connection(KafkaConfig config) {
        Map<String, Object> properties = new HashMap<>();
        properties.put("bootstrap.servers", config.bootstrapServers());
        properties.put("security.protocol", config.securityProtocol().name());
        properties.put("request.timeout.ms", millis(config.requestTimeout()));
        // A broker that comes back is found within a second.
        properties.put("reconnect.backoff.ms", 50);
        properties.put("reconnect.backoff.max.ms", 1000);
        if (config.clientId() != null) {
            properties.put("client.id", config.clientId());
        }
        Secret password = config.saslPassword();
        if (config.saslUsername() != null && password != null) {
            properties.put("sasl.mechanism", config.saslMechanism());
            properties.put("sasl.jaas.config", jaas(config.saslMechanism(), config.saslUsername(), password));
        }
        TlsConfig tls = config.tls();
        if (tls != null && config.isTls()) {
            KafkaTls.add(properties, tls);
        }
        return properties;
    }

    /** Returns what an {@code Admin} takes; of the client's own settings those that it knows, so that it gets where the others get. */
    static Map<String, Object> admin(KafkaConfig config) {
        Map<String, Object> properties = connection(config);
        config.properties().forEach((name, value) -> {
            if (AdminClientConfig.configNames().contains(name)) {
                properties.put(name, value);
            }
        });
        // Each question has a time limit of its own; the client refuses to start if this one is shorter than that of a
        // request.
        properties.remove("default.api.timeout.ms");
        properties.put("retries", 2);
        return properties;
    }

    /** Returns what a producer takes. */
    static Map<String, Object> producer(KafkaConfig config, Duration sendTimeout) {
        Map<String, Object> properties = connection(config);
        int deliveryMillis = millis(sendTimeout);
        int lingerMillis = Math.min(millis(config.linger()), deliveryMillis / 4);
        properties.put("acks", config.acks().value);
        properties.put("retries", config.retries());
        properties.put("enable.idempotence", config.idempotence());
        properties.put("batch.size", config.batchSize());
        properties.put("linger.ms", lingerMillis);
        properties.put("buffer.memory", config.bufferMemory());
        properties.put("compression.type", config.compression());
        properties.put("delivery.timeout.ms", deliveryMillis);
        // delivery.timeout.ms must be at least the sum of the other two.
        properties.put(
                "request.timeout.ms",
                Math.max(1, Math.min(millis(config.requestTimeout()), deliveryMillis - lingerMillis)));
        // The client must never block: it is called by the thread that sends, too. KafkaSender waits in its place.
        properties.put("max.block.ms", 0);
        properties.putAll(config.properties());
        return properties;
    }

    /** Returns what a consumer takes; without a group it can't commit. */
    static Map<String, Object> consumer(KafkaConfig config, @Nullable String group, GroupProtocol protocol) {
        Map<String, Object> properties = connection(config);
        if (group != null) {
            properties.put("group.id", group);
        }
        properties.put("group.protocol", protocol.name().toLowerCase(Locale.ROOT));
        properties.put("enable.auto.commit", false);
        // This library begins at autoOffsetReset itself, and only where there never was a position.
        properties.put("auto.offset.reset", "none");
        properties.put("allow.auto.create.topics", false);
        properties.put("max.poll.interval.ms", millis(config.maxPollInterval()));
        if (protocol == GroupProtocol.CLASSIC) {
            properties.put(
                    "partition.assignment.strategy", "org.apache.kafka.clients.consumer.CooperativeStickyAssignor");
            if (config.sessionTimeout() != null) {
                properties.put("session.timeout.ms", millis(config.sessionTimeout()));
            }
            if (config.heartbeatInterval() != null) {
                properties.put("heartbeat.interval.ms", millis(config.heartbeatInterval()));
            }
        }
        properties.putAll(config.properties());
        return properties;
    }

    /** In quotes, where only the backslash and the quote have a meaning; line breaks would end the value and are refused. */
    private static String jaas(String mechanism, String user, Secret password) {
        String module = mechanism.startsWith("SCRAM") ? JAAS_SCRAM : JAAS_PLAIN;
        return module + " required username=\"" + escape("saslUsername", user) + "\" password=\""
                + escape("saslPassword", password.reveal()) + "\";";
    }

    private static String escape(String setting, String text) {
        if (text.chars().anyMatch(Character::isISOControl)) {
            throw new IllegalArgumentException(setting + " must not have control characters");
        }
        return text.replace("\\", "\\\\").replace("\"", "\\\"");
    }

    private static int millis(Duration duration) {
        return (int) Math.min(Integer.MAX_VALUE, duration.toMillis());
    }
}
