package io.pythia.testkit.server.servicebus;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.EnumSet;
import org.apache.qpid.proton.Proton;
import org.apache.qpid.proton.engine.Collector;
import org.apache.qpid.proton.engine.EndpointState;
import org.apache.qpid.proton.engine.Event;
import org.apache.qpid.proton.engine.Link;
import org.apache.qpid.proton.engine.Sasl;
import org.apache.qpid.proton.engine.Transport;

/** One client's connection: bytes in, events, bytes out. */
final class Connection {
    private static final int MAX_FRAME = 65_536;

    private final SocketChannel channel;
    private final SelectionKey key;
    private final Links links;
    private final Transport transport = Proton.transport();
    private final org.apache.qpid.proton.engine.Connection amqp = Proton.connection();
    private final Collector collector = Proton.collector();
    private final Sasl sasl;
    private boolean open = true;

    Connection(SocketChannel channel, Selector selector, Links links) throws IOException {
        this.channel = channel;
        this.links = links;
        this.key = channel.register(selector, SelectionKey.OP_READ, this);
        transport.setMaxFrameSize(MAX_FRAME);
        sasl = transport.sasl();
        sasl.server();
        sasl.setMechanisms("ANONYMOUS");
        amqp.collect(collector);
        transport.bind(amqp);
    }

    boolean isOpen() {
        return open;
    }

    void read() throws IOException {
        ByteBuffer tail = transport.tail();
        if (tail.remaining() > 0 && channel.read(tail) < 0) {
            end();
            return;
        }
        transport.process();
        if (sasl.getRemoteMechanisms().length > 0 && sasl.getOutcome() == Sasl.SaslOutcome.PN_SASL_NONE) {
            sasl.done(Sasl.SaslOutcome.PN_SASL_OK);
        }
        handleEvents();
    }

    void handleEvents() {
        for (Event event = collector.peek(); event != null; event = collector.peek()) {
            handle(event);
            collector.pop();
        }
    }

    private void handle(Event event) {
        switch (event.getType()) {
            case CONNECTION_REMOTE_OPEN -> {
                amqp.setContainer("servicebus-stand-in");
                amqp.open();
            }
            case CONNECTION_REMOTE_CLOSE -> amqp.close();
            case SESSION_REMOTE_OPEN -> event.getSession().open();
            case SESSION_REMOTE_CLOSE -> event.getSession().close();
            case LINK_REMOTE_OPEN -> links.attach(event.getLink());
            case LINK_REMOTE_CLOSE, LINK_REMOTE_DETACH -> links.detached(event.getLink());
            case LINK_FLOW -> links.credit(event.getLink());
            case DELIVERY -> links.delivery(event.getDelivery());
            default -> {
                // nothing that a broker must answer
            }
        }
    }

    void write() throws IOException {
        for (int pending = transport.pending(); pending != 0 && open; pending = transport.pending()) {
            if (pending < 0) {
                end();
                return;
            }
            int written = channel.write(transport.head());
            transport.pop(written);
            if (written < pending) {
                key.interestOps(SelectionKey.OP_READ | SelectionKey.OP_WRITE);
                return;
            }
        }
        if (open && key.isValid()) {
            key.interestOps(SelectionKey.OP_READ);
        }
    }

    void tick(long now) {
        links.tick(now);
        transport.tick(now);
    }

    /** The client is gone, in order or not. */
    void end() {
        if (!open) {
            return;
        }
        open = false;
        EnumSet<EndpointState> any = EnumSet.allOf(EndpointState.class);
        for (Link link = amqp.linkHead(any, any); link != null; link = link.next(any, any)) {
            links.gone(link);
        }
        key.cancel();
        try {
            channel.close();
        } catch (IOException e) {
            // gone already
        }
    }
}
