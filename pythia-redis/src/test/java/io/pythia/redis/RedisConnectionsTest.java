package io.pythia.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.RedisCredentialsProvider.ImmediateRedisCredentialsProvider;
import io.pythia.Secret;
import java.util.List;
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
}
