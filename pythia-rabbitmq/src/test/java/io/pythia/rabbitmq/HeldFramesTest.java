package io.pythia.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.impl.Frame;
import com.rabbitmq.client.impl.SocketFrameHandler;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import org.junit.jupiter.api.Test;

class HeldFramesTest {
    private static final int FRAME = 8;

    private final ByteArrayOutputStream written = new ByteArrayOutputStream();

    private final HeldFrames frames = new HeldFrames(new SocketFrameHandler(new Socket() {
        @Override
        public InputStream getInputStream() {
            return new ByteArrayInputStream(new byte[0]);
        }

        @Override
        public OutputStream getOutputStream() {
            return written;
        }
    }));

    HeldFramesTest() throws IOException {}

    private void write() throws IOException {
        frames.writeFrame(new Frame(AMQP.FRAME_HEARTBEAT, 0));
        frames.flush(null);
    }

    @Test
    void frames_leaveAtOnce_exceptWhileTheyAreHeld() throws IOException {
        write();
        assertThat(written.size()).isEqualTo(FRAME);
        frames.hold();
        write();
        write();
        assertThat(written.size()).isEqualTo(FRAME);
        frames.release();
        assertThat(written.size()).isEqualTo(3 * FRAME);
        write();
        assertThat(written.size()).isEqualTo(4 * FRAME);
    }

    @Test
    void flush_thatSomebodyListensTo_isDone() throws IOException {
        frames.hold();
        frames.writeFrame(new Frame(AMQP.FRAME_HEARTBEAT, 0));
        frames.flush((success, error) -> assertThat(success).isTrue());
        assertThat(written.size()).isEqualTo(FRAME);
    }
}
