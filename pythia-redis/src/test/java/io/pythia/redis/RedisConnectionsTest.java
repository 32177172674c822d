package io.pythia.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lettuce.core.RedisCredentialsProvider.ImmediateRedisCredentialsProvider;
import io.pythia.BrokerTimeoutException;
import io.pythia.Secret;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class RedisConnectionsTest {
    /** Others go through the common pool, and the client may then lose the server's answer that they are wrong. */
    @Test
    void credentials_areThereAtOnce() throws InterruptedException {
        RedisConfig withPassword =
                RedisConfig.defaults().toBuilder().password("secret").build();
        RedisConfig withUser = withPassword.toBuilder().username("worker").build();
        RedisConfig withSentinel = withUser.toBuilder()
                .sentinels(List.of("localhost:1"))
                .sentinelMaster("main")
                .sentinelPassword(Secret.of("secret"))
                .build();
        for (RedisConfig config : List.of(withPassword, withUser, withSentinel)) {
            try (RedisConnections connections = new RedisConnections("redis:test", config)) {
                connections.open(new byte[0]);
                assertThat(connections.server().getCredentialsProvider())
                        .isInstanceOf(ImmediateRedisCredentialsProvider.class);
                assertThat(connections.server().getSentinels())
                        .allSatisfy(sentinel -> assertThat(sentinel.getCredentialsProvider())
                                .isInstanceOf(ImmediateRedisCredentialsProvider.class));
            }
        }
    }

    /** Another thread may look at any moment whether answers are owed: an idle time before the question is no silence. */
    @Test
    void asked_afterALongIdleTime_isNoSilence_whenAnotherThreadLooksMeanwhile() {
        AtomicLong now = new AtomicLong();
        AtomicReference<Runnable> meanwhile = new AtomicReference<>(() -> {});
        RedisConfig config = RedisConfig.defaults();
        try (RedisConnections connections = new RedisConnections("redis:test", config, cause -> {}, () -> {
            meanwhile.getAndSet(() -> {}).run();
            return now.get();
        })) {
            connections.asked();
            connections.answered();
            now.addAndGet(2 * config.responseTimeout().toNanos());
            meanwhile.set(connections::checkSilence);
            connections.asked();
            connections.checkSilence();
            now.addAndGet(config.responseTimeout().toNanos() + 1);
            assertThatThrownBy(connections::checkSilence).isInstanceOf(BrokerTimeoutException.class);
        }
    }
}
