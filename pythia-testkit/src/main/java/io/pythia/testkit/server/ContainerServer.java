package io.pythia.testkit.server;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.command.InspectContainerResponse.ContainerState;
import com.github.dockerjava.api.command.PullImageResultCallback;
import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.model.ExposedPort;
import com.github.dockerjava.api.model.Ports;
import io.pythia.testkit.fault.FaultProxy;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.AbstractWaitStrategy;
import org.testcontainers.dockerclient.DockerClientProviderStrategy;
import org.testcontainers.utility.DockerImageName;
import org.testcontainers.utility.ImageNameSubstitutor;

/**
 * A server in a container. Its published port may be another one after each start: the proxy, whose port stays, follows it. Testcontainers
 * removes the container when this JVM has ended. Not thread-safe.
 */
final class ContainerServer implements TestServer {
    /** Prepares a container before its first start. */
    interface Setup {
        /** Sets the environment, the command and the files; clients will reach the server at this port of 127.0.0.1. */
        void prepare(GenericContainer<?> container, int clientPort);
    }

    private static final Duration START_LIMIT = Duration.ofMinutes(3);
    private static final Duration PULL_LIMIT = Duration.ofMinutes(10);
    private static final int STOP_SECONDS = 20;
    private static final int NOT_YET = 9; // the port "discard": nobody knows the proxy before the server serves

    private final DockerClient engine = DockerClientFactory.instance().client();
    private final FaultProxy proxy = new FaultProxy("127.0.0.1", NOT_YET);
    private final String image;
    private final ExposedPort port;
    private final String ready;
    private final GenericContainer<?> container;

    /** Starts a container of an image. The server serves at a port of the container once it has printed {@code ready}. */
    ContainerServer(String image, int port, String ready, Setup setup) {
        this.image = image;
        this.port = ExposedPort.tcp(port);
        this.ready = ready;
        this.container = new GenericContainer<>(DockerImageName.parse(image))
                .withExposedPorts(port)
                .waitingFor(new NoWait());
        setup.prepare(container, proxy.port());
        try {
            container.start();
            awaitReady(0);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /** Says why there can be no container of an image; empty where it is at hand or could be pulled now. */
    static Optional<String> missing(String image) {
        DockerImageName name = ImageNameSubstitutor.instance().apply(DockerImageName.parse(image));
        // A client of our own: that of Testcontainers first pulls an image of its own, for minutes if no registry
        // answers.
        try (DockerClient engine = DockerClientProviderStrategy.getClientForConfig(
                DockerClientFactory.instance().getTransportConfig())) {
            if (isLocal(engine, name) || pull(engine, name)) {
                return Optional.empty();
            }
            return Optional.of("pull the image " + name + " (not done in " + PULL_LIMIT.toMinutes() + " minutes)");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.of("pull the image " + name + " (interrupted)");
        } catch (IOException | RuntimeException e) {
            return Optional.of("make the image " + name + " available to Docker (" + e.getMessage() + ")");
        }
    }

    private static boolean isLocal(DockerClient engine, DockerImageName name) {
        try {
            engine.inspectImageCmd(name.asCanonicalNameString()).exec();
            return true;
        } catch (NotFoundException e) {
            return false;
        }
    }

    private static boolean pull(DockerClient engine, DockerImageName name) throws InterruptedException {
        System.err.println("Pulling the image " + name + " for the tests, which may take minutes ...");
        return engine.pullImageCmd(name.asCanonicalNameString())
                .exec(new PullImageResultCallback())
                .awaitCompletion(PULL_LIMIT.toSeconds(), TimeUnit.SECONDS);
    }

    /** Waits until the server serves, judged by what it has printed after so many characters. */
    private void awaitReady(int seen) {
        long deadline = System.nanoTime() + START_LIMIT.toNanos();
        for (String printed = container.getLogs(); !printed.substring(seen).contains(ready); ) {
            if (!isTrue(state().getRunning())) {
                throw new IllegalStateException(origin() + " has ended: " + tail(printed));
            }
            if (System.nanoTime() - deadline > 0) {
                throw new IllegalStateException(origin() + " is not ready in time: " + tail(printed));
            }
            pauseBriefly();
            printed = container.getLogs();
        }
        proxy.retarget(container.getHost(), publishedPort());
    }

    private static void pauseBriefly() {
        try {
            TimeUnit.MILLISECONDS.sleep(100);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for a container", e);
        }
    }

    private static String tail(String printed) {
        return printed.substring(Math.max(0, printed.length() - 4_000));
    }

    /** The container's own answer would be that of its first start. */
    private int publishedPort() {
        Ports.Binding[] bindings = engine.inspectContainerCmd(container.getContainerId())
                .exec()
                .getNetworkSettings()
                .getPorts()
                .getBindings()
                .get(port);
        if (bindings == null || bindings.length == 0) {
            throw new IllegalStateException(origin() + " publishes no port: it has ended just now");
        }
        return Integer.parseInt(bindings[0].getHostPortSpec());
    }

    private ContainerState state() {
        return engine.inspectContainerCmd(container.getContainerId()).exec().getState();
    }

    @Override
    public String origin() {
        return "container " + container.getContainerId() + " of " + image;
    }

    @Override
    public FaultProxy proxy() {
        return proxy;
    }

    @Override
    public boolean isOurs() {
        return true;
    }

    @Override
    public void kill() {
        resume();
        if (isTrue(state().getRunning())) {
            engine.killContainerCmd(container.getContainerId()).exec();
        }
        proxy.down();
    }

    @Override
    public void stop() {
        resume();
        if (isTrue(state().getRunning())) {
            engine.stopContainerCmd(container.getContainerId())
                    .withTimeout(STOP_SECONDS)
                    .exec();
        }
        proxy.down();
    }

    @Override
    public void start() {
        int seen = container.getLogs().length();
        engine.startContainerCmd(container.getContainerId()).exec();
        awaitReady(seen);
        proxy.up();
    }

    @Override
    public void pause() {
        engine.pauseContainerCmd(container.getContainerId()).exec();
    }

    @Override
    public void resume() {
        if (isTrue(state().getPaused())) {
            engine.unpauseContainerCmd(container.getContainerId()).exec();
        }
    }

    @Override
    public void close() {
        proxy.close();
        container.stop();
    }

    private static boolean isTrue(@Nullable Boolean value) {
        return Boolean.TRUE.equals(value);
    }

    /** Testcontainers waits for nothing: a start again, which it does not know, has to be waited for in the same way. */
    private static final class NoWait extends AbstractWaitStrategy {
        @Override
        protected void waitUntilReady() {}
    }
}
