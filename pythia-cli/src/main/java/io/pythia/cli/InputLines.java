package io.pythia.cli;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The lines of an input as bytes, without their line feeds. A thread of its own reads: a read can't be interrupted, and a signal must be
 * heard while the input is silent.
 */
final class InputLines {
    /** Told from an empty line, which is a message too, by its identity. */
    private static final byte[] END = {};

    private final BlockingQueue<byte[]> lines = new ArrayBlockingQueue<>(10_000);
    private volatile @Nullable IOException failure;
    private boolean ended;

    InputLines(InputStream in) {
        Thread thread = new Thread(() -> read(new BufferedInputStream(in, 1 << 16)), "pythia-cli-input");
        thread.setDaemon(true);
        thread.start();
    }

    private void read(InputStream in) {
        try {
            ByteArrayOutputStream line = new ByteArrayOutputStream();
            for (int b = in.read(); b >= 0; b = in.read()) {
                if (b == '\n') {
                    put(line);
                } else {
                    line.write(b);
                }
            }
            if (line.size() > 0) {
                put(line);
            }
        } catch (IOException e) {
            failure = e;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        try {
            lines.put(END);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void put(ByteArrayOutputStream line) throws InterruptedException {
        lines.put(line.toByteArray());
        line.reset();
    }

    /** Returns the next line, or null if there is none yet, or none any more. */
    byte @Nullable [] next(long waitMillis) throws InterruptedException, IOException {
        byte[] line = lines.poll(waitMillis, TimeUnit.MILLISECONDS);
        if (line == END) {
            ended = true;
            IOException cause = failure;
            if (cause != null) {
                throw new IOException("reading the input failed: " + cause.getMessage(), cause);
            }
            return null;
        }
        return line;
    }

    boolean hasEnded() {
        return ended;
    }
}
