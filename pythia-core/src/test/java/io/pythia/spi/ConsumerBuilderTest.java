package io.pythia.spi;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.memory.MemoryConsumer;
import io.pythia.memory.MemoryProducer;
import org.junit.jupiter.api.Test;

class ConsumerBuilderTest {
    @Test
    void hasDeadLetter_isWhetherTheApplicationHasSaidOne() {
        AbstractMessageBroker.Builder<MemoryConsumer.Builder> builder = MemoryConsumer.builder();
        assertThat(builder.hasDeadLetter()).isFalse();
        builder.deadLetter(MemoryProducer.builder().topic("letters").build());
        assertThat(builder.hasDeadLetter()).isTrue();
    }
}
