package io.pythia.redis;

import static io.pythia.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.api.StatefulRedisConnection;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class BlockingReadsIT extends RedisServerFixture {
    private static final Pattern UNBLOCKS = Pattern.compile("cmdstat_client(?:\\|unblock)?:calls=(\\d+)");
    private static final int PINGS = 1_000;

    /** A read that never reaches the server, as on a connection that is half dead. */
    @Test
    void readThatCanNotBeEnded_isAskedToEnd_again_butNotAtOnce() throws Exception {
        RedisConnections connections = new RedisConnections("test", RedisServers.config(server.address()));
        try {
            connections.open(new byte[] {1});
            StatefulRedisConnection<byte[], byte[]> other = connections.connect();
            BlockingReads reads = new BlockingReads(connections, other);
            CompletableFuture<String> answer = new CompletableFuture<>();
            CountDownLatch begun = new CountDownLatch(1);
            FutureTask<String> reading =
                    new FutureTask<>(() -> reads.read("reading", Duration.ofMinutes(1), commands -> {
                        begun.countDown();
                        return answer;
                    }));
            new Thread(reading, "reading").start();
            begun.await();
            for (int i = 0; i < 10; i++) {
                reads.wakeUp();
            }
            eventually("more than one try", () -> unblocks() > 1);
            for (int i = 0; i < PINGS; i++) {
                connections.ping(other);
            }
            assertThat(unblocks()).isLessThan(PINGS / 2);
            answer.complete("came");
            assertThat(reading.get(30, TimeUnit.SECONDS)).isEqualTo("came");
        } finally {
            connections.close();
        }
    }

    private int unblocks() {
        Matcher found = UNBLOCKS.matcher(String.valueOf(server.call("INFO", "commandstats")));
        return found.find() ? Integer.parseInt(found.group(1)) : 0;
    }
}
