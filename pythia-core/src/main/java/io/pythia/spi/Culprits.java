package io.pythia.spi;

import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.IntPredicate;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Finds which values a record refuses: its constructor tells one problem at a time, and not whose it is. */
final class Culprits {
    private final Class<? extends Record> type;
    private final RecordComponent[] components;
    private final @Nullable Object[] defaults;
    private final @Nullable Object[] values;

    /**
     * One problem.
     *
     * @param components whose values it is about; empty if that can't be said
     * @param message what the record says
     */
    record Culprit(List<RecordComponent> components, String message) {}

    private Culprits(Record defaults, @Nullable Object[] values) {
        this.type = defaults.getClass();
        this.components = type.getRecordComponents();
        this.defaults = Arrays.stream(components)
                .map(each -> Records.get(defaults, each))
                .toArray();
        this.values = values;
    }

    /** Returns all problems of the values, and puts the default in the place of each value that has one: the record takes them then. */
    static List<Culprit> replace(Record defaults, @Nullable Object[] values) {
        return new Culprits(defaults, values).replace();
    }

    private List<Culprit> replace() {
        List<Culprit> found = new ArrayList<>();
        String message = Records.refusal(type, values);
        while (message != null) {
            int[] guilty = guilty(message);
            found.add(new Culprit(
                    Arrays.stream(guilty).mapToObj(i -> components[i]).toList(), message));
            if (guilty.length == 0) {
                System.arraycopy(defaults, 0, values, 0, values.length);
                return found;
            }
            for (int i : guilty) {
                values[i] = defaults[i];
            }
            message = Records.refusal(type, values);
        }
        return found;
    }

    /** A value is at fault if the record says the same of it alone; if it does of none, those are that the message names. */
    private int[] guilty(String message) {
        int[] alone = set(i -> {
            @Nullable Object[] others = defaults.clone();
            others[i] = values[i];
            return message.equals(Records.refusal(type, others));
        });
        return alone.length > 0
                ? alone
                : set(i -> Pattern.compile("\\b" + components[i].getName() + "\\b")
                        .matcher(message)
                        .find());
    }

    private int[] set(IntPredicate which) {
        return IntStream.range(0, values.length)
                .filter(i -> !Objects.equals(values[i], defaults[i]))
                .filter(which)
                .toArray();
    }
}
