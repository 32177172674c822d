package io.pythia.cloud.azure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.azure.core.amqp.exception.AmqpException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

class ServiceBusClientsTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final AtomicInteger tries = new AtomicInteger();

    private Mono<String> opening(int failures, Throwable failure, int maxRetries) {
        Mono<String> answer =
                Mono.defer(() -> tries.incrementAndGet() > failures ? Mono.just("open") : Mono.error(failure));
        return ServiceBusClients.opening(
                answer,
                AzureConfig.builder().namespace("n").maxRetries(maxRetries).build());
    }

    private static AmqpException amqp(boolean isTransient) {
        return new AmqpException(isTransient, "scripted", null);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void opening_isRepeatedAsOftenAsTheConfigurationSays(int maxRetries) {
        assertThat(opening(maxRetries, amqp(true), maxRetries).block(LIMIT)).isEqualTo("open");
        assertThat(tries.getAndSet(0)).isEqualTo(maxRetries + 1);
        AmqpException last = amqp(true);
        assertThatThrownBy(() -> opening(9, last, maxRetries).block(LIMIT)).isSameAs(last);
        assertThat(tries.get()).isEqualTo(maxRetries + 1);
    }

    @Test
    void refusal_isNotRepeated() {
        assertThatThrownBy(() -> opening(9, amqp(false), 3).block(LIMIT)).isInstanceOf(AmqpException.class);
        assertThat(tries.get()).isEqualTo(1);
    }
}
