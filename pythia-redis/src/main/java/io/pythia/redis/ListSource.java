package io.pythia.redis;

import java.time.Duration;
import java.util.List;

/** What a {@link RedisListReceiver} needs to know. */
record ListSource(
        String name,
        RedisConfig config,
        List<String> queues,
        String consumer,
        int batchSize,
        Duration timeout,
        ListOrder order,
        boolean reliable,
        Duration deadAfter,
        NackTarget nackTarget) {

    /** The end from which is taken. */
    String side() {
        return order == ListOrder.FIFO ? "RIGHT" : "LEFT";
    }

    /** Returns the keys of one queue, for a consumer, in the order of {@link ListScripts}; in a cluster they are in one slot. */
    byte[][] keys(String queue, String ofConsumer) {
        int open = queue.indexOf('{');
        boolean tagged = open >= 0 && queue.indexOf('}', open) > open + 1;
        String base = config.isCluster() && !tagged ? "{" + queue + "}" : queue;
        return new byte[][] {
            RedisConnections.bytes(queue),
            RedisConnections.bytes(base + ":processing:" + ofConsumer),
            RedisConnections.bytes(base + ":processing"),
            RedisConnections.bytes(base + ":alive:" + ofConsumer)
        };
    }

    byte[][] keys(int queueIndex) {
        return keys(queues.get(queueIndex), consumer);
    }

    /** Returns the keys of all queues. */
    byte[][] allKeys() {
        byte[][] all = new byte[4 * queues.size()][];
        for (int i = 0; i < queues.size(); i++) {
            System.arraycopy(keys(i), 0, all, 4 * i, 4);
        }
        return all;
    }
}
