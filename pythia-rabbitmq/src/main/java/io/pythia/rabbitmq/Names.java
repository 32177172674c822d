package io.pythia.rabbitmq;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Checks what the builders of consumers and producers have in common. */
final class Names {
    private Names() {}

    /** Returns the name of a queue or an exchange. */
    static String check(String setting, String name) {
        if (name.isBlank()) {
            throw new IllegalArgumentException(setting + " must not be blank");
        }
        checkLength(setting, name);
        if (name.chars().anyMatch(Character::isISOControl)) {
            throw new IllegalArgumentException(setting + " must not have control characters");
        }
        return name;
    }

    static void checkLength(String setting, String text) {
        if (RabbitMQMessages.isLong(text)) {
            throw new IllegalArgumentException(setting + " must have at most 255 bytes, the most that AMQP can carry");
        }
    }

    /** Returns a configuration with another host or port, if one is given. */
    static RabbitMQConfig at(RabbitMQConfig config, @Nullable String host, @Nullable Integer port) {
        if (host == null && port == null) {
            return config;
        }
        RabbitMQConfig.Builder builder = config.toBuilder().addresses(List.of());
        if (host != null) {
            builder.host(host);
        }
        if (port != null) {
            builder.port(port);
        }
        return builder.build();
    }
}
