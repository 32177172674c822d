package io.pythia.internal.worker;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The order of messages that have something in common: in a lane one is handled at a time, the others wait behind it. A lane lives as long
 * as it has messages. Thread-safe.
 */
final class Lanes {
    private final ConcurrentMap<Object, Lane> lanes = new ConcurrentHashMap<>();
    private final WorkerEngine engine;
    private final Consumer<Task> submit;

    Lanes(WorkerEngine engine, Consumer<Task> submit) {
        this.engine = engine;
        this.submit = submit;
    }

    /** Puts a message at the end of its lane; it is submitted at once if it is the only one there. */
    void add(Object key, io.pythia.Message message) {
        while (true) {
            Lane lane = lanes.computeIfAbsent(key, Lane::new);
            Task task = new Task(engine, message, lane, 0);
            Boolean first = lane.add(task);
            if (first != null) {
                if (first) {
                    submit.accept(task);
                }
                return;
            }
            // It ended just now: the next look finds a new one.
        }
    }

    /** The message that is handled has left its lane: the next one is submitted. */
    void finished(Lane lane) {
        Task next = lane.removeFirst();
        if (next != null) {
            submit.accept(next);
        }
    }

    int size() {
        return lanes.size();
    }

    /** The messages of one key, oldest first; the first one is in hand. */
    final class Lane {
        private final Object key;
        private @Nullable Task first;
        private @Nullable Task last;
        private boolean ended;

        private Lane(Object key) {
            this.key = key;
        }

        /** Returns whether it is the first one; null if this lane has ended. */
        private synchronized @Nullable Boolean add(Task task) {
            if (ended) {
                return null;
            }
            Task before = last;
            last = task;
            if (before == null) {
                first = task;
                return true;
            }
            before.next = task;
            return false;
        }

        /** Returns the one that is first then; null if there is none, and the lane has ended. */
        private synchronized @Nullable Task removeFirst() {
            Task done = first;
            first = done == null ? null : done.next;
            if (first == null) {
                last = null;
                ended = true;
                lanes.remove(key, this);
            }
            return first;
        }
    }
}
