package io.pythia.kafka;

import io.pythia.Message;
import java.time.Duration;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What a {@link KafkaSender} needs to know. */
record KafkaProducerSettings(
        String name,
        String topic,
        KafkaConfig config,
        Map<String, Object> clientProperties,
        Duration connectTimeout,
        Function<Message, @Nullable String> partitionKey,
        Function<String, byte[]> keySerializer,
        Function<Message, byte[]> valueSerializer) {

    Map<String, Object> adminProperties() {
        return ClientProperties.admin(config);
    }
}
