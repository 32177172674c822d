package io.pythia.testkit.server.servicebus;

import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.apache.qpid.proton.Proton;
import org.apache.qpid.proton.amqp.Binary;
import org.apache.qpid.proton.amqp.messaging.Data;
import org.apache.qpid.proton.codec.AMQPDefinedTypes;
import org.apache.qpid.proton.codec.DecoderImpl;
import org.apache.qpid.proton.codec.EncoderImpl;
import org.apache.qpid.proton.message.Message;

/** Messages and their bytes. */
final class AmqpCodec {
    /** The format of a transfer that holds several messages, each in a data section. */
    static final int BATCH_FORMAT = 0x80013700;

    private static final int FIRST_SIZE = 4096;
    /** A lock token is a .NET GUID: its first three fields are little-endian. */
    private static final int[] GUID_ORDER = {3, 2, 1, 0, 5, 4, 7, 6};

    private AmqpCodec() {}

    static byte[] encode(Message message) {
        for (int size = FIRST_SIZE; ; size *= 4) {
            try {
                byte[] bytes = new byte[size];
                return Arrays.copyOf(bytes, message.encode(bytes, 0, size));
            } catch (BufferOverflowException e) {
                // larger
            }
        }
    }

    static Message decode(byte[] bytes) {
        Message message = Proton.message();
        message.decode(bytes, 0, bytes.length);
        return message;
    }

    static byte[] bytes(Binary binary) {
        return Arrays.copyOfRange(
                binary.getArray(), binary.getArrayOffset(), binary.getArrayOffset() + binary.getLength());
    }

    static List<Message> decodeBatch(byte[] bytes) {
        DecoderImpl decoder = new DecoderImpl();
        AMQPDefinedTypes.registerAllTypes(decoder, new EncoderImpl(decoder));
        decoder.setByteBuffer(ByteBuffer.wrap(bytes));
        List<Message> messages = new ArrayList<>();
        while (decoder.getByteBufferRemaining() > 0) {
            if (decoder.readObject() instanceof Data data) {
                messages.add(decode(bytes(data.getValue())));
            }
        }
        return messages;
    }

    /** Returns the delivery tag by which a client knows a lock. */
    static byte[] tag(UUID token) {
        byte[] plain = ByteBuffer.allocate(16)
                .putLong(token.getMostSignificantBits())
                .putLong(token.getLeastSignificantBits())
                .array();
        byte[] tag = plain.clone();
        for (int i = 0; i < GUID_ORDER.length; i++) {
            tag[i] = plain[GUID_ORDER[i]];
        }
        return tag;
    }
}
