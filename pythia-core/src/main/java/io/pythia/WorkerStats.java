package io.pythia;

import java.time.Duration;

/**
 * What a {@link Worker} has done since it was started.
 *
 * @param handled messages that were handled, and sent on if that was wanted
 * @param handledPerSecond how many of these there were per second, over the last ten seconds or so
 * @param failed calls of the handler that failed, each try counted
 * @param retried tries in place that followed a failure
 * @param redelivered messages that were given back to be delivered again later
 * @param deadLettered messages that were put to the dead letters, or rejected to the consumer's own
 * @param lost messages that were not handled, and that the broker has no more: acknowledged before, by {@link AckPolicy#BEFORE_HANDLER}, they
 *     failed for good and had nowhere to go; or the worker stopped, and they could not be given back
 * @param inFlight messages in hand: they wait, are handled, or wait to be tried again
 * @param handling handlers that are running
 * @param oldestHandler for how long the handler has been running that began first; zero if none is
 * @param outage whether so many messages failed in a row that only one at a time is tried
 */
public record WorkerStats(
        long handled,
        double handledPerSecond,
        long failed,
        long retried,
        long redelivered,
        long deadLettered,
        long lost,
        int inFlight,
        int handling,
        Duration oldestHandler,
        boolean outage) {}
