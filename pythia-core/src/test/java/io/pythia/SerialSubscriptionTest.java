package io.pythia;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class SerialSubscriptionTest {
    private static final int REQUESTS = 20_000;

    private final Target target = new Target();
    private final SerialSubscription serial = new SerialSubscription(target);

    @Test
    void request_fromManyThreads_comesOneAtATime_andNoneIsLost() throws InterruptedException {
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            threads.add(new Thread(() -> requestMany(() -> {})));
        }
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(target.overlapped).isFalse();
        assertThat(target.requested).isEqualTo(4L * REQUESTS);
    }

    @RepeatedTest(20)
    void cancel_whileOthersRequest_comesOnce_andIsTheLast() throws InterruptedException {
        CountDownLatch running = new CountDownLatch(1);
        Thread requesting = new Thread(() -> requestMany(running::countDown));
        requesting.start();
        running.await();
        serial.cancel();
        serial.cancel();
        requesting.join();

        assertThat(target.overlapped).isFalse();
        assertThat(target.cancels).hasValue(1);
        assertThat(target.requestAfterCancel).isFalse();
    }

    @Test
    void request_fromWithinRequest_followsIt() {
        target.onRequest = () -> {
            target.onRequest = () -> {};
            serial.request(5);
        };
        serial.request(1);

        assertThat(target.overlapped).isFalse();
        assertThat(target.requested).isEqualTo(6);
    }

    private void requestMany(Runnable afterFirst) {
        for (int i = 0; i < REQUESTS; i++) {
            serial.request(1);
            if (i == 0) {
                afterFirst.run();
            }
        }
    }

    /** Deliberately not thread-safe: it relies on what is tested. */
    private static final class Target implements Flow.Subscription {
        final AtomicInteger cancels = new AtomicInteger();
        final AtomicBoolean busy = new AtomicBoolean();
        volatile boolean overlapped;
        volatile boolean requestAfterCancel;
        long requested;
        Runnable onRequest = () -> {};

        @Override
        public void request(long n) {
            enter();
            requestAfterCancel |= cancels.get() > 0;
            requested += n;
            onRequest.run();
            busy.set(false);
        }

        @Override
        public void cancel() {
            enter();
            cancels.incrementAndGet();
            busy.set(false);
        }

        private void enter() {
            overlapped |= !busy.compareAndSet(false, true);
        }
    }
}
