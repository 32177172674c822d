package io.pythia.benchmarks;

import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.DefaultConsumer;
import com.rabbitmq.client.Envelope;
import com.rabbitmq.client.MessageProperties;
import io.pythia.Message;
import io.pythia.Subscribers;
import io.pythia.rabbitmq.RabbitMQConsumer;
import io.pythia.rabbitmq.RabbitMQProducer;
import java.io.IOException;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CountDownLatch;

/** One run in a fresh JVM: {@code RabbitMQRun <variant> <host> <port> <queue> <messages>}. Prints one RESULT line. */
public final class RabbitMQRun {
    private static final int BODY_BYTES = 256;
    /** Both sides: how many sends may be unconfirmed. */
    private static final int WINDOW = 5_000;

    private static final int PREFETCH = 250;

    private final String host;
    private final int port;
    private final String queue;
    private final int messages;

    private RabbitMQRun(String host, int port, String queue, int messages) {
        this.host = host;
        this.port = port;
        this.queue = queue;
        this.messages = messages;
    }

    /** Runs one variant. */
    public static void main(String[] args) throws Exception {
        RabbitMQRun run = new RabbitMQRun(args[1], Integer.parseInt(args[2]), args[3], Integer.parseInt(args[4]));
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

    private Connection connect() throws Exception {
        ConnectionFactory factory = new ConnectionFactory();
        factory.setHost(host);
        factory.setPort(port);
        return factory.newConnection();
    }

    // Produce: persistent, every confirm awaited, the same window on both sides.

    /** As everybody writes it: a map from sequence numbers to what waits for the confirm. */
    private void rawProduce() throws Exception {
        byte[] body = new byte[BODY_BYTES];
        Window window = new Window(WINDOW);
        ConcurrentSkipListMap<Long, Long> unconfirmed = new ConcurrentSkipListMap<>();
        try (Connection connection = connect();
                Channel channel = connection.createChannel()) {
            channel.confirmSelect();
            channel.addConfirmListener(
                    (number, multiple) -> {
                        if (multiple) {
                            var confirmed = new TreeMap<>(unconfirmed.headMap(number, true));
                            confirmed.keySet().forEach(unconfirmed::remove);
                            window.release(confirmed.size());
                        } else {
                            unconfirmed.remove(number);
                            window.release();
                        }
                    },
                    (number, multiple) -> fail(new IllegalStateException("a nack")));
            Measurement measurement = new Measurement();
            for (int i = 0; i < messages + warmUp(); i++) {
                if (i == warmUp()) {
                    measurement = new Measurement();
                }
                window.acquire();
                unconfirmed.put(channel.getNextPublishSeqNo(), System.nanoTime());
                channel.basicPublish("", queue, true, MessageProperties.MINIMAL_PERSISTENT_BASIC, body.clone());
            }
            window.awaitAll();
            measurement.report(messages);
        }
    }

    private void pythiaProduce() throws Exception {
        byte[] body = new byte[BODY_BYTES];
        Window window = new Window(WINDOW);
        try (RabbitMQProducer producer =
                RabbitMQProducer.builder().queue(queue).host(host).port(port).build()) {
            producer.connect().join();
            Measurement measurement = new Measurement();
            for (int i = 0; i < messages + warmUp(); i++) {
                if (i == warmUp()) {
                    measurement = new Measurement();
                }
                window.acquire();
                producer.send(Message.of(body)).whenComplete((result, error) -> {
                    if (error != null) {
                        fail(error);
                    }
                    window.release();
                });
            }
            window.awaitAll();
            measurement.report(messages);
        }
    }

    // Consume: a trivial handler. The raw consumer acknowledges each message, as the tutorials do.

    private void rawConsume() throws Exception {
        CountDownLatch done = new CountDownLatch(1);
        Channel channel = connect().createChannel(); // ends with the process: a close would meet acknowledgements
        channel.basicQos(PREFETCH);
        Progress progress = new Progress(done);
        channel.basicConsume(queue, false, new DefaultConsumer(channel) {
            @Override
            public void handleDelivery(String tag, Envelope envelope, BasicProperties properties, byte[] body)
                    throws IOException {
                channel.basicAck(envelope.getDeliveryTag(), false);
                progress.seen(body);
            }
        });
        done.await();
    }

    private void pythiaConsume() throws Exception {
        CountDownLatch done = new CountDownLatch(1);
        Progress progress = new Progress(done);
        try (RabbitMQConsumer consumer = RabbitMQConsumer.builder()
                .queue(queue)
                .host(host)
                .port(port)
                .prefetchCount(PREFETCH)
                .batchSize(PREFETCH)
                .build()) {
            consumer.connect().join();
            consumer.consume()
                    .subscribe(Subscribers.each(
                            message -> {
                                message.ack();
                                progress.seen(message.body());
                            },
                            RabbitMQRun::fail));
            done.await();
        }
    }

    /** Measures from the end of the warm-up to the last message. */
    private final class Progress {
        private final CountDownLatch done;
        private long sum;
        private int seen;
        private Measurement measurement = new Measurement();

        Progress(CountDownLatch done) {
            this.done = done;
        }

        void seen(byte[] body) {
            sum += body[0];
            if (++seen == warmUp()) {
                measurement = new Measurement();
            }
            if (seen == messages) {
                measurement.report(messages - warmUp());
                System.err.println("checksum " + sum);
                done.countDown();
            }
        }
    }

    // Latency from send to handler at a modest rate, producer and consumer in this process, on connections of their
    // own.

    private void rawLatency() throws Exception {
        Latencies latencies = new Latencies(messages, messages, BODY_BYTES);
        try (Connection consuming = connect();
                Connection producing = connect();
                Channel in = consuming.createChannel();
                Channel out = producing.createChannel()) {
            in.basicQos(PREFETCH);
            in.basicConsume(queue, false, new DefaultConsumer(in) {
                @Override
                public void handleDelivery(String tag, Envelope envelope, BasicProperties properties, byte[] body)
                        throws IOException {
                    latencies.add(body);
                    in.basicAck(envelope.getDeliveryTag(), false);
                }
            });
            out.confirmSelect();
            latencies.run(body -> out.basicPublish("", queue, true, MessageProperties.MINIMAL_PERSISTENT_BASIC, body));
        }
    }

    private void pythiaLatency() throws Exception {
        Latencies latencies = new Latencies(messages, messages, BODY_BYTES);
        try (RabbitMQProducer producer = RabbitMQProducer.builder()
                        .queue(queue)
                        .host(host)
                        .port(port)
                        .build();
                RabbitMQConsumer consumer = RabbitMQConsumer.builder()
                        .queue(queue)
                        .host(host)
                        .port(port)
                        .prefetchCount(PREFETCH)
                        .build()) {
            producer.connect().join();
            consumer.connect().join();
            consumer.consume()
                    .subscribe(Subscribers.each(
                            message -> {
                                latencies.add(message.body());
                                message.ack();
                            },
                            RabbitMQRun::fail));
            latencies.run(body -> producer.send(Message.of(body)));
        }
    }

    private static void fail(Throwable error) {
        error.printStackTrace();
        Runtime.getRuntime().halt(1);
    }
}
