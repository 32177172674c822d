package io.pythia.redis;

import io.netty.util.Timeout;
import io.netty.util.Timer;
import io.netty.util.TimerTask;
import io.netty.util.concurrent.GlobalEventExecutor;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * The client's timer for one session, on Netty's own shared thread, which ends by itself when there is nothing to do. A
 * {@code HashedWheelTimer} for each consumer would be a thread for each, and Netty warns at the 65th. Without command time-outs and
 * reconnecting the client hardly uses it.
 */
final class SessionTimer implements Timer {
    private volatile boolean stopped;

    @Override
    public Timeout newTimeout(TimerTask task, long delay, TimeUnit unit) {
        Task timeout = new Task(task);
        timeout.future = GlobalEventExecutor.INSTANCE.schedule(timeout, delay, unit);
        return timeout;
    }

    /** What was to come does not come. */
    @Override
    public Set<Timeout> stop() {
        stopped = true;
        return Set.of();
    }

    private final class Task implements Timeout, Runnable {
        private final TimerTask task;
        private volatile @org.jspecify.annotations.Nullable ScheduledFuture<?> future;
        private volatile boolean expired;

        Task(TimerTask task) {
            this.task = task;
        }

        @Override
        public void run() {
            expired = true;
            if (!stopped) {
                try {
                    task.run(this);
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            }
        }

        @Override
        public Timer timer() {
            return SessionTimer.this;
        }

        @Override
        public TimerTask task() {
            return task;
        }

        @Override
        public boolean isExpired() {
            return expired;
        }

        @Override
        public boolean isCancelled() {
            ScheduledFuture<?> scheduled = future;
            return scheduled != null && scheduled.isCancelled();
        }

        @Override
        public boolean cancel() {
            ScheduledFuture<?> scheduled = future;
            return scheduled != null && scheduled.cancel(false);
        }
    }
}
