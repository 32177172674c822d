package io.pythia.pubsubserver;

import com.google.pubsub.v1.AcknowledgeRequest;
import com.google.pubsub.v1.PublishRequest;
import com.google.pubsub.v1.Subscription;
import com.google.pubsub.v1.Topic;
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

/**
 * What happened, in a file: it is written before the client is told, so that a SIGKILL loses nothing that was confirmed. A record that
 * was torn by a kill was not confirmed, and is cut off. Confined to the broker's lock.
 */
final class Journal implements AutoCloseable {
    /** Whom the records are read to. */
    interface Reader {
        void topic(Topic topic);

        void topicDeleted(String name);

        void subscription(Subscription subscription);

        void subscriptionDeleted(String name);

        void published(PublishRequest request);

        void acknowledged(AcknowledgeRequest request);
    }

    private static final int TOPIC = 1;
    private static final int TOPIC_DELETED = 2;
    private static final int SUBSCRIPTION = 3;
    private static final int SUBSCRIPTION_DELETED = 4;
    private static final int PUBLISHED = 5;
    private static final int ACKNOWLEDGED = 6;

    private final Path file;
    private final DataOutputStream out;

    Journal(Path file) throws IOException {
        this.file = file;
        this.out = new DataOutputStream(new BufferedOutputStream(
                Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND)));
    }

    /** Reads all that was written before this process. */
    void replay(Reader reader) {
        long good = 0;
        try (DataInputStream in = new DataInputStream(new BufferedInputStream(Files.newInputStream(file)))) {
            while (true) {
                int type = in.readInt();
                byte[] record = new byte[in.readInt()];
                in.readFully(record);
                read(reader, type, record);
                good += 8 + record.length;
            }
        } catch (EOFException | com.google.protobuf.InvalidProtocolBufferException e) {
            cutOff(good);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void cutOff(long length) {
        try (var channel = java.nio.channels.FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(length);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void read(Reader reader, int type, byte[] record) throws IOException {
        switch (type) {
            case TOPIC -> reader.topic(Topic.parseFrom(record));
            case TOPIC_DELETED -> reader.topicDeleted(Topic.parseFrom(record).getName());
            case SUBSCRIPTION -> reader.subscription(Subscription.parseFrom(record));
            case SUBSCRIPTION_DELETED ->
                reader.subscriptionDeleted(Subscription.parseFrom(record).getName());
            case PUBLISHED -> reader.published(PublishRequest.parseFrom(record));
            case ACKNOWLEDGED -> reader.acknowledged(AcknowledgeRequest.parseFrom(record));
            default -> throw new IOException("not a journal: a record of type " + type);
        }
    }

    void topic(Topic topic) {
        write(TOPIC, topic.toByteArray());
    }

    void topicDeleted(String name) {
        write(TOPIC_DELETED, Topic.newBuilder().setName(name).build().toByteArray());
    }

    void subscription(Subscription subscription) {
        write(SUBSCRIPTION, subscription.toByteArray());
    }

    void subscriptionDeleted(String name) {
        write(
                SUBSCRIPTION_DELETED,
                Subscription.newBuilder().setName(name).build().toByteArray());
    }

    /** The messages have their ids. */
    void published(PublishRequest request) {
        write(PUBLISHED, request.toByteArray());
    }

    /** The ids are those of messages, not those of deliveries. */
    void acknowledged(AcknowledgeRequest request) {
        write(ACKNOWLEDGED, request.toByteArray());
    }

    private void write(int type, byte[] record) {
        try {
            out.writeInt(type);
            out.writeInt(record.length);
            out.write(record);
            out.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try {
            out.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
