package io.pythia.testkit.server.servicebus;

import io.pythia.testkit.server.servicebus.StoredMessage.State;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * What happened, in a file, so that the stand-in can be killed and started again. Written out before an answer goes to a client; it is not
 * forced to the disk, since only the process dies in tests.
 */
final class Journal implements AutoCloseable {
    /** A message as it was when the file ended. */
    record Restored(StoredMessage message, State state) {}

    private static final byte COMMAND = 'c';
    private static final byte ADDED = '+';
    private static final byte REMOVED = '-';
    private static final byte CHANGED = '~';

    private final Path file;
    private final DataOutputStream out;

    Journal(Path file) throws IOException {
        this.file = file;
        this.out = new DataOutputStream(new BufferedOutputStream(
                Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND)));
    }

    /** Notes a command that made queues or topics. */
    void command(String command) {
        write(() -> {
            out.writeByte(COMMAND);
            out.writeUTF(command);
        });
    }

    void added(StandInQueue queue, StoredMessage message) {
        byte[] bytes = AmqpCodec.encode(message.amqp);
        write(() -> {
            head(ADDED, queue, message);
            out.writeLong(message.enqueuedAt());
            out.writeInt(bytes.length);
            out.write(bytes);
        });
    }

    void removed(StandInQueue queue, StoredMessage message) {
        write(() -> head(REMOVED, queue, message));
    }

    void changed(StandInQueue queue, StoredMessage message, State state) {
        write(() -> {
            head(CHANGED, queue, message);
            out.writeInt(message.deliveries);
            out.writeByte(state.code);
        });
    }

    private void head(byte what, StandInQueue queue, StoredMessage message) throws IOException {
        out.writeByte(what);
        out.writeUTF(queue.name);
        out.writeLong(message.sequence);
    }

    void flush() {
        write(out::flush);
    }

    private interface Writing {
        void write() throws IOException;
    }

    private static void write(Writing writing) {
        try {
            writing.write();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Gives back what a former process has noted: first the commands, then what is left of the messages of each queue. */
    void replay(Consumer<String> commands, BiConsumer<String, Restored> messages) throws IOException {
        Map<String, Map<Long, Restored>> left = new LinkedHashMap<>();
        try (DataInputStream in = new DataInputStream(new BufferedInputStream(Files.newInputStream(file)))) {
            while (true) {
                byte what = in.readByte();
                if (what == COMMAND) {
                    commands.accept(in.readUTF());
                } else {
                    apply(what, left.computeIfAbsent(in.readUTF(), name -> new LinkedHashMap<>()), in);
                }
            }
        } catch (EOFException e) {
            // the end, or what was being written when the process was killed
        }
        left.forEach((queue, all) -> all.values().forEach(each -> messages.accept(queue, each)));
    }

    private static void apply(byte what, Map<Long, Restored> queue, DataInputStream in) throws IOException {
        long sequence = in.readLong();
        switch (what) {
            case ADDED -> {
                long enqueuedAt = in.readLong();
                byte[] bytes = new byte[in.readInt()];
                in.readFully(bytes);
                queue.put(
                        sequence,
                        new Restored(
                                new StoredMessage(sequence, AmqpCodec.decode(bytes), enqueuedAt, 0, true),
                                State.ACTIVE));
            }
            case REMOVED -> queue.remove(sequence);
            case CHANGED -> {
                int deliveries = in.readInt();
                State state = State.of(in.readByte());
                queue.computeIfPresent(sequence, (number, old) -> {
                    old.message().deliveries = deliveries;
                    return new Restored(old.message(), state);
                });
            }
            default -> throw new IOException("the journal is damaged");
        }
    }

    @Override
    public void close() throws IOException {
        out.close();
    }
}
