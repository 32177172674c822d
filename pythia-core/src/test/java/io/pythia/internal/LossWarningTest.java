package io.pythia.internal;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.pythia.BrokerListener;
import io.pythia.BrokerListener.Gap;
import io.pythia.BrokerMetrics;
import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.RejectPolicy;
import io.pythia.internal.ScriptedSource.Collector;
import io.pythia.internal.ScriptedSource.Consumer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** What is lost is in the log, also when there is no listener. */
class LossWarningTest extends ReceiveEngineFixture {
    private final Logger logger = (Logger) LoggerFactory.getLogger("io.pythia");
    private final List<ILoggingEvent> logged = new CopyOnWriteArrayList<>();
    private final ListAppender<ILoggingEvent> appender = new ListAppender<>();

    @BeforeEach
    void listen() {
        appender.list = logged;
        appender.start();
        logger.addAppender(appender);
    }

    @AfterEach
    void leave() {
        logger.detachAppender(appender);
    }

    private List<String> warnings(String name) {
        return logged.stream()
                .filter(event -> event.getLevel() == Level.WARN)
                .map(ILoggingEvent::getFormattedMessage)
                .filter(text -> text.startsWith(name + ":"))
                .toList();
    }

    private static Events events(String name) {
        return new Events(name, BrokerListener.NONE, BrokerMetrics.NONE);
    }

    @Test
    void droppedMessage_isWarnedOf_withoutAListener() {
        source.add(0, 1);
        try (Consumer consumer = builder().onReject(RejectPolicy.DROP).build()) {
            consumer.consume().subscribe(new Collector(Long.MAX_VALUE, message -> message.reject("no such customer")));
            eventually().until(() -> source.acknowledged().size() == 1);
        }
        assertThat(warnings("scripted"))
                .singleElement()
                .satisfies(text -> assertThat(text)
                        .startsWith("scripted: dropped a message: ")
                        .endsWith(" (no such customer)"));
    }

    @Test
    void drop_tellsWhatTheDeadLettersSay_andNoBody() {
        Message message = Message.builder()
                .id("m-1")
                .body("the body")
                .header("token", "s3cret")
                .build();
        events("drop").dropped(message, "bad", new MessageException("too large"));
        assertThat(warnings("drop"))
                .singleElement()
                .satisfies(text -> assertThat(text)
                        .startsWith("drop: dropped a message: m-1 (bad), its dead letters refuse it: ")
                        .endsWith("too large")
                        .doesNotContain("the body", "s3cret"));
    }

    @Test
    void dataLoss_isOneLine() {
        events("loss").dataLoss(new Gap("orders-0", "17", "42", "the records\nare gone"));
        assertThat(warnings("loss")).containsExactly("loss: data loss: orders-0 from 17 to 42: the records are gone");
    }

    @Test
    void manyLosses_areOneWarning_andTheListenerHearsOfEach() {
        List<Gap> heard = new ArrayList<>();
        BrokerListener listener = new BrokerListener() {
            @Override
            public void dataLoss(String broker, Gap gap) {
                heard.add(gap);
            }
        };
        Events events = new Events("many", listener, BrokerMetrics.NONE);
        for (int i = 0; i < 100; i++) {
            events.dataLoss(new Gap("orders-" + i, "0", "1", "gone"));
        }
        assertThat(warnings("many")).hasSize(1);
        assertThat(heard).hasSize(100);
    }

    @Test
    void loss_isNotHiddenByDrops() {
        Events events = events("both");
        events.dropped(Message.of("x"), "bad", null);
        events.dataLoss(new Gap("orders-0", "0", "1", "gone"));
        assertThat(warnings("both")).hasSize(2);
    }
}
