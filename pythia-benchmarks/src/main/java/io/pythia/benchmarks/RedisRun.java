package io.pythia.benchmarks;

import io.lettuce.core.Consumer;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisURI;
import io.lettuce.core.StreamMessage;
import io.lettuce.core.XGroupCreateArgs;
import io.lettuce.core.XReadArgs;
import io.lettuce.core.XReadArgs.StreamOffset;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.pythia.Message;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import io.pythia.redis.RedisConfig;
import io.pythia.redis.RedisListConsumer;
import io.pythia.redis.RedisListProducer;
import io.pythia.redis.RedisPubSubConsumer;
import io.pythia.redis.RedisPubSubProducer;
import io.pythia.redis.RedisStreamsConsumer;
import io.pythia.redis.RedisStreamsProducer;
import io.pythia.spi.Capabilities.Guarantee;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;

/** One run in a fresh JVM: {@code RedisRun <variant> <port> <destination> <messages>}. Prints one RESULT line. */
public final class RedisRun {
    private static final int BODY_BYTES = 256;
    /** Both sides: how many sends may be without an answer, and how many messages are read at once. */
    private static final int WINDOW = 5_000;

    private static final int BATCH = 500;
    private static final byte[] BODY_FIELD = {'b', 'o', 'd', 'y'};

    private final RedisConfig config;
    private final String destination;
    private final byte[] key;
    private final int messages;
    private final byte[] group = UUID.randomUUID().toString().getBytes(StandardCharsets.UTF_8);

    private RedisRun(int port, String destination, int messages) {
        this.config = RedisConfig.builder().host("127.0.0.1").port(port).build();
        this.destination = destination;
        this.key = destination.getBytes(StandardCharsets.UTF_8);
        this.messages = messages;
    }

    /** Runs one variant. */
    public static void main(String[] args) throws Exception {
        RedisRun run = new RedisRun(Integer.parseInt(args[1]), args[2], Integer.parseInt(args[3]));
        switch (args[0]) {
            case "raw-xadd" -> run.rawProduce((commands, body) -> commands.xadd(run.key, BODY_FIELD, body));
            case "raw-lpush" -> run.rawProduce((commands, body) -> commands.lpush(run.key, body));
            case "pythia-xadd" -> run.produce(run.streamsProducer());
            case "pythia-lpush" -> run.produce(run.listProducer());
            case "raw-xread" -> run.rawRead(false);
            case "raw-xread-each" -> run.rawRead(true);
            case "pythia-xread" -> run.consume(run.streamsConsumer(), new Counter(run.messages, run.warmUp()));
            case "raw-rpop" -> run.rawPop();
            case "pythia-rpop" ->
                run.consume(run.listConsumer(Guarantee.AT_MOST_ONCE), new Counter(run.messages, run.warmUp()));
            case "pythia-lmove" ->
                run.consume(run.listConsumer(Guarantee.AT_LEAST_ONCE), new Counter(run.messages, run.warmUp()));
            case "raw-pubsub" -> run.rawPubSub();
            case "pythia-pubsub" -> run.pubSub();
            default -> throw new IllegalArgumentException("unknown variant " + args[0]);
        }
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }

    private int warmUp() {
        return messages / 4;
    }

    private StatefulRedisConnection<byte[], byte[]> connection() {
        return client().connect(ByteArrayCodec.INSTANCE);
    }

    private RedisClient client() {
        return RedisClient.create(RedisURI.create(config.host(), config.port()));
    }

    // Produce: every answer awaited, the same window on both sides.

    private interface Write {
        CompletionStage<?> write(RedisAsyncCommands<byte[], byte[]> commands, byte[] body);
    }

    private void rawProduce(Write write) throws InterruptedException {
        RedisAsyncCommands<byte[], byte[]> commands = connection().async();
        produce(body -> write.write(commands, body.clone())); // as Pythia does, so that the caller may change it
    }

    private void produce(MessageProducer producer) throws InterruptedException {
        producer.connect().join();
        produce(body -> producer.send(Message.of(body)));
    }

    private interface Send {
        CompletionStage<?> send(byte[] body);
    }

    private void produce(Send send) throws InterruptedException {
        byte[] body = new byte[BODY_BYTES];
        Window window = new Window(WINDOW);
        Measurement measurement = new Measurement();
        for (int i = 0; i < messages + warmUp(); i++) {
            if (i == warmUp()) {
                measurement = new Measurement();
            }
            window.acquire();
            send.send(body).whenComplete((ok, error) -> {
                check(error);
                window.release();
            });
        }
        window.awaitAll();
        measurement.report(messages);
    }

    // Consume: a trivial handler, every message acknowledged.

    @SuppressWarnings("unchecked") // an array of one generic type
    private void rawRead(boolean ackEach) {
        StatefulRedisConnection<byte[], byte[]> connection = connection();
        RedisCommands<byte[], byte[]> sync = connection.sync();
        RedisAsyncCommands<byte[], byte[]> async = connection.async();
        sync.xgroupCreate(StreamOffset.from(key, "0"), group, XGroupCreateArgs.Builder.mkstream());
        Counter counter = new Counter(messages, warmUp());
        while (!counter.isDone()) {
            List<StreamMessage<byte[], byte[]>> batch = sync.xreadgroup(
                    Consumer.from(group, group), XReadArgs.Builder.count(BATCH), StreamOffset.lastConsumed(key));
            String[] ids = new String[batch.size()];
            for (int i = 0; i < ids.length; i++) {
                counter.count(batch.get(i).getBody().values().iterator().next());
                ids[i] = batch.get(i).getId();
                if (ackEach) {
                    sync.xack(key, group, ids[i]);
                }
            }
            if (!ackEach) {
                RedisFuture<Long> acked = async.xack(key, group, ids);
                acked.whenComplete((ok, error) -> check(error));
            }
        }
    }

    private void rawPop() {
        RedisCommands<byte[], byte[]> sync = connection().sync();
        Counter counter = new Counter(messages, warmUp());
        while (!counter.isDone()) {
            for (byte[] body : sync.rpop(key, BATCH)) {
                counter.count(body);
            }
        }
    }

    private void consume(MessageBroker consumer, Counter counter) throws InterruptedException {
        consumer.connect().join();
        CountDownLatch done = new CountDownLatch(1);
        consumer.consume().subscribe(new Flow.Subscriber<>() {
            @Override
            public void onSubscribe(Flow.Subscription subscription) {
                subscription.request(Long.MAX_VALUE);
            }

            @Override
            public void onNext(Message message) {
                counter.count(message.body());
                message.ack();
                if (counter.isDone()) {
                    done.countDown();
                }
            }

            @Override
            public void onError(Throwable cause) {
                check(cause);
            }

            @Override
            public void onComplete() {}
        });
        done.await();
    }

    // Publish and subscribe in one process: as many are under way as the receiver has seen.

    private void rawPubSub() throws InterruptedException {
        Window window = new Window(WINDOW);
        Counter counter = new Counter(messages, warmUp());
        var listening = client().connectPubSub(ByteArrayCodec.INSTANCE);
        listening.addListener(new RedisPubSubAdapter<>() {
            @Override
            public void message(byte[] channel, byte[] body) {
                counter.count(body);
                window.release();
            }
        });
        listening.sync().subscribe(key);
        RedisAsyncCommands<byte[], byte[]> commands = connection().async();
        while (!counter.isDone()) {
            window.acquire();
            commands.publish(key, new byte[BODY_BYTES]);
        }
    }

    private void pubSub() throws InterruptedException {
        Window window = new Window(WINDOW);
        Counter counter = new Counter(messages, warmUp());
        MessageBroker consumer = RedisPubSubConsumer.builder()
                .channels(destination)
                .batchSize(BATCH)
                .config(config)
                .build();
        consumer.connect().join();
        consumer.consume().subscribe(new Flow.Subscriber<>() {
            @Override
            public void onSubscribe(Flow.Subscription subscription) {
                subscription.request(Long.MAX_VALUE);
            }

            @Override
            public void onNext(Message message) {
                counter.count(message.body());
                message.ack();
                window.release();
            }

            @Override
            public void onError(Throwable cause) {
                check(cause);
            }

            @Override
            public void onComplete() {}
        });
        MessageProducer producer = RedisPubSubProducer.builder()
                .channel(destination)
                .config(config)
                .build();
        while (!counter.isDone()) {
            window.acquire();
            producer.send(Message.of(new byte[BODY_BYTES]));
        }
    }

    private MessageProducer streamsProducer() {
        return RedisStreamsProducer.builder().stream(destination).config(config).build();
    }

    private MessageProducer listProducer() {
        return RedisListProducer.builder().queue(destination).config(config).build();
    }

    private MessageBroker streamsConsumer() {
        return RedisStreamsConsumer.builder().stream(destination)
                .consumerGroup(new String(group, StandardCharsets.UTF_8))
                .batchSize(BATCH)
                .config(config)
                .build();
    }

    private MessageBroker listConsumer(Guarantee guarantee) {
        return RedisListConsumer.builder()
                .queue(destination)
                .guarantee(guarantee)
                .batchSize(BATCH)
                .config(config)
                .build();
    }

    /** Counts messages on one thread, measures from the end of the warm-up on, and reports once. */
    private static final class Counter {
        private final int messages;
        private final int warmUp;
        private Measurement measurement = new Measurement();
        private long sum;
        private int seen;
        private volatile boolean done;

        Counter(int messages, int warmUp) {
            this.messages = messages;
            this.warmUp = warmUp;
        }

        void count(byte[] body) {
            sum += body[0];
            if (++seen == warmUp) {
                measurement = new Measurement();
            }
            if (seen == messages) {
                measurement.report(messages - warmUp);
                System.err.print(sum == 0 ? "" : "checksum " + sum);
                done = true;
            }
        }

        boolean isDone() {
            return done;
        }
    }

    private static void check(@org.jspecify.annotations.Nullable Throwable error) {
        if (error != null) {
            error.printStackTrace();
            Runtime.getRuntime().halt(1);
        }
    }
}
