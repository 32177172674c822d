package io.pythia.rabbitmq;

import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.SocketConfigurator;
import com.rabbitmq.client.SocketConfigurators;
import com.rabbitmq.client.impl.ForgivingExceptionHandler;
import com.rabbitmq.client.impl.FrameHandlerFactory;
import io.pythia.TlsConfig;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Sets the client up: what it would do by itself after a failure is off, since the engine does it. */
final class Connections {
    private Connections() {}

    /**
     * Returns a factory for one connection.
     *
     * @param deliveries runs what the client does with deliveries and with the end of a consumer
     * @param sockets told of the socket
     * @param frames told of what writes to it
     */
    static ConnectionFactory factory(
            RabbitMQConfig config,
            Duration connectTimeout,
            Executor deliveries,
            SocketConfigurator sockets,
            Consumer<HeldFrames> frames) {
        ConnectionFactory factory = new HoldingFactory(frames);
        factory.setUsername(config.username());
        factory.setPassword(config.password().reveal());
        factory.setVirtualHost(config.virtualHost());
        factory.setRequestedHeartbeat((int) config.heartbeat().toSeconds());
        factory.setConnectionTimeout(millis(connectTimeout));
        factory.setHandshakeTimeout(millis(connectTimeout));
        factory.setChannelRpcTimeout(millis(config.rpcTimeout()));
        factory.setRequestedFrameMax(config.frameMax());
        factory.setMaxInboundMessageBodySize((int) Math.max(RabbitMQConfig.CLIENT_LIMIT, config.maxMessageBytes()));
        factory.setAutomaticRecoveryEnabled(false);
        factory.setTopologyRecoveryEnabled(false);
        factory.setSocketConfigurator(SocketConfigurators.defaultConfigurator().andThen(sockets));
        factory.setExceptionHandler(new Silent());
        factory.setSharedExecutor(new Handing(deliveries));
        factory.setThreadFactory(task -> {
            Thread thread = new Thread(task, "pythia-rabbitmq-client");
            thread.setDaemon(true);
            return thread;
        });
        if (config.sslEnabled()) {
            TlsConfig tls = config.tls() == null ? TlsConfig.defaults() : config.tls();
            factory.useSslProtocol(tls.sslContext());
            factory.enableHostnameVerification();
        }
        return factory;
    }

    private static int millis(Duration time) {
        return (int) Math.max(1, Math.min(Integer.MAX_VALUE, time.toMillis()));
    }

    /** Makes the client's own handlers of frames, but that what they write can be held. */
    private static final class HoldingFactory extends ConnectionFactory {
        private final Consumer<HeldFrames> frames;

        HoldingFactory(Consumer<HeldFrames> frames) {
            this.frames = frames;
        }

        @Override
        protected synchronized FrameHandlerFactory createFrameHandlerFactory() throws IOException {
            FrameHandlerFactory handlers = super.createFrameHandlerFactory();
            return (address, name) -> {
                HeldFrames made = new HeldFrames(handlers.create(address, name));
                frames.accept(made);
                return made;
            };
        }
    }

    /** An executor in the shape that the client wants; shutting it down is the business of whoever has made it. */
    private static final class Handing extends AbstractExecutorService {
        private final Executor executor;

        Handing(Executor executor) {
            this.executor = executor;
        }

        @Override
        public void execute(Runnable task) {
            executor.execute(task);
        }

        @Override
        public void shutdown() {}

        @Override
        public List<Runnable> shutdownNow() {
            return List.of();
        }

        @Override
        public boolean isShutdown() {
            return false;
        }

        @Override
        public boolean isTerminated() {
            return false;
        }

        @Override
        public boolean awaitTermination(long timeout, TimeUnit unit) {
            return true;
        }
    }

    /** Logs nothing: the engine tells what matters. */
    private static final class Silent extends ForgivingExceptionHandler {
        @Override
        protected void log(String message, Throwable e) {}
    }
}
