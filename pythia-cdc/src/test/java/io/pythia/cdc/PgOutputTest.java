package io.pythia.cdc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BrokerException;
import io.pythia.cdc.PgOutput.RowChange;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PgOutputTest {

    /** Whatever comes, it is a message or the one typed error, and never takes long or much memory. */
    @Test
    void randomBytes_areAMessageOrTheTypedError() {
        Random random = new Random(9);
        PgOutput output = new PgOutput(Map.of(25, "text"));
        byte[] kinds = "BCRYIUDTOM".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        int understood = 0;
        for (int i = 0; i < 100_000; i++) {
            byte[] bytes = new byte[1 + random.nextInt(60)];
            random.nextBytes(bytes);
            if (random.nextBoolean()) {
                bytes[0] = kinds[random.nextInt(kinds.length)];
            }
            try {
                if (output.read(ByteBuffer.wrap(bytes)) instanceof RowChange change) {
                    PgOutput.images(change);
                }
                understood++;
            } catch (BrokerException expected) {
                assertThat(expected.getMessage()).startsWith("the log has");
            }
        }
        assertThat(understood).isPositive();
    }

    /** Of a known table, so that rows are reached. */
    @Test
    void rowsThatEndAnywhere_areTheTypedError() {
        PgOutput output = new PgOutput(Map.of(25, "text"));
        output.read(relation());
        byte[] insert = insert("one", "two");
        for (int length = 6; length < insert.length; length++) {
            ByteBuffer cut = ByteBuffer.wrap(insert, 0, length).slice();
            RowChange change = (RowChange) output.read(cut);
            if (length > 5) {
                assertThatThrownBy(() -> PgOutput.images(change)).isInstanceOf(BrokerException.class);
            }
        }
        RowChange whole = (RowChange) output.read(ByteBuffer.wrap(insert));
        assertThat(java.util.Objects.requireNonNull(PgOutput.images(whole).after())
                        .values())
                .isEqualTo(Map.of("a", "one", "b", "two"));
    }

    private static ByteBuffer relation() {
        ByteBuffer buffer = ByteBuffer.allocate(100);
        buffer.put((byte) 'R')
                .putInt(7)
                .put(bytes("public\0t\0"))
                .put((byte) 'd')
                .putShort((short) 2);
        for (String name : new String[] {"a", "b"}) {
            buffer.put((byte) (name.equals("a") ? 1 : 0))
                    .put(bytes(name + "\0"))
                    .putInt(25)
                    .putInt(-1);
        }
        return buffer.flip();
    }

    private static byte[] insert(String... values) {
        ByteBuffer buffer = ByteBuffer.allocate(100);
        buffer.put((byte) 'I').putInt(7).put((byte) 'N').putShort((short) values.length);
        for (String value : values) {
            buffer.put((byte) 't').putInt(value.length()).put(bytes(value));
        }
        byte[] all = new byte[buffer.flip().remaining()];
        buffer.get(all);
        return all;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    }
}
