package io.pythia.internal;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.pythia.Worker;
import io.pythia.spi.Capabilities;
import java.time.Duration;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

/** A handler may take no longer than the broker waits. */
@Timeout(120)
class WorkerTimeLimitTest extends ReceiveEngineFixture {
    private static final Duration MAX_LEASE = Duration.ofMinutes(5);

    private final Logger logger = (Logger) LoggerFactory.getLogger("io.pythia");
    private final ListAppender<ILoggingEvent> log = new ListAppender<>();

    @BeforeEach
    void listen() {
        log.list = new CopyOnWriteArrayList<>(); // other threads add to it
        log.start();
        logger.addAppender(log);
    }

    @AfterEach
    void stopListening() {
        logger.detachAppender(log);
    }

    private void run(Capabilities capabilities, Duration handlerTimeout) {
        Worker.from(builder().capabilities(capabilities).maxLease(MAX_LEASE).build())
                .handlerTimeout(handlerTimeout)
                .onMessage(message -> {})
                .start()
                .close();
    }

    @Test
    void handlerTimeoutBeyondTheLongestLease_isWarnedOf_andNoOther() {
        run(Capabilities.builder().build(), Duration.ofHours(1));
        run(Capabilities.builder().leases().build(), MAX_LEASE.minusNanos(1));
        assertThat(log.list).noneMatch(event -> event.getFormattedMessage().contains("handlerTimeout"));
        run(Capabilities.builder().leases().build(), MAX_LEASE);
        assertThat(log.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .anyMatch(text -> text.contains("handlerTimeout is PT5M")
                        && text.contains("gives a message to somebody else when it is unsettled for PT5M"));
    }
}
