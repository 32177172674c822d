package io.pythia.kafka;

import static io.pythia.testkit.Eventually.eventually;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;

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
        NewTopic topic = new NewTopic(name, Optional.of(partitions), Optional.empty());
        administer(client, admin -> admin.createTopics(List.of(topic)).all());
        eventually("the broker to know the topic", () -> isThere(client, name)); // it hears of it a while later
        return name;
    }

    private static boolean isThere(Map<String, Object> client, String name) {
        try {
            administer(client, admin -> admin.describeTopics(List.of(name)).allTopicNames());
            return true;
        } catch (IllegalStateException e) {
            return false;
        }
    }

    /** Changes a setting of a topic. */
    static void set(String servers, String topic, String setting, String value) {
        AlterConfigOp change = new AlterConfigOp(new ConfigEntry(setting, value), AlterConfigOp.OpType.SET);
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        administer(
                Map.of("bootstrap.servers", servers),
                admin -> admin.incrementalAlterConfigs(Map.of(resource, List.of(change)))
                        .all());
    }

    /** Allows everything about a topic to one user, and so nothing to the others. */
    static void allowOnly(Map<String, Object> client, String topic, String user) {
        AclBinding all = new AclBinding(
                new ResourcePattern(ResourceType.TOPIC, topic, PatternType.LITERAL),
                new AccessControlEntry(user, "*", AclOperation.ALL, AclPermissionType.ALLOW));
        administer(client, admin -> admin.createAcls(List.of(all)).all());
    }

    private static void administer(Map<String, Object> client, Function<Admin, KafkaFuture<?>> action) {
        try (Admin admin = Admin.create(client)) {
            action.apply(admin).get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
