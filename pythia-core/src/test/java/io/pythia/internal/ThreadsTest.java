package io.pythia.internal;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.slf4j.LoggerFactory;

class ThreadsTest {
    /** The only test that asks for them in this module: the warning comes once. */
    @Test
    @EnabledForJreRange(max = JRE.JAVA_20)
    void virtualThreadsAreAskedFor_butThereAreNone_isWarnedOfOnce() {
        Logger logger = (Logger) LoggerFactory.getLogger(Threads.class);
        ListAppender<ILoggingEvent> appender = new ListAppender<>();
        appender.start();
        logger.addAppender(appender);
        String before = System.getProperty(Threads.VIRTUAL_PROPERTY, "false");
        System.setProperty(Threads.VIRTUAL_PROPERTY, "true");
        try {
            for (int i = 0; i < 2; i++) {
                Thread thread = Threads.createWaiting("test", "role", () -> {});
                assertThat(thread.isDaemon()).isTrue();
                assertThat(thread.getName()).isEqualTo("pythia-test-role");
            }
        } finally {
            System.setProperty(Threads.VIRTUAL_PROPERTY, before);
            logger.detachAppender(appender);
        }
        assertThat(appender.list)
                .filteredOn(event ->
                        event.getThreadName().equals(Thread.currentThread().getName()))
                .extracting(ILoggingEvent::getFormattedMessage)
                .containsExactly("pythia.virtual-threads=true has no effect: Java "
                        + Runtime.version().feature() + " has no virtual threads; use Java 21 or later");
    }
}
