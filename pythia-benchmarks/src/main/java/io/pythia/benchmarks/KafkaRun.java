package io.pythia.benchmarks;

import io.pythia.Message;
import io.pythia.kafka.KafkaConfig;
import io.pythia.kafka.KafkaConsumer;
import io.pythia.kafka.KafkaProducer;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** One run in a fresh JVM: {@code KafkaRun <variant> <bootstrap servers> <topic> <messages>}. Prints one RESULT line. */
public final class KafkaRun {
    private static final int BODY_BYTES = 256;
    /** Both sides: how many sends may be without an answer. */
    private static final int WINDOW = 20_000;

    private final String servers;
    private final String topic;
    private final int messages;

    private KafkaRun(String servers, String topic, int messages) {
        this.servers = servers;
        this.topic = topic;
        this.messages = messages;
    }

    /** Runs one variant. */
    public static void main(String[] args) throws Exception {
        KafkaRun run = new KafkaRun(args[1], args[2], Integer.parseInt(args[3]));
        switch (args[0]) {
            case "raw-produce" -> run.rawProduce();
            case "pythia-produce" -> run.pythiaProduce();
            case "raw-consume" -> run.rawConsume();
            case "pythia-consume" -> run.pythiaConsume();
            case "raw-latency" -> run.rawLatency();
            case "pythia-latency" -> run.pythiaLatency();
            default -> throw new IllegalArgumentException("unknown variant " + args[0]);
        }
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }

    private int warmUp() {
        return messages / 4;
    }

    // Produce: acks=all, every result awaited, the same window on both sides.

    private void rawProduce() throws InterruptedException {
        byte[] body = new byte[BODY_BYTES];
        try (var producer = rawProducer(10)) {
            produce(room -> producer.send(new ProducerRecord<>(topic, body.clone()), (metadata, error) -> {
                check(error);
                room.release();
            }));
        }
    }

    private void pythiaProduce() throws InterruptedException {
        byte[] body = new byte[BODY_BYTES];
        try (KafkaProducer producer =
                KafkaProducer.builder().topic(topic).bootstrapServers(servers).build()) {
            producer.connect().join();
            produce(room -> producer.send(Message.of(body)).whenComplete((result, error) -> {
                check(error);
                room.release();
            }));
        }
    }

    private interface Send {
        void send(Window window);
    }

    private void produce(Send send) throws InterruptedException {
        Window window = new Window(WINDOW);
        Measurement measurement = new Measurement();
        for (int i = 0; i < messages + warmUp(); i++) {
            if (i == warmUp()) {
                measurement = new Measurement();
            }
            window.acquire();
            send.send(window);
        }
        window.awaitAll();
        measurement.report(messages);
    }

    // Consume: a trivial handler, every message acknowledged. The raw loop commits after each poll.

    private void rawConsume() {
        long sum = 0;
        int seen = 0;
        try (var consumer = rawConsumer("earliest")) {
            consumer.subscribe(java.util.List.of(topic));
            Measurement measurement = null;
            while (seen < messages) {
                for (ConsumerRecord<byte[], byte[]> each : consumer.poll(Duration.ofSeconds(1))) {
                    sum += each.value()[0];
                    if (++seen == warmUp()) {
                        measurement = new Measurement();
                    }
                    if (seen == messages) {
                        java.util.Objects.requireNonNull(measurement).report(messages - warmUp());
                    }
                }
                consumer.commitAsync();
            }
        }
        System.err.println("checksum " + sum);
    }

    private void pythiaConsume() throws InterruptedException {
        CountDownLatch done = new CountDownLatch(1);
        try (KafkaConsumer consumer = KafkaConsumer.builder()
                .topic(topic)
                .consumerGroup(UUID.randomUUID().toString())
                .bootstrapServers(servers)
                .batchSize(500)
                .build()) {
            consumer.connect().join();
            consumer.consume().subscribe(new Flow.Subscriber<>() {
                private long sum;
                private int seen;
                private Measurement measurement = new Measurement();

                @Override
                public void onSubscribe(Flow.Subscription subscription) {
                    subscription.request(Long.MAX_VALUE);
                }

                @Override
                public void onNext(Message message) {
                    sum += message.body()[0];
                    message.ack();
                    if (++seen == warmUp()) {
                        measurement = new Measurement();
                    }
                    if (seen == messages) {
                        measurement.report(messages - warmUp());
                        System.err.println("checksum " + sum);
                        done.countDown();
                    }
                }

                @Override
                public void onError(Throwable cause) {
                    cause.printStackTrace();
                    Runtime.getRuntime().halt(1);
                }

                @Override
                public void onComplete() {}
            });
            done.await();
        }
    }

    // Latency from send to handler at a modest rate, producer and consumer in this process, no lingering.

    private void rawLatency() throws Exception {
        Latencies latencies = new Latencies(messages, messages, BODY_BYTES);
        try (var producer = rawProducer(0)) {
            Thread consuming = new Thread(
                    () -> {
                        try (var consumer = rawConsumer("latest")) {
                            consumer.subscribe(java.util.List.of(topic));
                            while (!latencies.isDone()) {
                                for (ConsumerRecord<byte[], byte[]> each : consumer.poll(Duration.ofSeconds(1))) {
                                    latencies.add(each.value());
                                }
                                consumer.commitAsync();
                            }
                        }
                    },
                    "raw-consumer");
            consuming.start();
            latencies.run(body -> producer.send(new ProducerRecord<>(topic, body)));
        }
    }

    private void pythiaLatency() throws Exception {
        Latencies latencies = new Latencies(messages, messages, BODY_BYTES);
        KafkaConfig config = KafkaConfig.builder()
                .bootstrapServers(servers)
                .linger(Duration.ZERO)
                .build();
        try (KafkaProducer producer =
                        KafkaProducer.builder().topic(topic).config(config).build();
                KafkaConsumer consumer = KafkaConsumer.builder()
                        .topic(topic)
                        .consumerGroup(UUID.randomUUID().toString())
                        .config(config)
                        .build()) {
            producer.connect().join();
            consumer.connect().join();
            consumer.consume().subscribe(new Flow.Subscriber<>() {
                @Override
                public void onSubscribe(Flow.Subscription subscription) {
                    subscription.request(Long.MAX_VALUE);
                }

                @Override
                public void onNext(Message message) {
                    latencies.add(message.body());
                    message.ack();
                }

                @Override
                public void onError(Throwable cause) {
                    cause.printStackTrace();
                    Runtime.getRuntime().halt(1);
                }

                @Override
                public void onComplete() {}
            });
            latencies.run(body -> producer.send(Message.of(body)));
        }
    }

    private org.apache.kafka.clients.producer.KafkaProducer<byte[], byte[]> rawProducer(int lingerMillis) {
        return new org.apache.kafka.clients.producer.KafkaProducer<>(
                Map.of("bootstrap.servers", servers, "acks", "all", "linger.ms", lingerMillis),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }

    private org.apache.kafka.clients.consumer.KafkaConsumer<byte[], byte[]> rawConsumer(String offsetReset) {
        return new org.apache.kafka.clients.consumer.KafkaConsumer<>(
                Map.of(
                        "bootstrap.servers",
                        servers,
                        "group.id",
                        UUID.randomUUID().toString(),
                        "enable.auto.commit",
                        false,
                        "auto.offset.reset",
                        offsetReset),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
    }

    private static void check(@org.jspecify.annotations.Nullable Throwable error) {
        if (error != null) {
            error.printStackTrace();
            Runtime.getRuntime().halt(1);
        }
    }
}
