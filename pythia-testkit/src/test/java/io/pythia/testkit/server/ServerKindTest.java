package io.pythia.testkit.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.testkit.server.ServerKind.Way;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.opentest4j.TestAbortedException;

class ServerKindTest {
    private final List<String> asked = new ArrayList<>();

    @Test
    void noChoice_firstWayThatLacksNothing_isTaken() {
        assertThat(take(Map.of(), present("docker"), present("native"))).isEqualTo("docker");
        assertThat(take(Map.of(), absent("docker"), present("native"))).isEqualTo("native");
    }

    @Test
    void noChoice_inCi_lastWayIsTriedFirst() {
        Map<String, String> ci = Map.of("CI", "true");
        assertThat(take(ci, present("docker"), present("native"))).isEqualTo("native");
        assertThat(take(ci, present("docker"), absent("native"))).isEqualTo("docker");
    }

    @Test
    void choice_noOtherWayIsTaken_alsoInCi() {
        assertThat(take(Map.of("PYTHIA_TEST_SERVERS", "native"), present("docker"), present("native")))
                .isEqualTo("native");
        assertThat(take(Map.of("PYTHIA_TEST_SERVERS", "docker", "CI", "true"), present("docker"), present("native")))
                .isEqualTo("docker");
        asked.clear();
        assertThatThrownBy(() -> take(Map.of("PYTHIA_TEST_SERVERS", "docker"), absent("docker"), present("native")))
                .isInstanceOf(TestAbortedException.class)
                .hasMessageContaining("get docker");
        assertThat(asked).containsExactly("docker");
    }

    @Test
    void choice_ofAWayThatTheKindHasNot_aborts() {
        assertThatThrownBy(() -> take(Map.of("PYTHIA_TEST_SERVERS", "docker"), present("native")))
                .isInstanceOf(TestAbortedException.class)
                .hasMessageContaining("PYTHIA_TEST_SERVERS=docker");
        assertThat(asked).isEmpty();
    }

    @Test
    void wayThatLacksSomething_isAskedOnce() {
        ServerKind kind = new ServerKind("oracle", Map.of(), absent("docker"));
        assertThatThrownBy(kind::shared).isInstanceOf(TestAbortedException.class);
        assertThatThrownBy(() -> kind.create(Map.of())).isInstanceOf(TestAbortedException.class);
        assertThat(asked).containsExactly("docker");
    }

    @Test
    void choice_thatIsNoWay_isAnError() {
        assertThatThrownBy(() -> take(Map.of("PYTHIA_TEST_SERVERS", "podman"), present("docker"), present("native")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("PYTHIA_TEST_SERVERS=podman")
                .hasMessageContaining("none of [docker, native]");
    }

    @Test
    void noWay_aborts_andFailsInCi_withAllTheWaysToGetOne() {
        assertThatThrownBy(() -> take(Map.of(), absent("docker"), absent("native")))
                .isInstanceOf(TestAbortedException.class)
                .hasMessageContainingAll("PYTHIA_TEST_ORACLE=host:port", "get docker", "get native");
        assertThatThrownBy(() -> take(Map.of("CI", "true"), absent("docker"), absent("native")))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContainingAll("PYTHIA_TEST_ORACLE=host:port", "get docker", "get native");
    }

    @Test
    void wayThatLacksSomething_saysSoInOneLine() {
        Way way = new Way("docker", () -> Optional.of("pull it (Status 500:\n no such host)\n"), settings -> null);
        assertThatThrownBy(() -> take(Map.of(), way))
                .isInstanceOf(TestAbortedException.class)
                .hasMessageEndingWith("; or pull it (Status 500: no such host)");
    }

    @Test
    void address_isTakenBeforeAllWays_andIsNotOurs() {
        ServerKind kind = new ServerKind("oracle", Map.of("PYTHIA_TEST_ORACLE", "127.0.0.1:9"), present("docker"));
        try (TestServer server = kind.shared()) {
            assertThat(server.address()).isEqualTo("127.0.0.1:9");
            assertThat(server.isOurs()).isFalse();
            assertThat(kind.shared()).isSameAs(server);
            assertThat(asked).isEmpty();
            assertThatThrownBy(server::kill).isInstanceOf(UnsupportedOperationException.class);
        }
    }

    private String take(Map<String, String> environment, Way... ways) {
        Started started = null;
        try {
            new ServerKind("oracle", environment, ways).create(Map.of("a", "b"));
        } catch (Started e) {
            started = e;
        }
        assertThat(started).isNotNull();
        return started.getMessage();
    }

    private Way present(String name) {
        return new Way(
                name,
                () -> {
                    asked.add(name);
                    return Optional.empty();
                },
                settings -> {
                    assertThat(settings).containsExactly(Map.entry("a", "b"));
                    throw new Started(name);
                });
    }

    private Way absent(String name) {
        return new Way(
                name,
                () -> {
                    asked.add(name);
                    return Optional.of("get " + name);
                },
                settings -> {
                    throw new AssertionError("started by way of " + name);
                });
    }

    /** Names the way that was taken. */
    private static final class Started extends RuntimeException {
        Started(String way) {
            super(way);
        }
    }
}
