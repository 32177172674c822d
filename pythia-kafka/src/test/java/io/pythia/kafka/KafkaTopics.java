package io.pythia.kafka;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;

/** Topics for tests, each with a name of its own. */
final class KafkaTopics {
    private KafkaTopics() {}

    static String create(String servers, int partitions) {
        return create(servers, "test-" + UUID.randomUUID(), partitions);
    }

    static String create(String servers, String name, int partitions) {
        return create(Map.of("bootstrap.servers", servers), name, partitions);
    }

    static String create(Map<String, Object> client, String name, int partitions) {
        try (Admin admin = Admin.create(client)) {
            admin.createTopics(List.of(new NewTopic(name, Optional.of(partitions), Optional.empty())))
                    .all()
                    .get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
        return name;
    }
}
