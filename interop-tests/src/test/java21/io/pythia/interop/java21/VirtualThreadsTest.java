package io.pythia.interop.java21;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pythia.BlockingMessages;
import io.pythia.Message;
import io.pythia.MessageBroker;
import io.pythia.Messages;
import io.pythia.interop.Orders;
import io.pythia.interop.Orders.TillClosedException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.SubmissionPublisher;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Plain loops on virtual threads. Compiled and run on JDK 21 and newer; up to 23 a monitor would pin, from then on only a native frame. */
@Timeout(120)
class VirtualThreadsTest {
    private Orders orders = new Orders();
    private final AtomicInteger billing = new AtomicInteger();
    private volatile CountDownLatch till = new CountDownLatch(0);

    @AfterEach
    void close() {
        orders.close();
    }

    private void bill(Message order) {
        billing.incrementAndGet();
        try {
            till.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        orders.bill(order);
    }

    @Test
    void threadPerMessage_billsEachOrder_alsoTheRefusedOnes() {
        orders.sendAll();
        billEachOnAThreadOfItsOwn(orders.consumer());
        orders.assertAllSettled();
    }

    @Test
    void threadPerMessage_asManyAsTheWindowHolds_thenTheLoopWaits() throws InterruptedException {
        till = new CountDownLatch(1);
        orders.sendAll();
        Thread loop = new Thread(() -> billEachOnAThreadOfItsOwn(orders.consumer()));
        loop.start();
        await().atMost(Duration.ofSeconds(60))
                .until(() -> billing.get() == Orders.WINDOW && loop.getState() == Thread.State.WAITING);
        till.countDown();
        loop.join();
        orders.assertAllSettled();
    }

    private void billEachOnAThreadOfItsOwn(MessageBroker consumer) {
        // tag::virtual[]
        try (ExecutorService handlers = Executors.newVirtualThreadPerTaskExecutor();
                BlockingMessages messages = Messages.blocking(consumer.consume(), 16)) {
            for (Message order : messages) {
                handlers.execute(() -> {
                    try {
                        bill(order);
                        order.ack();
                    } catch (TillClosedException e) {
                        order.nack();
                    }
                });
            }
        }
        // end::virtual[]
    }

    @Test
    void thousandLoops_waitAtOnce_andHoldNoCarrier() throws InterruptedException {
        int loops = 1_000;
        CountDownLatch started = new CountDownLatch(loops);
        CountDownLatch taken = new CountDownLatch(loops);
        List<BlockingMessages> open = new ArrayList<>();
        try (ExecutorService publishing = Executors.newSingleThreadExecutor();
                ExecutorService waiting = Executors.newVirtualThreadPerTaskExecutor();
                SubmissionPublisher<Message> publisher = new SubmissionPublisher<>(publishing, 16)) {
            for (int i = 0; i < loops; i++) {
                BlockingMessages messages = Messages.blocking(publisher, 4);
                open.add(messages);
                waiting.execute(() -> {
                    var loop = messages.iterator();
                    started.countDown();
                    while (loop.hasNext()) {
                        assertThat(loop.next().text()).isEqualTo("one");
                        taken.countDown();
                    }
                });
            }
            assertThat(started.await(60, TimeUnit.SECONDS)).isTrue();
            publisher.submit(Message.of("one"));
            assertThat(taken.await(60, TimeUnit.SECONDS)).isTrue();
            open.forEach(BlockingMessages::close);
        }
    }

    @Test
    void waitingLoop_pinsNoCarrier(@TempDir Path folder) throws IOException, InterruptedException {
        billAllWhileWaiting(); // classes that are being loaded pin, too
        orders.close();
        orders = new Orders();
        Path recorded = folder.resolve("pinned.jfr");
        try (Recording recording = new Recording()) {
            recording.enable("jdk.VirtualThreadPinned").withThreshold(Duration.ofMillis(20));
            recording.start();
            billAllWhileWaiting();
            recording.stop();
            recording.dump(recorded);
        }
        assertThat(RecordingFile.readAllEvents(recorded))
                .filteredOn(VirtualThreadsTest::isOurs)
                .extracting(RecordedEvent::toString)
                .isEmpty();
    }

    private void billAllWhileWaiting() throws InterruptedException {
        Thread loop = Thread.startVirtualThread(() -> billEachOnAThreadOfItsOwn(orders.consumer()));
        for (int number = 1; number <= Orders.COUNT; number++) {
            orders.producer().send(Orders.order(number)).join(); // one at a time: the loop waits in between
        }
        loop.join();
        orders.assertAllSettled();
    }

    private static boolean isOurs(RecordedEvent event) {
        return event.getStackTrace() != null
                && event.getStackTrace().getFrames().stream()
                        .anyMatch(frame -> frame.getMethod().getType().getName().startsWith("io.pythia."));
    }
}
