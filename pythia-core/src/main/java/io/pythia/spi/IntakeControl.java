package io.pythia.spi;

/** A consumer whose intake can be stopped before it disconnects, so that who has messages in hand can finish and settle them first. */
public interface IntakeControl {

    /**
     * Ends the delivery of messages for good, also of those that were nacked; the subscription stays open. What is in flight can be
     * settled until the consumer disconnects. Any thread; never blocks; a second call does nothing.
     */
    void stopIntake();
}
