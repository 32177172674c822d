package io.pythia.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestWatcher;
import org.opentest4j.TestAbortedException;

/**
 * Writes {@code target/conformance/<connector>.tsv}: a line for each case with its id, {@code RUN}, {@code NA}, {@code SKIPPED} or
 * {@code FAILED}, and a detail. {@code ./test} sums them up.
 */
public final class ConformanceReport implements TestWatcher {
    /** Thrown by a case that a connector's capabilities leave out. */
    static final class NotApplicable extends TestAbortedException {
        private static final long serialVersionUID = 1L;

        NotApplicable(String capability) {
            super("not applicable: " + capability);
        }
    }

    /** For JUnit. */
    public ConformanceReport() {}

    @Override
    public void testSuccessful(ExtensionContext context) {
        write(context, "RUN", "");
    }

    @Override
    public void testFailed(ExtensionContext context, @Nullable Throwable cause) {
        write(context, "FAILED", String.valueOf(cause));
    }

    @Override
    public void testAborted(ExtensionContext context, @Nullable Throwable cause) {
        write(
                context,
                cause instanceof NotApplicable ? "NA" : "SKIPPED",
                cause == null ? "" : String.valueOf(cause.getMessage()));
    }

    @Override
    public void testDisabled(ExtensionContext context, Optional<String> reason) {
        write(context, "SKIPPED", reason.orElse("disabled"));
    }

    private static void write(ExtensionContext context, String status, String detail) {
        String id = context.getDisplayName().split(" ", 2)[0];
        String connector = context.getTestInstance()
                .map(test -> ((BrokerConformance) test).connectorName())
                .orElse(context.getRequiredTestClass().getSimpleName());
        Path file = Path.of("target", "conformance", connector + ".tsv");
        try {
            Files.createDirectories(file.getParent());
            Files.writeString(
                    file,
                    id + "\t" + status + "\t" + detail.replaceAll("\\s+", " ") + "\n",
                    StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
