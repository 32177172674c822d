package io.pythia.testkit;

import io.pythia.BrokerListener;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import io.pythia.spi.Capabilities;
import io.pythia.spi.ConsumerOptions;
import io.pythia.spi.ProducerOptions;
import org.jspecify.annotations.Nullable;

/**
 * What a connector brings to the {@link BrokerConformance} suite. One that only consumes or only produces brings another connector, or the
 * raw client, for the other end; the cases about that end are reported as not applicable.
 */
public interface BrokerHarness extends AutoCloseable {

    /** Returns the name of the connector; also that of the report. */
    String name();

    /** Returns what the connector says it can do. */
    Capabilities capabilities();

    /** Returns a new, empty destination, with a name that nobody else has. */
    String newDestination();

    /** Returns the name of a destination that does not exist and is not made by being used; null if there is no such thing. */
    @Nullable
    String missingDestination();

    /** Returns a consumer that begins at the oldest message if its group is new. */
    MessageBroker consumer(String destination, String group, ConsumerOptions options, BrokerListener listener);

    /** Returns a consumer with a producer for its dead letters. */
    MessageBroker consumer(String destination, String group, ConsumerOptions options, MessageProducer deadLetters);

    /** Returns a producer. */
    MessageProducer producer(String destination, ProducerOptions options);

    /** Returns a destination's name for dead letters if the broker itself puts them somewhere, else null. */
    default @Nullable String nativeDeadLetters(String destination) {
        return null;
    }

    /** Returns the class by which a received message can be unwrapped, or null. */
    default @Nullable Class<?> nativeType() {
        return null;
    }

    /** Returns whether of the messages of a key only one is given out at a time, the next when it is settled. */
    default boolean givesOneOfAKeyAtATime() {
        return false;
    }

    /** Returns whether the server can be stopped and started by the suite. */
    boolean canStopServer();

    /** Stops the server; connections are lost, messages stay. */
    void stopServer();

    /** Starts the server again. */
    void startServer();

    /** Returns a consumer of an address where nothing answers, to see {@code connect()} fail; null if that is not possible. */
    default @Nullable MessageBroker unreachableConsumer(ConsumerOptions options) {
        return null;
    }

    @Override
    default void close() {}
}
