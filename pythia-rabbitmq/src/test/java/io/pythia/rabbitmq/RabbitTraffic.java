package io.pythia.rabbitmq;

import io.pythia.testkit.Traffic;
import io.pythia.testkit.server.TestServer;
import java.time.Duration;

/** Traffic through a queue of RabbitMQ. */
final class RabbitTraffic {
    static final int PREFETCH = 250;

    private RabbitTraffic() {}

    /** Signs of life are given each second, so that silence is noticed soon. */
    static RabbitMQConfig config(TestServer server) {
        return RabbitQueues.config(server.address()).toBuilder()
                .heartbeat(Duration.ofSeconds(2))
                .build();
    }

    static Traffic start(TestServer server, String queue) {
        return Traffic.builder()
                .producer((listener, metrics) -> RabbitMQProducer.builder()
                        .queue(queue)
                        .config(config(server))
                        .retry(Traffic.QUICK)
                        .sendTimeout(Duration.ofMinutes(5))
                        .listener(listener)
                        .metrics(metrics)
                        .build())
                .consumer(listener -> RabbitMQConsumer.builder()
                        .queue(queue)
                        .config(config(server))
                        .prefetchCount(PREFETCH)
                        .retry(Traffic.QUICK)
                        .listener(listener)
                        .build())
                .pause(Duration.ofNanos(500_000))
                .start();
    }
}
