package io.pythia.testkit.server;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.opentest4j.TestAbortedException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A kind of server and the ways to get one: an address in {@code PYTHIA_TEST_<KIND>}, then the ways in their order.
 * {@code PYTHIA_TEST_SERVERS} names the only way to be taken. In CI ({@code CI=true}) the last way is tried first: processes of this
 * machine are what the fault tests are timed for. Without any server a test fails in CI and is aborted elsewhere. Thread-safe.
 */
final class ServerKind {
    /**
     * A way to get servers.
     *
     * @param name its name in {@code PYTHIA_TEST_SERVERS}: {@code docker} or {@code native}
     * @param missing says what is missing for it here and how to get that; empty where servers can be started
     * @param start starts a server, with settings in the words of the server
     */
    record Way(String name, Supplier<Optional<String>> missing, Function<Map<String, String>, TestServer> start) {}

    private static final Logger LOG = LoggerFactory.getLogger(ServerKind.class);
    private static final String CHOICE = "PYTHIA_TEST_SERVERS";
    private static final List<String> CHOICES = List.of("docker", "native");

    private final String name;
    private final Map<String, String> environment;
    private final List<Way> ways;
    private final Map<Way, Optional<String>> missing = new HashMap<>();
    private @Nullable TestServer shared;

    ServerKind(String name, Map<String, String> environment, Way... ways) {
        this.name = name;
        this.environment = environment;
        this.ways = List.of(ways);
    }

    /** Returns the server that all tests of this JVM share. */
    synchronized TestServer shared() {
        TestServer server = shared;
        if (server == null) {
            String address = environment.get(variable());
            server = address != null ? new GivenServer(address) : create(Map.of());
            shared = server;
        }
        return server;
    }

    /** Starts a server of its own. */
    synchronized TestServer create(Map<String, String> settings) {
        List<String> hints = new ArrayList<>();
        hints.add(variable() + "=host:port gives a server of the kind " + name + " for the tests");
        for (Way way : order()) {
            // Asked once: to learn that an image can't be pulled may take long.
            Optional<String> lack = missing.computeIfAbsent(way, ServerKind::ask);
            if (lack.isEmpty()) {
                TestServer server = way.start().apply(settings);
                LOG.info("{}: {}", name, server.origin());
                return server;
            }
            LOG.info("{}: no server by way of {}: {}", name, way.name(), lack.get());
            hints.add(lack.get());
        }
        String choice = environment.get(CHOICE);
        if (choice != null) {
            hints.add("unset " + CHOICE + "=" + choice);
        }
        throw none(String.join("; or ", hints));
    }

    /** In one line, since ./test looks for lines. */
    private static Optional<String> ask(Way way) {
        return way.missing().get().map(text -> text.replaceAll("\\s+", " ").strip());
    }

    private List<Way> order() {
        String choice = environment.get(CHOICE);
        if (choice != null && !CHOICES.contains(choice)) {
            throw new IllegalArgumentException(CHOICE + "=" + choice + " is none of " + CHOICES);
        }
        if (choice != null) {
            return ways.stream().filter(way -> way.name().equals(choice)).toList();
        }
        List<Way> order = new ArrayList<>(ways);
        if (inCi()) {
            Collections.reverse(order);
        }
        return order;
    }

    private RuntimeException none(String hints) {
        return inCi()
                ? new IllegalStateException("no server for this test: " + hints)
                : new TestAbortedException(hints);
    }

    private boolean inCi() {
        return "true".equals(environment.get("CI"));
    }

    private String variable() {
        return "PYTHIA_TEST_" + name.toUpperCase(Locale.ROOT);
    }
}
