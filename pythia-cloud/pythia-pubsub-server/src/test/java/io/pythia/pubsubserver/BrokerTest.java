package io.pythia.pubsubserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.pubsub.v1.PubsubMessage;
import com.google.pubsub.v1.Subscription;
import com.google.pubsub.v1.Topic;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What outlives the process. What consumers see is tested by the connector's suites. */
class BrokerTest {
    private static final String TOPIC = "projects/p/topics/t-1";
    private static final String SUBSCRIPTION = "projects/p/subscriptions/s-1";

    @TempDir
    private Path folder;

    private Broker broker() throws IOException {
        return new Broker(new Journal(folder.resolve("state")));
    }

    private static PubsubMessage message(String body) {
        return PubsubMessage.newBuilder().setData(ByteString.copyFromUtf8(body)).build();
    }

    private void fill() throws IOException {
        try (Broker broker = broker()) {
            broker.createTopic(Topic.newBuilder().setName(TOPIC).build());
            broker.createSubscription(Subscription.newBuilder()
                    .setName(SUBSCRIPTION)
                    .setTopic(TOPIC)
                    .build());
            assertThat(broker.publish(TOPIC, List.of(message("a"), message("b"))))
                    .containsExactly("1", "2");
        }
    }

    @Test
    void whatWasPublished_isThereAfterARestart() throws IOException {
        fill();
        try (Broker broker = broker()) {
            assertThat(broker.pending(SUBSCRIPTION)).isEqualTo(2);
            assertThat(broker.publish(TOPIC, List.of(message("c")))).containsExactly("3");
        }
    }

    @Test
    void recordTornByAKill_isCutOff() throws IOException {
        fill();
        Files.write(folder.resolve("state"), new byte[] {0, 0, 0, 5, 0, 0, 1, 0, 7}, StandardOpenOption.APPEND);
        try (Broker broker = broker()) {
            assertThat(broker.pending(SUBSCRIPTION)).isEqualTo(2);
            broker.publish(TOPIC, List.of(message("c")));
        }
        try (Broker broker = broker()) {
            assertThat(broker.pending(SUBSCRIPTION)).isEqualTo(3);
        }
    }

    @Test
    void whatDoesNotExist_isSaid() throws IOException {
        try (Broker broker = broker()) {
            assertThatThrownBy(() -> broker.publish(TOPIC, List.of(message("a"))))
                    .isInstanceOf(StatusRuntimeException.class)
                    .hasMessageContaining("NOT_FOUND")
                    .hasMessageContaining(TOPIC);
        }
    }
}
