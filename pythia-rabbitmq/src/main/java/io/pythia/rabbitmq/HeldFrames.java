package io.pythia.rabbitmq;

import com.rabbitmq.client.WriteListener;
import com.rabbitmq.client.impl.AMQConnection;
import com.rabbitmq.client.impl.Frame;
import com.rabbitmq.client.impl.FrameHandler;
import java.io.IOException;
import java.net.InetAddress;
import java.net.SocketException;
import org.jspecify.annotations.Nullable;

/**
 * The client's own handler of frames, but that what is written while frames are held gathers in its buffer: the client flushes after each
 * message, which costs more than all the rest. Thread-safe; one thread at a time holds.
 */
final class HeldFrames implements FrameHandler {
    private final FrameHandler client;
    private volatile boolean held;

    HeldFrames(FrameHandler client) {
        this.client = client;
    }

    /** From now on a full buffer is written, and nothing else, whoever writes. */
    void hold() {
        held = true;
    }

    /** Writes what was held. */
    void release() throws IOException {
        held = false;
        client.flush(null);
    }

    @Override
    public void flush(@Nullable WriteListener listener) throws IOException {
        if (!held || listener != null) {
            client.flush(listener);
        }
    }

    @Override
    public void writeFrame(Frame frame) throws IOException {
        client.writeFrame(frame);
    }

    @Override
    public Frame readFrame() throws IOException {
        return client.readFrame();
    }

    @Override
    public void sendHeader() throws IOException {
        client.sendHeader();
    }

    @Override
    public void initialize(AMQConnection connection) {
        client.initialize(connection);
    }

    @Override
    public void startProcessing() {
        client.startProcessing();
    }

    @Override
    public void finishConnectionNegotiation() {
        client.finishConnectionNegotiation();
    }

    @Override
    public boolean internalHearbeat() {
        return client.internalHearbeat();
    }

    @Override
    public void setTimeout(int millis) throws SocketException {
        client.setTimeout(millis);
    }

    @Override
    public int getTimeout() throws SocketException {
        return client.getTimeout();
    }

    @Override
    public void setFrameMax(int bytes) {
        client.setFrameMax(bytes);
    }

    @Override
    public InetAddress getLocalAddress() {
        return client.getLocalAddress();
    }

    @Override
    public int getLocalPort() {
        return client.getLocalPort();
    }

    @Override
    public InetAddress getAddress() {
        return client.getAddress();
    }

    @Override
    public int getPort() {
        return client.getPort();
    }

    @Override
    public void close() {
        client.close();
    }
}
