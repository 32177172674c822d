package io.pythia.benchmarks;

import io.pythia.Brokers;
import io.pythia.Message;
import io.pythia.MessageProducer;
import io.pythia.benchmarks.Measurement.Outcome;
import io.pythia.benchmarks.Row.Goal;
import io.pythia.testkit.server.KafkaTestServer;
import io.pythia.testkit.server.RabbitTestServer;
import io.pythia.testkit.server.RedisTestServer;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;

/** How long a fresh JVM takes to its first message. */
final class StartBenchmark implements Suite {
    private static final String NAME = "first";

    @Override
    public int messages() {
        return 1; // and never more
    }

    @Override
    public Comparison run(Plan plan) throws Exception {
        Comparison comparison = new Comparison(
                StartRun.class,
                "From the start of a JVM to the first message of a destination that has one, with the modules of all brokers on the class path;"
                        + " Pythia finds its broker by URL.");
        try (KafkaTestServer kafka = KafkaTestServer.createDirect(Map.of());
                RedisTestServer redis = RedisTestServer.create(Map.of("appendonly", "no"));
                RabbitTestServer rabbit = RabbitTestServer.createDirect()) {
            try (Admin admin = Admin.create(Map.<String, Object>of("bootstrap.servers", kafka.address()))) {
                admin.createTopics(List.of(new NewTopic(NAME, Optional.of(1), Optional.empty())))
                        .all()
                        .get();
            }
            send("kafka://" + kafka.address() + "/" + NAME);
            send("redis-streams://127.0.0.1:" + redis.port() + "/" + NAME);
            send("rabbitmq://" + rabbit.address() + "?topology=declare&queue=" + NAME);
            for (int round = 1; round <= plan.rounds(); round++) {
                System.err.printf("round %d of %d%n", round, plan.rounds());
                for (String side : List.of("raw", "pythia")) {
                    comparison.measure(side + "-kafka", kafka.address(), NAME);
                    comparison.measure(side + "-redis", "127.0.0.1:" + redis.port(), NAME);
                    comparison.measure(side + "-rabbitmq", rabbit.address(), NAME);
                }
            }
        }
        for (String broker : List.of("kafka", "redis", "rabbitmq")) {
            String raw = "raw-" + broker;
            String pythia = "pythia-" + broker;
            comparison.row(broker + ", ms", raw, pythia, Outcome::first, Goal.none());
            comparison.row(broker + ", CPU ms", raw, pythia, Outcome::second, Goal.none());
            comparison.row(broker + ", classes", raw, pythia, Outcome::third, Goal.none());
        }
        return comparison;
    }

    private static void send(String url) {
        try (MessageProducer producer = Brokers.load().producer(URI.create(url))) {
            producer.send(Message.of("x")).join();
        }
    }
}
