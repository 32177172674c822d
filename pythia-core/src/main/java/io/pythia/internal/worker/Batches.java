package io.pythia.internal.worker;

import io.pythia.Message;
import io.pythia.MessageBatch;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Gathers messages for handlers that take several at once: until there are enough, or the first one has waited for long enough. */
final class Batches {
    private final WorkerEngine engine;
    private final WorkerSettings.Batching batching;
    private List<Task> gathered = new ArrayList<>();

    Batches(WorkerEngine engine, WorkerSettings.Batching batching) {
        this.engine = engine;
        this.batching = batching;
    }

    void add(Task task) {
        List<Task> full = null;
        List<Task> fresh = null;
        synchronized (this) {
            gathered.add(task);
            if (gathered.size() >= batching.size()) {
                full = take();
            } else if (gathered.size() == 1) {
                fresh = gathered;
            }
        }
        if (full != null) {
            engine.dispatcher().submit(new BatchJob(full));
        } else if (fresh != null) {
            List<Task> waited = fresh;
            engine.timer().after(batching.maxWait().toNanos(), () -> submitIfStill(waited));
        }
    }

    private List<Task> take() {
        List<Task> taken = gathered;
        gathered = new ArrayList<>();
        return taken;
    }

    private void submitIfStill(List<Task> waited) {
        List<Task> taken;
        synchronized (this) {
            if (gathered != waited) {
                return;
            }
            taken = take();
        }
        engine.dispatcher().submit(new BatchJob(taken));
    }

    /** One call of the handler. */
    private final class BatchJob implements Job {
        private final List<Task> tasks;

        BatchJob(List<Task> tasks) {
            this.tasks = tasks;
        }

        @Override
        public boolean run(Runner runner) {
            List<Task> wanted = new ArrayList<>(tasks.size());
            for (Task task : tasks) {
                if (engine.isWanted(task)) {
                    wanted.add(task);
                }
            }
            if (!wanted.isEmpty()) {
                call(runner, wanted);
            }
            return false;
        }

        private void call(Runner runner, List<Task> wanted) {
            List<Message> messages = wanted.stream().map(task -> task.message).toList();
            MessageBatch batch = new MessageBatch(messages);
            Throwable failure = engine.call(runner, () -> {
                batching.handler().handle(batch);
                return null;
            });
            for (int i = 0; i < wanted.size(); i++) {
                settle(wanted.get(i), batch.failure(i), failure);
            }
        }

        private void settle(Task task, @Nullable Throwable own, @Nullable Throwable ofAll) {
            if (own != null) {
                engine.failed(task, own);
            } else if (ofAll != null) {
                engine.failed(task, this, ofAll);
            } else {
                engine.succeeded(task, engine.passesOn() ? task.message : null);
            }
        }
    }
}
