package io.pythia.benchmarks;

import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.DefaultConsumer;
import com.rabbitmq.client.Envelope;
import com.sun.management.OperatingSystemMXBean;
import io.lettuce.core.Consumer;
import io.lettuce.core.RedisClient;
import io.lettuce.core.XReadArgs;
import io.lettuce.core.XReadArgs.StreamOffset;
import io.lettuce.core.api.sync.RedisCommands;
import io.pythia.Brokers;
import io.pythia.MessageBroker;
import io.pythia.Subscribers;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * One run in a fresh JVM: {@code StartRun <variant> <host:port> <destination>} consumes the first message of a destination that has one. Its
 * RESULT line has the milliseconds since the JVM began, the CPU milliseconds, and how many classes are loaded.
 */
public final class StartRun {
    private final String address;
    private final String destination;
    private final String group = UUID.randomUUID().toString();

    private StartRun(String address, String destination) {
        this.address = address;
        this.destination = destination;
    }

    /** Runs one variant. */
    public static void main(String[] args) throws Exception {
        StartRun run = new StartRun(args[1], args[2]);
        switch (args[0]) {
            case "raw-kafka" -> run.rawKafka();
            case "raw-redis" -> run.rawRedis();
            case "raw-rabbitmq" -> run.rawRabbitMQ();
            case "pythia-kafka" -> run.pythia("kafka://%s/%s?auto-offset-reset=earliest&consumer-group=%s");
            case "pythia-redis" -> run.pythia("redis-streams://%s/%s?consumer-group=%s&consumer-name=me");
            case "pythia-rabbitmq" -> run.pythia("rabbitmq://%s?queue=%s");
            default -> throw new IllegalArgumentException("unknown variant " + args[0]);
        }
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }

    private void pythia(String url) throws InterruptedException {
        CountDownLatch done = new CountDownLatch(1);
        MessageBroker consumer = Brokers.load().consumer(URI.create(url.formatted(address, destination, group)));
        consumer.connect().join();
        consumer.consume()
                .subscribe(Subscribers.each(
                        message -> {
                            report();
                            done.countDown();
                        },
                        error -> {
                            error.printStackTrace();
                            Runtime.getRuntime().halt(1);
                        }));
        done.await();
    }

    private void rawKafka() {
        KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", address, "group.id", group, "auto.offset.reset", "earliest"),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
        consumer.subscribe(List.of(destination));
        while (consumer.poll(Duration.ofSeconds(1)).isEmpty()) {
            System.err.println("nothing yet");
        }
        report();
    }

    @SuppressWarnings("unchecked") // the client's varargs
    private void rawRedis() {
        RedisCommands<String, String> commands =
                RedisClient.create("redis://" + address).connect().sync();
        commands.xgroupCreate(StreamOffset.from(destination, "0"), group);
        XReadArgs args = XReadArgs.Builder.block(Duration.ofSeconds(10));
        if (commands.xreadgroup(Consumer.from(group, "me"), args, StreamOffset.lastConsumed(destination))
                .isEmpty()) {
            throw new IllegalStateException("the stream is empty");
        }
        report();
    }

    private void rawRabbitMQ() throws Exception {
        CountDownLatch done = new CountDownLatch(1);
        ConnectionFactory factory = new ConnectionFactory();
        factory.setUri("amqp://" + address);
        Channel channel = factory.newConnection().createChannel();
        channel.basicConsume(destination, false, new DefaultConsumer(channel) {
            @Override
            public void handleDelivery(String tag, Envelope envelope, BasicProperties properties, byte[] body) {
                report();
                done.countDown();
            }
        });
        done.await();
    }

    private static void report() {
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        System.out.printf(
                "RESULT %d %f %d %d%n",
                ManagementFactory.getRuntimeMXBean().getUptime(),
                system.getProcessCpuTime() / 1e6,
                ManagementFactory.getClassLoadingMXBean().getLoadedClassCount(),
                Measurement.threads());
    }
}
