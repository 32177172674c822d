package io.pythia.cdc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BrokerConnectionException;
import io.pythia.BrokerException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ReadAheadTest {
    private final ReadAhead<Integer> ahead = new ReadAhead<>("test");
    private final AtomicInteger reads = new AtomicInteger();

    @AfterEach
    void close() {
        ahead.close();
    }

    @Test
    void nothingWasBegun_readsNow_onTheCallersThread() throws Exception {
        Thread[] reader = new Thread[1];
        assertThat(ahead.take(() -> {
                    reader[0] = Thread.currentThread();
                    return 7;
                }))
                .isEqualTo(7);
        assertThat(reader[0]).isSameAs(Thread.currentThread());
    }

    @Test
    void whatWasBegun_isTakenOnce_andNoMoreIsReadBefore() throws Exception {
        ahead.begin(reads::incrementAndGet);
        ahead.begin(reads::incrementAndGet);
        assertThat(ahead.take(() -> 100)).isEqualTo(1);
        assertThat(ahead.take(() -> 100)).isEqualTo(100);
        assertThat(reads).hasValue(1);
    }

    @Test
    void failure_isTheReadersOwn_andTheNextReadIsANewOne() throws Exception {
        BrokerException failure = new BrokerConnectionException("gone", null);
        ahead.begin(() -> {
            throw failure;
        });
        assertThatThrownBy(() -> ahead.take(() -> 100)).isSameAs(failure);
        assertThat(ahead.take(() -> 100)).isEqualTo(100);
    }

    @Test
    void afterClose_whatIsBegunIsNotRead_andIsNotWaitedFor() {
        ahead.close();
        ahead.begin(reads::incrementAndGet);
        assertThatThrownBy(() -> ahead.take(() -> 100)).isInstanceOf(BrokerException.class);
        assertThat(reads).hasValue(0);
    }

    @Test
    void close_leavesAReadThatIsUnderWay_toItsEnd() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch end = new CountDownLatch(1);
        ahead.begin(() -> {
            begun.countDown();
            try {
                end.await();
            } catch (InterruptedException e) {
                throw new BrokerException("interrupted", e);
            }
            return 7;
        });
        begun.await();
        ahead.close();
        end.countDown();
        assertThat(ahead.take(() -> 100)).isEqualTo(7);
    }
}
