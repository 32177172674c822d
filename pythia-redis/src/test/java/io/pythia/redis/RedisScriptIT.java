package io.pythia.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.StatefulRedisConnection;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class RedisScriptIT extends RedisServerFixture {
    private static final RedisScript FIRST = new RedisScript("return redis.call('RPUSH', KEYS[1], 'first')");
    private static final RedisScript SECOND = new RedisScript("return redis.call('RPUSH', KEYS[1], 'second')");

    /** As after a restart, when others have made one of two known again: what was acknowledged later must not be done earlier. */
    @Test
    void scriptInItsPlace_keepsIt_alsoWhereTheServerDoesNotKnowIt() throws InterruptedException {
        RedisConnections connections = new RedisConnections("test", RedisServers.config(server.address()));
        try {
            connections.open(new byte[] {1});
            StatefulRedisConnection<byte[], byte[]> connection = connections.connect();
            String list = "scripts-" + UUID.randomUUID();
            byte[][] keys = {RedisConnections.bytes(list)};
            server.call("SCRIPT", "FLUSH");
            connections.await("the second, alone", SECOND.run(connection, ScriptOutputType.INTEGER, keys));
            server.call("DEL", list);
            CompletionStage<Long> first = FIRST.runInItsPlace(connection, ScriptOutputType.INTEGER, keys);
            CompletionStage<Long> second = SECOND.run(connection, ScriptOutputType.INTEGER, keys);
            connections.await("the first", first);
            connections.await("the second", second);
            assertThat(server.call("LRANGE", list, "0", "-1")).isEqualTo(List.of("first", "second"));
        } finally {
            connections.close();
        }
    }
}
