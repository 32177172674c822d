package io.pythia.testkit.server;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;

/** A master, a replica, and three sentinels that watch them, all real processes. Clients reach them without a proxy. */
public final class RedisTestSentinel implements AutoCloseable {
    /** The name under which the sentinels know the master. */
    public static final String MASTER = "main";

    private final RedisTestServer master;
    private final RedisTestServer replica;
    private final List<RedisTestServer> sentinels = new ArrayList<>();

    RedisTestSentinel() {
        master = TestServers.newRedis(Map.of());
        replica = TestServers.newRedis(Map.of("replicaof", "127.0.0.1 " + master.port()));
        Awaitility.await("replication")
                .atMost(90, TimeUnit.SECONDS)
                .until(() -> String.valueOf(replica.call("INFO", "replication")).contains("master_link_status:up"));
        for (int i = 0; i < 3; i++) {
            Map<String, String> settings = new LinkedHashMap<>();
            settings.put("sentinel monitor " + MASTER, "127.0.0.1 " + master.port() + " 2");
            settings.put("sentinel down-after-milliseconds " + MASTER, "1500");
            settings.put("sentinel failover-timeout " + MASTER, "5000");
            sentinels.add(RedisTestServer.createSentinel(settings));
        }
        Awaitility.await("the sentinels to know each other and the replica")
                .atMost(90, TimeUnit.SECONDS)
                .until(() -> sentinels.stream().allMatch(RedisTestSentinel::knowsAll));
    }

    private static boolean knowsAll(RedisTestServer sentinel) {
        return String.valueOf(sentinel.call("INFO", "sentinel")).contains("slaves=1,sentinels=3");
    }

    /** Returns the sentinels as {@code host:port} with commas between. */
    public String addresses() {
        return sentinels.stream().map(each -> "127.0.0.1:" + each.port()).collect(Collectors.joining(","));
    }

    /** Returns the master of the beginning. */
    public RedisTestServer master() {
        return master;
    }

    /** Returns the replica of the beginning. */
    public RedisTestServer replica() {
        return replica;
    }

    @Override
    public void close() {
        sentinels.forEach(RedisTestServer::close);
        replica.close();
        master.close();
    }
}
