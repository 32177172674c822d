package io.pythia.redis;

/**
 * What a consumer does when its stream or group is gone while it consumes (deleted, {@code FLUSHALL}, a failover that lost it). Each time
 * it tells its listener of data loss.
 */
public enum NoGroupPolicy {
    /** Makes the group again, behind the last entry that this consumer has seen; at the beginning if the stream is a new one. */
    LAST_SEEN,
    /** Makes the group again at the beginning of the stream. */
    BEGINNING,
    /** Makes the group again at the end of the stream. */
    NEWEST,
    /** Ends the stream with {@link io.pythia.DestinationNotFoundException}. */
    FAIL
}
