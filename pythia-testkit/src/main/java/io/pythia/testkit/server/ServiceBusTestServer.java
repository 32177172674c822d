package io.pythia.testkit.server;

import io.pythia.testkit.Ports;
import io.pythia.testkit.fault.FaultProxy;
import io.pythia.testkit.server.servicebus.QueueOptions;
import io.pythia.testkit.server.servicebus.ServiceBusStandIn;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A {@link ServiceBusStandIn} in a JVM of its own. It needs proton-j on the class path, which Azure's client brings. */
public final class ServiceBusTestServer implements ProcessServer {
    private static final String KEY_NAME = "RootManageSharedAccessKey";
    private static final String KEY = "cHl0aGlhLXRlc3Qta2V5LW9mLXRoZS1zdGFuZC1pbg==";
    private static final Duration START_LIMIT = Duration.ofMinutes(2);

    private final int port = Ports.free();
    private final int commandPort = Ports.free();
    private final FaultProxy proxy = new FaultProxy("127.0.0.1", port);
    private final NativeProcess process = new NativeProcess("servicebus");
    private final boolean proxied;

    private ServiceBusTestServer(boolean proxied) {
        this.proxied = proxied;
        start();
    }

    /** Starts a stand-in of its own. It has no settings. */
    static ServiceBusTestServer create(Map<String, String> settings) {
        return new ServiceBusTestServer(true);
    }

    /** Starts a stand-in that clients reach without the proxy: for benchmarks. */
    public static ServiceBusTestServer createDirect() {
        return new ServiceBusTestServer(false);
    }

    /** Says how to get what is missing here for a server; empty where one can be started. */
    static Optional<String> missing() {
        try {
            Class.forName("org.apache.qpid.proton.Proton", false, ServiceBusTestServer.class.getClassLoader());
            return Optional.empty();
        } catch (ClassNotFoundException e) {
            return Optional.of("put org.apache.qpid:proton-j on the class path of the tests");
        }
    }

    /** Returns the connection string of a client. */
    public String connectionString() {
        return connectionString(KEY);
    }

    /** Returns a connection string with a key that is not the right one. */
    public String wrongConnectionString() {
        return connectionString("d3Jvbmc=");
    }

    private String connectionString(String key) {
        return "Endpoint=sb://" + address() + ";SharedAccessKeyName=" + KEY_NAME + ";SharedAccessKey=" + key
                + ";UseDevelopmentEmulator=true;";
    }

    /** Makes a queue. */
    public void createQueue(String name, QueueOptions options) {
        command("queue " + name + " " + options.commandWords());
    }

    /** Makes a topic. */
    public void createTopic(String name) {
        command("topic " + name);
    }

    /** Makes a subscription of a topic. */
    public void createSubscription(String topic, String name, QueueOptions options) {
        command("subscription " + topic + " " + name + " " + options.commandWords());
    }

    /** Deletes a queue or topic. */
    public void delete(String name) {
        command("delete " + name);
    }

    /** Ends the links of those who receive from a queue, as the service does now and then. */
    public void detach(String queue) {
        command("detach " + queue);
    }

    /** Lets a queue send nothing to anybody although it has messages, or ends that. */
    public void mute(String queue, boolean on) {
        command("mute " + queue + " " + on);
    }

    /** Refuses the next sends to a queue as if the service were busy. */
    public void busy(String queue, int sends) {
        command("busy " + queue + " " + sends);
    }

    /** Lets clients in that show this token, as one of Entra ID; until the server ends. */
    public void acceptToken(String token) {
        command("token " + token);
    }

    /** Returns how many messages of a queue are ready, locked, deferred and scheduled. */
    public List<Integer> counts(String queue) {
        return List.of(command("counts " + queue).split(" ")).stream()
                .map(Integer::valueOf)
                .toList();
    }

    private String command(String line) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), commandPort);
                PrintWriter out = new PrintWriter(socket.getOutputStream(), true, StandardCharsets.UTF_8);
                BufferedReader in =
                        new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8))) {
            out.println(line);
            String answer = String.valueOf(in.readLine());
            if (answer.startsWith("error")) {
                throw new IllegalStateException(line + ": " + answer);
            }
            return answer;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String address() {
        return "127.0.0.1:" + (proxied ? proxy.port() : port);
    }

    @Override
    public String origin() {
        return "process of the stand-in for Service Bus on port " + port;
    }

    @Override
    public NativeProcess process() {
        return process;
    }

    @Override
    public FaultProxy proxy() {
        return proxy;
    }

    @Override
    public void start() {
        process.start(
                List.of(
                        ProcessHandle.current().info().command().orElse("java"),
                        proxied ? "-Xmx256m" : "-Xmx1g", // it keeps all messages in memory
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-XX:-UsePerfData",
                        "-cp",
                        NativeProcess.classPath(),
                        ServiceBusStandIn.class.getName(),
                        Integer.toString(port),
                        Integer.toString(commandPort),
                        process.home().resolve("journal").toString(),
                        KEY_NAME,
                        KEY),
                Map.of(),
                printed -> printed.contains(ServiceBusStandIn.READY),
                START_LIMIT);
        proxy.up();
    }
}
