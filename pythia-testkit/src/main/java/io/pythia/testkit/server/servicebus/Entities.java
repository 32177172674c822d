package io.pythia.testkit.server.servicebus;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The queues, topics and subscriptions, and the commands that make them. Names are compared without regard to case. */
final class Entities {
    private final Journal journal;
    private final Map<String, StandInQueue> queues = new HashMap<>();
    private final Map<String, List<StandInQueue>> topics = new HashMap<>();
    /** How many sends to each are still to be refused as if the service were busy. */
    private final Map<String, Integer> busy = new HashMap<>();

    Entities(Journal journal) {
        this.journal = journal;
    }

    /** Runs a command, and notes it if it changes what there is; returns its answer. */
    String run(String command) {
        String[] words = command.split(" ", -1);
        String name = words.length > 1 ? words[1] : "";
        return switch (words[0]) {
            case "queue", "topic", "subscription", "delete" -> {
                change(command);
                journal.command(command);
                journal.flush();
                yield "ok";
            }
            case "counts" -> required(name).counts();
            case "mute" -> {
                required(name).mute(Boolean.parseBoolean(words[2]));
                yield "ok";
            }
            case "detach" -> {
                required(name).readers().forEach(reader -> Links.detach(reader.link()));
                yield "ok";
            }
            case "busy" -> {
                busy.put(key(name), Integer.parseInt(words[2]));
                yield "ok";
            }
            default -> throw new IllegalArgumentException("no such command: " + words[0]);
        };
    }

    /** Does what a command says that was or will be noted. */
    void change(String command) {
        String[] words = command.split(" ", -1);
        String name = words[1];
        switch (words[0]) {
            case "queue" -> make(name, QueueOptions.of(words, 2));
            case "topic" -> topics.putIfAbsent(key(name), new ArrayList<>());
            case "subscription" ->
                topics.computeIfAbsent(key(name), k -> new ArrayList<>())
                        .add(make(name + "/subscriptions/" + words[2], QueueOptions.of(words, 3)));
            default -> delete(name);
        }
    }

    private StandInQueue make(String name, QueueOptions options) {
        StandInQueue existing = queues.get(key(name));
        if (existing != null) {
            return existing;
        }
        QueueOptions plain = QueueOptions.defaults().withLock(options.lock());
        StandInQueue letters = new StandInQueue(name + StandInQueue.DEAD_LETTERS, plain, journal, null);
        StandInQueue queue = new StandInQueue(name, options, journal, letters);
        queues.put(key(letters.name), letters);
        queues.put(key(name), queue);
        return queue;
    }

    private void delete(String name) {
        for (String each : List.of(name, name + StandInQueue.DEAD_LETTERS)) {
            StandInQueue gone = queues.remove(key(each));
            if (gone != null) {
                gone.readers().forEach(reader -> Links.close(reader.link(), "amqp:not-found", Links.notFound(name)));
            }
        }
        topics.remove(key(name));
    }

    private StandInQueue required(String name) {
        StandInQueue queue = queue(name);
        if (queue == null) {
            throw new IllegalArgumentException("no such queue: " + name);
        }
        return queue;
    }

    /** Returns a queue, subscription or dead letters, or null. */
    @Nullable
    StandInQueue queue(String address) {
        return queues.get(key(address));
    }

    /** Returns where a message to an address goes: to a queue, or to all subscriptions; null if there is no such address. */
    @Nullable
    List<StandInQueue> targets(String address) {
        List<StandInQueue> subscriptions = topics.get(key(address));
        if (subscriptions != null) {
            return subscriptions;
        }
        StandInQueue queue = queues.get(key(address));
        return queue == null ? null : List.of(queue);
    }

    /** Returns whether the next send to an address is to be refused. */
    boolean isBusy(String address) {
        int left = busy.getOrDefault(key(address), 0);
        busy.put(key(address), Math.max(0, left - 1));
        return left > 0;
    }

    void tick(long now) {
        List.copyOf(queues.values()).forEach(queue -> queue.tick(now));
    }

    private static String key(String name) {
        return name.toLowerCase(Locale.ROOT);
    }
}
