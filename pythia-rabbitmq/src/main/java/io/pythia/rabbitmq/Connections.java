package io.pythia.rabbitmq;

import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.SocketConfigurator;
import com.rabbitmq.client.SocketConfigurators;
import com.rabbitmq.client.impl.ForgivingExceptionHandler;
import io.pythia.TlsConfig;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.TimeUnit;

/** Sets the client up: what it would do by itself after a failure is off, since the engine does it. */
final class Connections {
    private Connections() {}

    /** Returns a factory for one connection. */
    static ConnectionFactory factory(RabbitMQConfig config, Duration connectTimeout, SocketConfigurator socketSeen) {
        ConnectionFactory factory = new ConnectionFactory();
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
        factory.setSocketConfigurator(SocketConfigurators.defaultConfigurator().andThen(socketSeen));
        factory.setExceptionHandler(new Silent());
        factory.setSharedExecutor(new SameThread());
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

    /** Runs what the client hands over where it is: a delivery is only put into the inbox. */
    private static final class SameThread extends AbstractExecutorService {
        @Override
        public void execute(Runnable task) {
            task.run();
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
