package io.pythia.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.BrokerException;
import io.pythia.Message;
import io.pythia.SendResult;
import io.pythia.retry.RetryConfig;
import io.pythia.spi.Outgoing;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** However many messages wait and are tried again, a URL has one alarm. */
class WebhookAlarmsTest {
    private static final int MESSAGES = 20;
    private static final Duration SEND_TIMEOUT = Duration.ofMillis(300);

    private record Failing(Message message, CountDownLatch failed) implements Outgoing {
        @Override
        public void succeed(SendResult result) {
            throw new AssertionError("the URL takes nothing");
        }

        @Override
        public void fail(BrokerException error) {
            failed.countDown();
        }
    }

    @Test
    void urlThatFails_hasOneAlarm_alsoWhenManyDeadlinesHavePassed() throws InterruptedException {
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> exchange.send(500, ""));
                WebhookSenderWorker webhook = WebhookSenderTest.sender(server.url("/hook"))
                        .retry(new RetryConfig(
                                RetryConfig.FOREVER, Duration.ofMillis(1), Duration.ofMillis(5), true, false))
                        .sendTimeout(SEND_TIMEOUT)
                        .build()) {
            WebhookSender driver = (WebhookSender) webhook.newDriver();
            driver.open();
            try {
                for (int round = 0; round < 5; round++) {
                    CountDownLatch failed = new CountDownLatch(MESSAGES);
                    driver.send(Stream.generate(() -> new Failing(Message.of("x"), failed))
                            .limit(MESSAGES)
                            .toList());
                    while (!failed.await(1, TimeUnit.MILLISECONDS)) {
                        assertThat(driver.alarms()).isLessThanOrEqualTo(1);
                    }
                }
            } finally {
                driver.close();
            }
        }
    }
}
