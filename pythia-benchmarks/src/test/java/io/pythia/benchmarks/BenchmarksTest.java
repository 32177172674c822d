package io.pythia.benchmarks;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class BenchmarksTest {

    private static void assertRefused(String why, String... args) {
        assertThatThrownBy(() -> new Benchmarks(args))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(why);
    }

    @Test
    void argumentsWithoutEffect_areRefused() {
        assertRefused("--server is for one of these: kafka, rabbitmq, sqs", "--server", "h:1", "redis");
        assertRefused("--server is for one of these", "--server", "h:1");
        assertRefused("--server is for one of these", "--server", "h:1", "kafka", "sqs");
        assertRefused("no suite is called 'kafak'", "kafak");
        assertRefused("--rounds needs a number from 1 on, not '0'", "--rounds", "0");
        assertRefused("--messages needs a value", "--messages");
    }
}
