package io.pythia.kafka;

import io.pythia.BrokerException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.TopicPartition;

/** Where to go: says the positions of the partitions that are to move. Asks the client on the poll thread, and changes nothing. */
@FunctionalInterface
interface Seek {
    Duration TIMEOUT = Duration.ofSeconds(3);
    Instant LAST_MILLI = Instant.ofEpochMilli(Long.MAX_VALUE);

    /**
     * Returns the new positions.
     *
     * @param assigned the partitions that the client has, at least one
     */
    Map<TopicPartition, Long> positions(Consumer<?, ?> client, Set<TopicPartition> assigned);

    /** Returns a seek to the first records. */
    static Seek toBeginning() {
        return (client, assigned) -> client.beginningOffsets(assigned, TIMEOUT);
    }

    /** Returns a seek behind the last records. */
    static Seek toEnd() {
        return (client, assigned) -> client.endOffsets(assigned, TIMEOUT);
    }

    /** Returns a seek of one partition, which must be assigned then. */
    static Seek to(TopicPartition partition, long offset) {
        return (client, assigned) -> {
            if (!assigned.contains(partition)) {
                throw new BrokerException("partition " + partition + " is not assigned to this consumer, which has "
                        + assigned.stream()
                                .map(TopicPartition::toString)
                                .sorted()
                                .collect(Collectors.joining(", ")));
            }
            return Map.of(partition, offset);
        };
    }

    /** Returns a seek to the first records of this time or later; behind the last one where there is none. */
    static Seek toTime(Instant time) {
        long millis =
                time.isBefore(Instant.EPOCH) ? 0 : time.isAfter(LAST_MILLI) ? Long.MAX_VALUE : time.toEpochMilli();
        return (client, assigned) -> {
            // Before the question: a record that comes between the two is of this time, and must not be skipped.
            Map<TopicPartition, Long> positions = new HashMap<>(client.endOffsets(assigned, TIMEOUT));
            Map<TopicPartition, Long> times = new HashMap<>();
            assigned.forEach(each -> times.put(each, millis));
            Map<TopicPartition, OffsetAndTimestamp> found = client.offsetsForTimes(times, TIMEOUT);
            for (TopicPartition each : assigned) {
                OffsetAndTimestamp first = found.get(each);
                if (first != null) {
                    positions.put(each, first.offset());
                }
            }
            return positions;
        };
    }
}
