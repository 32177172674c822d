package io.pythia.cli;

import java.time.Duration;
import java.util.Locale;

/** Counts messages; shows the count on a terminal while it goes on, and a summary at the end. Confined to the command's thread. */
final class Progress {
    private static final long INTERVAL = Duration.ofMillis(500).toNanos();

    private final Terminal terminal;
    private final boolean quiet;
    private final String done;
    private final long startedAt = System.nanoTime();
    private long shownAt = startedAt;
    private long count;
    private boolean shown;

    /** Creates one; {@code done} says what was done with the messages: {@code "consumed"}. */
    Progress(Terminal terminal, boolean quiet, String done) {
        this.terminal = terminal;
        this.quiet = quiet;
        this.done = done;
    }

    void add(long more) {
        count += more;
        show();
    }

    long count() {
        return count;
    }

    void show() {
        long now = System.nanoTime();
        if (!quiet && terminal.interactive() && now - shownAt > INTERVAL) {
            shownAt = now;
            shown = true;
            terminal.err().printf(Locale.ROOT, "\r%,d %s, %,.0f/s ", count, done, rate(now));
        }
    }

    /** Ends the line of progress and says how it went; {@code more} is added to it. */
    void summarize(String more) {
        if (shown) {
            terminal.err().print("\r\u001b[K");
        }
        if (!quiet) {
            long now = System.nanoTime();
            terminal.err()
                    .printf(
                            Locale.ROOT,
                            "%,d %s in %.1f s (%,.0f/s)%s%n",
                            count,
                            done,
                            (now - startedAt) / 1e9,
                            rate(now),
                            more);
        }
    }

    private double rate(long now) {
        return count / Math.max(1e-9, (now - startedAt) / 1e9);
    }
}
