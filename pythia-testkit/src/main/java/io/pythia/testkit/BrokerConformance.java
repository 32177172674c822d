package io.pythia.testkit;

import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The conformance suite: what every connector promises, selected by its capabilities. A connector extends it with a harness of some fifty
 * lines. The ids are those of the project's contract; {@code target/conformance/<connector>.tsv} says what ran.
 */
@ExtendWith(ConformanceReport.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 5, unit = TimeUnit.MINUTES)
public abstract class BrokerConformance
        implements DeliveryCases, SettlingCases, LifecycleCases, SendingCases, WorkerCases {
    private @Nullable BrokerHarness harness;

    /** For subclasses. */
    protected BrokerConformance() {}

    /** Returns the harness; called once, before the first case. */
    protected abstract BrokerHarness createHarness();

    @BeforeAll
    final void open() {
        harness = createHarness();
    }

    @AfterAll
    final void close() throws Exception {
        if (harness != null) {
            harness.close();
        }
    }

    /** A connector that only consumes or only produces needs another one at the other end, which is not what is tested. */
    @BeforeEach
    final void requireTheSideThatIsTested(TestInfo test) {
        Class<?> cases = test.getTestMethod().orElseThrow().getDeclaringClass();
        requires(can().produces() || cases != SendingCases.class, "a producer");
        requires(can().consumes() || cases == SendingCases.class || cases == DeliveryCases.class, "a consumer");
    }

    @Override
    public final BrokerHarness harness() {
        return Objects.requireNonNull(harness, "no harness");
    }

    final String connectorName() {
        return harness == null ? getClass().getSimpleName() : harness.name();
    }
}
