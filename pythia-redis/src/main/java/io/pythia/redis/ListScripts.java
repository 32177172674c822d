package io.pythia.redis;

/**
 * What the server must do as one step on a queue and a consumer's list of what it is processing. A session holds a token: who has an old
 * one was given up by the others, and neither takes nor settles anything. Keys, for each queue: the queue, the list, the time at which
 * each consumer was last seen, and the token of the consumer, which expires.
 *
 * <p>For consumers a full memory must not matter, or nothing would ever drain it. A server that has reached its {@code maxmemory} refuses
 * what may need more of it, BLMOVE too, but in a script only up to its first write: so each of theirs begins with one that takes something
 * away, even if there is nothing to take.
 */
final class ListScripts {
    /** The list has what was taken last at its left end. {@code side} is the end of the queue from which consumers take. */
    private static final String MOVE_BACK = """
            local function move_back(queue, list, side)
              local push = side == 'RIGHT' and 'RPUSH' or 'LPUSH'
              local count = 0
              while true do
                local taken = redis.call('LPOP', list, 500)
                if not taken then return count end
                redis.call(push, queue, unpack(taken))
                count = count + #taken
              end
            end
            """;

    /** Begins a session and gives back what an earlier one has left: token, milliseconds, consumer, side. */
    static final RedisScript START = new RedisScript(MOVE_BACK + """
                    local count = move_back(KEYS[1], KEYS[2], ARGV[4])
                    redis.call('SET', KEYS[4], ARGV[1], 'PX', ARGV[2])
                    redis.call('ZADD', KEYS[3], redis.call('TIME')[1], ARGV[3])
                    return count
                    """);

    /** Says that the consumer lives: token, milliseconds, consumer. Returns 0 if it was given up. */
    static final RedisScript LIVE = new RedisScript("""
            for i = 1, #KEYS, 4 do
              if redis.call('GET', KEYS[i + 3]) ~= ARGV[1] then return 0 end
              redis.call('PEXPIRE', KEYS[i + 3], ARGV[2])
              redis.call('ZADD', KEYS[i + 2], redis.call('TIME')[1], ARGV[3])
            end
            return 1
            """);

    /** Takes from the queues, in their order: token, count, side. Returns a list for each queue, or nothing if the consumer was given up. */
    static final RedisScript TAKE = new RedisScript("""
            local left, taken = tonumber(ARGV[2]), {}
            for i = 1, #KEYS, 4 do
              if redis.call('GET', KEYS[i + 3]) ~= ARGV[1] then return {} end
              local found = left > 0 and redis.call(ARGV[3] == 'RIGHT' and 'RPOP' or 'LPOP', KEYS[i], left) or {}
              if #found > 0 then redis.call('LPUSH', KEYS[i + 1], unpack(found)) end
              left = left - #found
              taken[#taken + 1] = found
            end
            return taken
            """);

    /**
     * Settles: token, side, ACK, HEAD or TAIL, then what was taken. Returns the positions, from 1, of what is not this consumer's any more,
     * or 0 if it was given up.
     */
    static final RedisScript SETTLE = new RedisScript("""
            if redis.call('GET', KEYS[4]) ~= ARGV[1] then return {0} end
            local right = ARGV[2] == 'RIGHT'
            local stale = {}
            for i = 4, #ARGV do
              if redis.call('LREM', KEYS[2], -1, ARGV[i]) == 0 then
                stale[#stale + 1] = i - 3
              elseif ARGV[3] == 'HEAD' then
                redis.call(right and 'RPUSH' or 'LPUSH', KEYS[1], ARGV[i])
              elseif ARGV[3] == 'TAIL' then
                redis.call(right and 'LPUSH' or 'RPUSH', KEYS[1], ARGV[i])
              end
            end
            return stale
            """);

    /** Ends a session and gives back what it has left: token, consumer, side. */
    static final RedisScript STOP = new RedisScript(MOVE_BACK + """
                    if redis.call('GET', KEYS[4]) ~= ARGV[1] then return 0 end
                    redis.call('DEL', KEYS[4])
                    redis.call('ZREM', KEYS[3], ARGV[2])
                    return move_back(KEYS[1], KEYS[2], ARGV[3])
                    """);

    /** Gives back what a consumer has left that gives no sign of life: consumer, side. It is forgotten after a day. */
    static final RedisScript RECOVER = new RedisScript(MOVE_BACK + """
                    if redis.call('EXISTS', KEYS[4]) == 1 then return 0 end
                    local count = move_back(KEYS[1], KEYS[2], ARGV[2])
                    local seen = redis.call('ZSCORE', KEYS[3], ARGV[1])
                    if count == 0 and seen and redis.call('TIME')[1] - seen > 86400 then
                      redis.call('ZREM', KEYS[3], ARGV[1])
                    end
                    return count
                    """);

    /**
     * Acknowledges what has been held for longest: token, how many. Returns 1, or 0 if the consumer was given up. Only for who knows the
     * list: nobody else changes it while the token is there.
     */
    static final RedisScript ACK_OLDEST = new RedisScript("""
            if redis.call('GET', KEYS[4]) ~= ARGV[1] then return 0 end
            if redis.call('LLEN', KEYS[2]) < tonumber(ARGV[2]) then return 0 end
            redis.call('LTRIM', KEYS[2], 0, -1 - ARGV[2])
            return 1
            """);

    /** Puts back what was popped: RPUSH or LPUSH, then what it was, that which was taken first at the end. */
    static final RedisScript PUT_BACK = new RedisScript("""
            redis.call('LTRIM', KEYS[1], 0, -1)
            for i = 2, #ARGV do redis.call(ARGV[1], KEYS[1], ARGV[i]) end
            return {}
            """);

    /** Adds to a list that may have only so many elements: the limit, REJECT or DROP_OLDEST, then what to add. Returns the length or -1. */
    static final RedisScript PUSH = new RedisScript("""
            local limit = tonumber(ARGV[1])
            if ARGV[2] == 'REJECT' and redis.call('LLEN', KEYS[1]) + #ARGV - 2 > limit then return -1 end
            for i = 3, #ARGV do redis.call('LPUSH', KEYS[1], ARGV[i]) end
            if ARGV[2] == 'DROP_OLDEST' then redis.call('LTRIM', KEYS[1], 0, limit - 1) end
            return redis.call('LLEN', KEYS[1])
            """);

    private ListScripts() {}
}
