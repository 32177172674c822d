package io.pythia.examples.deque;

import io.pythia.Message;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import io.pythia.SendResult;
import io.pythia.spi.AbstractMessageBroker;
import io.pythia.spi.AbstractMessageProducer;
import io.pythia.spi.BrokerProvider;
import io.pythia.spi.BrokerUri;
import io.pythia.spi.Capabilities;
import io.pythia.spi.ConsumerOptions;
import io.pythia.spi.Outgoing;
import io.pythia.spi.ProducerOptions;
import io.pythia.spi.ReceiveDriver;
import io.pythia.spi.SendDriver;
import io.pythia.spi.Settings;
import io.pythia.spi.SettingsReader;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingDeque;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingDeque;

// tag::provider[]
/** Makes {@code deque} known: {@code deque:orders}. */
public final class DequeProvider implements BrokerProvider {
    static final Capabilities CAPABILITIES = Capabilities.builder()
            .ordering(Capabilities.Ordering.SOURCE)
            .competing()
            .persistent()
            .headers()
            .keys()
            .build();

    private static final Map<String, BlockingDeque<Message>> QUEUES = new ConcurrentHashMap<>();

    @Override
    public String name() {
        return "deque";
    }

    @Override
    public Capabilities capabilities() {
        return CAPABILITIES;
    }

    @Override
    public Map<String, String> fromUri(BrokerUri uri) {
        return Map.of("queue", uri.pathText());
    }

    @Override
    public MessageBroker consumer(Settings settings) {
        SettingsReader read = settings.reader();
        Consumer.Builder builder = new Consumer.Builder(read.requiredText("queue")).options(read);
        read.otherSide(ProducerOptions.class, List.of());
        return read.finish(builder::build);
    }

    @Override
    public MessageProducer producer(Settings settings) {
        SettingsReader read = settings.reader();
        Producer.Builder builder = new Producer.Builder(read.requiredText("queue")).options(read);
        read.otherSide(ConsumerOptions.class, List.of());
        return read.finish(builder::build);
    }

    static BlockingDeque<Message> queue(String name) {
        return QUEUES.computeIfAbsent(name, n -> new LinkedBlockingDeque<>(100_000));
    }
    // end::provider[]

    // tag::facades[]
    static final class Consumer extends AbstractMessageBroker<Message> {
        private final String queue;

        private Consumer(Builder builder) {
            super("deque:" + builder.queue, CAPABILITIES, builder);
            this.queue = builder.queue;
        }

        @Override
        protected ReceiveDriver<Message> newDriver() {
            return new DequeReceiver(queue);
        }

        static final class Builder extends AbstractMessageBroker.Builder<Builder> {
            private final String queue;

            Builder(String queue) {
                this.queue = queue;
            }

            @Override
            protected Builder self() {
                return this;
            }

            Consumer build() {
                return new Consumer(this);
            }
        }
    }

    static final class Producer extends AbstractMessageProducer {
        private final String queue;

        private Producer(Builder builder) {
            super("deque:" + builder.queue, builder);
            this.queue = builder.queue;
        }

        @Override
        protected SendDriver newDriver() {
            return new Sender(queue);
        }

        static final class Builder extends AbstractMessageProducer.Builder<Builder> {
            private final String queue;

            Builder(String queue) {
                this.queue = queue;
            }

            @Override
            protected Builder self() {
                return this;
            }

            Producer build() {
                return new Producer(this);
            }
        }
    }
    // end::facades[]

    // tag::sender[]
    private record Sender(String queue) implements SendDriver {
        @Override
        public void open() {}

        @Override
        public void send(List<? extends Outgoing> batch) throws InterruptedException {
            for (Outgoing each : batch) {
                DequeProvider.queue(queue).put(each.message());
                each.succeed(new SendResult(each.message().id(), queue, Map.of()));
            }
        }

        @Override
        public void ping() {}

        @Override
        public void close() {}
    }
    // end::sender[]
}
