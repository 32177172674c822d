package io.pythia;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.io.TempDir;

/** A handler that blocks on a virtual thread gives its carrier away: nothing of ours holds on to it. */
@Timeout(120)
class WorkerPinningTest extends WorkerFixture {

    @TempDir
    private Path folder;

    @Test
    @EnabledForJreRange(min = JRE.JAVA_24) // before that, synchronized pins: no business of ours
    void blockingHandlers_pinNoCarrier() throws IOException {
        List<RecordedEvent> events;
        try (Recording recording = new Recording()) {
            recording.enable("jdk.VirtualThreadPinned").withThreshold(Duration.ofMillis(20));
            recording.start();
            send(1_000, i -> Message.builder().key("k" + i % 50).body("m" + i).build());
            AtomicInteger handled = new AtomicInteger();
            start(worker().concurrency(200)
                    .ordering(Ordering.KEY)
                    .ackPolicy(AckPolicy.MANUAL)
                    .onMessage(message -> {
                        sleep(30);
                        message.ack().join();
                        handled.incrementAndGet();
                    }));
            eventually("all handled", () -> handled.get() == 1_000);
            recording.stop();
            Path file = folder.resolve("pinned.jfr");
            recording.dump(file);
            events = RecordingFile.readAllEvents(file);
        }
        assertThat(events.stream()
                        .filter(event -> event.getEventType().getName().equals("jdk.VirtualThreadPinned"))
                        .filter(event -> String.valueOf(event.getStackTrace()).contains("io.pythia.")))
                .isEmpty();
    }
}
