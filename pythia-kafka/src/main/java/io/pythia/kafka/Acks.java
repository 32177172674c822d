package io.pythia.kafka;

/** Who must have a record before it counts as sent: {@code acks}. */
public enum Acks {
    /** All in-sync replicas: what the promise of this library takes. */
    ALL("all"),
    /** The leader alone: lost if it dies before the others have it. Turns idempotence off. */
    LEADER("1"),
    /** Nobody: lost without a word. Turns idempotence off. */
    NONE("0");

    final String value;

    Acks(String value) {
        this.value = value;
    }

    /** Returns it as Kafka has it: {@code all}, {@code 1} or {@code 0}. */
    @Override
    public String toString() {
        return value;
    }
}
