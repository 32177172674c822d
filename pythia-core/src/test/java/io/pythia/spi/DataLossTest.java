package io.pythia.spi;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.pythia.BrokerListener.Gap;
import io.pythia.Brokers;
import java.net.URI;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class DataLossTest {
    @Test
    void gapThatADriverTellsOf_isInTheLog_whenThereIsNoListener() {
        Logger logger = (Logger) LoggerFactory.getLogger("io.pythia");
        ListAppender<ILoggingEvent> appender = new ListAppender<>();
        appender.start();
        logger.addAppender(appender);
        try (var consumer =
                (AbstractMessageBroker<?>) Brokers.load().consumer(URI.create("memory:gap-test?consumer-group=g"))) {
            consumer.listener().dataLoss("", new Gap("gap-test", "17", "42", "trimmed"));
        } finally {
            logger.detachAppender(appender);
        }
        assertThat(appender.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .contains("memory:gap-test: data loss: gap-test from 17 to 42: trimmed");
    }
}
