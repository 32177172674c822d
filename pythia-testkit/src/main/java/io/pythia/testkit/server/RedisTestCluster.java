package io.pythia.testkit.server;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;

/** A Redis Cluster of real servers: three masters, and a replica for each if wanted. Clients reach the nodes without a proxy. */
public final class RedisTestCluster implements AutoCloseable {
    private static final int SLOTS = 16_384;
    private static final int MASTERS = 3;

    private final List<RedisTestServer> nodes = new ArrayList<>();

    RedisTestCluster(boolean replicas) {
        for (int i = 0; i < (replicas ? 2 * MASTERS : MASTERS); i++) {
            Map<String, String> settings = new LinkedHashMap<>();
            settings.put("cluster-enabled", "yes");
            settings.put("cluster-node-timeout", "2000");
            settings.put("cluster-require-full-coverage", "no");
            nodes.add(TestServers.newRedis(settings));
        }
        for (RedisTestServer node : nodes.subList(1, nodes.size())) {
            node.call(
                    "CLUSTER",
                    "MEET",
                    "127.0.0.1",
                    Integer.toString(nodes.get(0).port()));
        }
        for (int i = 0; i < MASTERS; i++) {
            int first = i * SLOTS / MASTERS;
            int last = (i + 1) * SLOTS / MASTERS - 1;
            nodes.get(i).call("CLUSTER", "ADDSLOTSRANGE", Integer.toString(first), Integer.toString(last));
        }
        awaitAgreement();
        for (int i = MASTERS; i < nodes.size(); i++) {
            nodes.get(i).call("CLUSTER", "REPLICATE", id(nodes.get(i - MASTERS)));
        }
        awaitReplicas();
    }

    private void awaitReplicas() {
        Awaitility.await("the replicas")
                .atMost(90, TimeUnit.SECONDS)
                .until(() -> nodes.subList(MASTERS, nodes.size()).stream()
                        .allMatch(node ->
                                String.valueOf(node.call("INFO", "replication")).contains("master_link_status:up")));
    }

    private static String id(RedisTestServer node) {
        return String.valueOf(node.call("CLUSTER", "MYID"));
    }

    private void awaitAgreement() {
        Awaitility.await("the nodes to know each other")
                .atMost(90, TimeUnit.SECONDS)
                .until(() -> nodes.stream()
                        .map(node -> String.valueOf(node.call("CLUSTER", "INFO")))
                        .allMatch(info -> info.contains("cluster_state:ok")
                                && info.contains("cluster_slots_assigned:" + SLOTS)
                                && info.contains("cluster_known_nodes:" + nodes.size())));
    }

    /** Returns all nodes as {@code host:port} with commas between. */
    public String addresses() {
        return nodes.stream().map(node -> "127.0.0.1:" + node.port()).collect(Collectors.joining(","));
    }

    /** Returns the master that has the slot of a key. */
    public RedisTestServer masterOf(String key) {
        long slot = (Long) java.util.Objects.requireNonNull(nodes.get(0).call("CLUSTER", "KEYSLOT", key));
        return nodes.get((int) Math.min(MASTERS - 1, slot * MASTERS / SLOTS));
    }

    /** Returns the masters of the beginning, then their replicas in the same order. */
    public List<RedisTestServer> nodes() {
        return List.copyOf(nodes);
    }

    @Override
    public void close() {
        nodes.forEach(RedisTestServer::close);
    }
}
