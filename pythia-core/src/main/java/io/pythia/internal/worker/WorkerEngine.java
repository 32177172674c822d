package io.pythia.internal.worker;

import io.pythia.AckPolicy;
import io.pythia.BrokerListener;
import io.pythia.BrokerMetrics;
import io.pythia.Message;
import io.pythia.internal.Causes;
import io.pythia.internal.Events;
import io.pythia.spi.IntakeControl;
import io.pythia.spi.Settler;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * One run of a worker: takes messages from the consumer, has them handled, and settles them. What a message goes through, in this order:
 * its {@link Lanes lane}, the {@link Dispatcher}, the handler, the destination; {@link Failures} if something goes wrong; {@link #finished}.
 */
public final class WorkerEngine implements Flow.Subscriber<Message> {
    private final WorkerSettings settings;
    private final String name;
    private final Events events;
    private final Dispatcher dispatcher;
    private final @Nullable ExecutorService ownThreads;
    private final Timer timer;
    private final Lanes lanes;
    private final @Nullable Batches batches;
    private final @Nullable Destination destination;
    private final Outage outage;
    private final Failures failures;
    private final Monitor monitor;
    private final StopLine stopLine = new StopLine();
    private final EarlyAcks earlyAcks = new EarlyAcks(this::acknowledged);
    private final Shutdown shutdown;
    private final Set<AsyncCall> asyncCalls = ConcurrentHashMap.newKeySet();
    private final LongAdder handled = new LongAdder();
    private final AtomicInteger inFlight = new AtomicInteger();
    /** Messages that are done with and in whose place no other was requested yet. */
    private final AtomicInteger room = new AtomicInteger();

    private final int roomToRequest;
    /** Set if the consumer's broker has no more what it has given out. */
    private final boolean forgets;
    /** How many messages have arrived. Signals are serial. */
    private long arrived;

    private volatile Flow.@Nullable Subscription subscription;
    /** Set when it can't go on, not even until the time to close is over. */
    private volatile boolean broken;

    /** Creates one that does nothing until {@link #start}. */
    public WorkerEngine(WorkerSettings settings) {
        this.settings = settings;
        this.name = settings.consumer().name();
        this.events = new Events(name, BrokerListener.NONE, BrokerMetrics.NONE);
        this.ownThreads = settings.executor() == null ? HandlerThreads.create(name, settings.concurrency()) : null;
        this.dispatcher = new Dispatcher(
                Objects.requireNonNull(ownThreads == null ? settings.executor() : ownThreads),
                settings.concurrency(),
                this::fail);
        this.timer = new Timer(name, this::fail);
        this.lanes = new Lanes(this, this::submit);
        this.batches = settings.batching() == null ? null : new Batches(this, settings.batching());
        this.destination = settings.to() == null ? null : new Destination(this, settings.to());
        this.shutdown = new Shutdown(this, settings, ownThreads);
        this.outage = new Outage(settings, timer, events, this::setSlots);
        this.failures = new Failures(this, settings);
        this.monitor = new Monitor(this, settings);
        this.roomToRequest = Math.max(1, settings.prefetch() / 4);
        this.forgets = settings.consumer() instanceof IntakeControl consumer && !consumer.takesBack();
    }

    // Parts of it.

    String name() {
        return name;
    }

    Events events() {
        return events;
    }

    Dispatcher dispatcher() {
        return dispatcher;
    }

    Timer timer() {
        return timer;
    }

    Outage outage() {
        return outage;
    }

    Failures failures() {
        return failures;
    }

    Set<AsyncCall> asyncCalls() {
        return asyncCalls;
    }

    /** Returns what tells how it goes. */
    public Monitor monitor() {
        return monitor;
    }

    long handledCount() {
        return handled.sum();
    }

    int inFlight() {
        return inFlight.get();
    }

    // Beginning and end.

    /** Subscribes to the consumer. */
    public void start() {
        checkTimeLimit();
        timer.start();
        monitor.start();
        settings.consumer().consume().subscribe(this);
    }

    private void checkTimeLimit() {
        Duration longest = settings.consumer() instanceof IntakeControl consumer ? consumer.longestHold() : null;
        if (longest != null
                && settings.ackPolicy() != AckPolicy.BEFORE_HANDLER
                && settings.handlerTimeout().compareTo(longest) >= 0) {
            events.settingWarning("handlerTimeout is " + settings.handlerTimeout()
                    + ", but the broker gives a message to somebody else when it is unsettled for " + longest);
        }
    }

    /** Stops; the future completes when all is closed, exceptionally if something had gone wrong. */
    public CompletableFuture<Void> stop() {
        return shutdown.begin(null);
    }

    /** Returns the future of {@link #stop} without stopping. */
    public CompletableFuture<Void> ended() {
        return shutdown.ended();
    }

    /** Returns what went wrong, or null. */
    public @Nullable Throwable failure() {
        return shutdown.failure();
    }

    /** It can't go on. */
    void fail(Throwable cause) {
        broken = true;
        events.gaveUp(cause);
        shutdown.begin(cause);
    }

    StopLine stopLine() {
        return stopLine;
    }

    boolean isStopping() {
        return shutdown.isStopping();
    }

    /** Returns whether handlers, and what is to be sent on, are no longer waited for. */
    boolean isTimeOver() {
        return shutdown.isTimeOver();
    }

    private void setSlots(int slots) {
        dispatcher.setSlots(isStopping() ? settings.concurrency() : slots);
    }

    void cancel() {
        Flow.Subscription current = subscription;
        if (current != null) {
            current.cancel();
        }
    }

    // The consumer's signals.

    @Override
    public void onSubscribe(Flow.Subscription given) {
        subscription = given;
        given.request(settings.prefetch());
    }

    @Override
    public void onNext(Message message) {
        inFlight.incrementAndGet();
        if (settings.ackPolicy() == AckPolicy.BEFORE_HANDLER) {
            earlyAcks.add(message);
        } else {
            accept(message, ++arrived);
        }
    }

    private void acknowledged(Message message, boolean done) {
        if (done || forgets) {
            try {
                accept(message, 0);
            } catch (RuntimeException e) {
                fail(e); // there is no subscriber's method to throw it from
            }
        } else {
            leave(); // the broker has it still, and delivers it again
        }
    }

    private void accept(Message message, long number) {
        Object lane = settings.laneOf().apply(message);
        if (lane == null) {
            submit(new Task(this, message, null, number));
        } else {
            lanes.add(lane, message);
        }
    }

    @Override
    public void onError(Throwable cause) {
        shutdown.begin(cause);
    }

    @Override
    public void onComplete() {
        shutdown.begin(null);
    }

    // A message's way.

    /** Its turn has come: it is handled as soon as there is a slot. */
    void submit(Task task) {
        if (batches == null) {
            dispatcher.submit(task);
        } else {
            batches.add(task);
        }
    }

    /** Returns whether it is to be handled; otherwise it is done with. */
    boolean isWanted(Task task) {
        if (!isInTime(task)) {
            giveBack(task);
            return false;
        }
        if (!isHereOnly() && task.message.isSettled()) {
            if (task.message.unwrap(Settler.class).isEmpty()) {
                fail(
                        new IllegalStateException(
                                "the consumer " + name
                                        + " gives messages that nobody can settle, such as Message.of makes; it needs Message.received"));
            }
            finished(task); // the broker has taken it back while it waited
            return false;
        }
        return true;
    }

    /** Returns whether the broker has no more what is not handled yet: it was acknowledged, or can't be given back. */
    boolean isHereOnly() {
        return forgets || settings.ackPolicy() == AckPolicy.BEFORE_HANDLER;
    }

    /** Returns whether no stop is in its way. What the broker has no more is handled until the time to close is over. */
    private boolean isInTime(Task task) {
        if (isHereOnly()) {
            return !broken && !isTimeOver();
        }
        long number = task.number();
        return number > 0 ? stopLine.passes(number) : !isStopping();
    }

    /** Has it handled. Returns whether the slot stays taken because the work goes on elsewhere. */
    boolean handle(Task task, Runner runner) {
        if (!isWanted(task)) {
            return false;
        }
        Object result = null;
        Throwable failure = null;
        runner.begin();
        try {
            result = settings.work().call(task.message);
        } catch (Throwable t) {
            failure = t;
        }
        failure = afterCall(runner, failure);
        if (failure != null) {
            if (result instanceof CompletionStage<?> stage) {
                AsyncCall.cancel(stage); // it was interrupted before it had returned that
            }
            failed(task, failure);
        } else if (result instanceof CompletionStage<?> stage) {
            return await(task, stage);
        } else {
            succeeded(task, result);
        }
        return false;
    }

    /** Calls code of the application. Returns what it threw, or null. */
    @Nullable
    Throwable call(Runner runner, Callable<?> code) {
        Throwable failure = null;
        runner.begin();
        try {
            code.call();
        } catch (Throwable t) {
            failure = t;
        }
        return afterCall(runner, failure);
    }

    private @Nullable Throwable afterCall(Runner runner, @Nullable Throwable failure) {
        boolean interrupted = runner.end();
        Thread.interrupted(); // it was meant for the handler, or left behind by it
        // Also when it ended as if nothing had happened: one that was cut off and one that was just done can't be told
        // apart.
        return interrupted ? tookTooLong(failure) : failure;
    }

    private Throwable tookTooLong(@Nullable Throwable cause) {
        if (isTimeOver()) {
            return new StoppedException();
        }
        TimeoutException timeout =
                new TimeoutException("the handler was interrupted after " + settings.handlerTimeout());
        if (cause != null) {
            timeout.initCause(cause);
        }
        return timeout;
    }

    private boolean await(Task task, CompletionStage<?> stage) {
        // Not instanceof: a minimal stage is one that refuses to be asked.
        if (stage.getClass() == CompletableFuture.class
                && stage instanceof CompletableFuture<?> future
                && future.isDone()
                && !future.isCompletedExceptionally()) {
            succeeded(task, passesOn() ? task.message : null);
            return false;
        }
        AsyncCall call = new AsyncCall(task, stage);
        asyncCalls.add(call);
        stage.whenComplete((value, error) -> end(call, error));
        return true;
    }

    /** An asynchronous handler has ended, was given up, or both at once. */
    private void end(AsyncCall call, @Nullable Throwable error) {
        if (!call.end()) {
            return;
        }
        asyncCalls.remove(call);
        try {
            if (error == null) {
                succeeded(call.task, passesOn() ? call.task.message : null);
            } else {
                failed(call.task, Causes.of(error));
            }
        } finally {
            dispatcher.release();
        }
    }

    void giveUp(AsyncCall call) {
        end(call, tookTooLong(null));
        call.cancel();
    }

    /** Returns whether a message that was handled is itself sent on. */
    boolean passesOn() {
        return destination != null;
    }

    /** Its handler has succeeded. */
    void succeeded(Task task, @Nullable Object result) {
        if (destination != null && result instanceof Message next) {
            destination.send(task, next);
        } else {
            done(task);
        }
    }

    /** It was handled, and sent on if that was wanted. */
    void done(Task task) {
        outage.succeeded();
        handled.increment();
        if (settings.ackPolicy() == AckPolicy.ON_SUCCESS) {
            task.message.ack();
        }
        finished(task);
    }

    void failed(Task task, Throwable cause) {
        failed(task, task, cause);
    }

    /** It failed in a call that was perhaps one for several messages. */
    void failed(Task task, Object call, Throwable cause) {
        if (cause instanceof StoppedException) {
            giveBack(task);
        } else {
            failures.failed(task, call, cause);
        }
    }

    /** It is dealt with elsewhere. */
    void acknowledge(Task task) {
        if (settings.ackPolicy() != AckPolicy.BEFORE_HANDLER) {
            task.message.ack();
        }
        finished(task);
    }

    /** It was not handled, and the worker stops: somebody else is to have it. */
    void giveBack(Task task) {
        boolean settledByHandler = settings.ackPolicy() == AckPolicy.MANUAL && task.message.isSettled();
        if (isHereOnly() && !settledByHandler) {
            failures.lost("a message was not handled, and the broker has it no more", new StoppedException());
        }
        if (settings.ackPolicy() != AckPolicy.BEFORE_HANDLER) {
            settings.release().accept(task.message);
        }
        finished(task);
    }

    /** It has left this worker. */
    void finished(Task task) {
        Lanes.Lane lane = task.lane();
        if (lane != null) {
            lanes.finished(lane);
        }
        leave();
    }

    private void leave() {
        inFlight.decrementAndGet();
        if (isStopping()) {
            shutdown.progress();
        } else if (room.incrementAndGet() >= roomToRequest) {
            int more = room.getAndSet(0);
            Flow.Subscription current = subscription;
            if (more > 0 && current != null) {
                current.request(more);
            }
        }
    }

    // What is looked at every now and then.

    /** Called while it stops, when the timer waits for nothing. */
    void lookAround() {
        enforceTimeLimit();
        if (destination != null) {
            destination.look();
        }
    }

    /** Interrupts handlers that take too long. */
    void enforceTimeLimit() {
        if (settings.handlerTimeout().isZero()) {
            return;
        }
        long now = System.nanoTime();
        long nanos = settings.handlerTimeout().toNanos();
        for (Runner runner : dispatcher.runners()) {
            runner.interruptAfter(nanos);
        }
        for (AsyncCall call : asyncCalls) {
            if (now - call.since > nanos) {
                giveUp(call);
            }
        }
    }
}
