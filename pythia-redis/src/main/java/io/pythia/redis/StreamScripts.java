package io.pythia.redis;

/**
 * What the server must do as one step on a group's pending entries. A delivery is named by the entry's id and the server's count of
 * deliveries: whoever has it from an earlier delivery changes nothing.
 */
final class StreamScripts {
    /**
     * Makes a group, and the stream if need be: group, id to begin behind. A server whose memory is full refuses that, but in a script only
     * as its first write.
     */
    static final RedisScript CREATE = new RedisScript("""
            redis.call('XACK', KEYS[1], ARGV[1], '0-0')
            return redis.pcall('XGROUP', 'CREATE', KEYS[1], ARGV[1], ARGV[2], 'MKSTREAM')
            """);

    /** Adds the count of deliveries of each entry, and acknowledges those that were deleted from the stream. */
    private static final String WITH_COUNTS = """
            local function answer(next, found, deleted)
              local entries, counts = {}, {}
              for _, entry in ipairs(found) do
                local pending = redis.call('XPENDING', KEYS[1], ARGV[1], entry[1], entry[1], 1)[1]
                entries[#entries + 1] = entry
                counts[#counts + 1] = pending and pending[4] or 1
              end
              return {next, entries, counts, deleted}
            end
            """;

    /** Reads entries that are pending for this consumer: group, consumer, count, id to begin behind. */
    static final RedisScript HISTORY = new RedisScript(WITH_COUNTS + """
                    local reply = redis.call('XREADGROUP', 'GROUP', ARGV[1], ARGV[2], 'COUNT', ARGV[3],
                        'STREAMS', KEYS[1], ARGV[4])
                    local found, deleted, next = {}, {}, ''
                    for _, entry in ipairs(reply and reply[1][2] or {}) do
                      next = entry[1]
                      if entry[2] then
                        found[#found + 1] = entry
                      else
                        redis.call('XACK', KEYS[1], ARGV[1], entry[1])
                        deleted[#deleted + 1] = entry[1]
                      end
                    end
                    return answer(next, found, deleted)
                    """);

    /** Takes over entries that nobody has touched for a time: group, consumer, count, id to begin at, milliseconds. */
    static final RedisScript CLAIM = new RedisScript(WITH_COUNTS + """
                    local reply = redis.call('XAUTOCLAIM', KEYS[1], ARGV[1], ARGV[2], ARGV[5], ARGV[4],
                        'COUNT', ARGV[3], 'JUSTID')
                    local found, deleted = {}, reply[3] or {}
                    for _, id in ipairs(reply[2]) do
                      local entry = redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, id)[1]
                      if entry and entry[2] then
                        found[#found + 1] = entry
                      else
                        redis.call('XACK', KEYS[1], ARGV[1], id)
                        deleted[#deleted + 1] = id
                      end
                    end
                    return answer(reply[1], found, deleted)
                    """);

    /**
     * Acknowledges deliveries, or sets for how long they have been idle, and returns the ids of those that are not this consumer's any more:
     * group, consumer, milliseconds or nothing, how many entries should be pending for the consumer or nothing if that is not known, the
     * count of deliveries if it is the same for all, then the ids in ascending order, then their counts if they differ.
     *
     * <p>If just as many are pending as should be, nobody has taken any, and there is no need to look at each.
     */
    static final RedisScript SETTLE = new RedisScript("""
            local group, consumer, idle, expected, all = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
            local n = all ~= '' and #ARGV - 5 or (#ARGV - 5) / 2
            if expected ~= '' then
              for _, each in ipairs(redis.call('XPENDING', KEYS[1], group)[4] or {}) do
                if each[1] == consumer and each[2] == expected then
                  redis.call('XACK', KEYS[1], group, unpack(ARGV, 6, n + 5))
                  return {}
                end
              end
            end
            local held = {}
            for _, p in ipairs(redis.call('XPENDING', KEYS[1], group, ARGV[6], ARGV[n + 5], n, consumer)) do
              held[p[1]] = p[4]
            end
            local mine, stale = {}, {}
            for i = 6, n + 5 do
              local count = held[ARGV[i]]
              if not count then
                local p = redis.call('XPENDING', KEYS[1], group, ARGV[i], ARGV[i], 1, consumer)[1]
                count = p and p[4]
              end
              if count == tonumber(all ~= '' and all or ARGV[i + n]) then
                mine[#mine + 1] = ARGV[i]
              else
                stale[#stale + 1] = ARGV[i]
              end
            end
            if #mine > 0 and idle == '' then
              redis.call('XACK', KEYS[1], group, unpack(mine))
            else
              for _, id in ipairs(mine) do
                redis.call('XCLAIM', KEYS[1], group, consumer, 0, id, 'IDLE', idle, 'JUSTID')
              end
            end
            return stale
            """);

    /**
     * Lets others have what this consumer has not settled, and forgets the consumer if its name is not used again: group, consumer,
     * milliseconds, 1 for a name that is not used again.
     */
    static final RedisScript RELEASE = new RedisScript("""
            local group, consumer = ARGV[1], ARGV[2]
            local from = '-'
            while true do
              local page = redis.call('XPENDING', KEYS[1], group, from, '+', 100, consumer)
              for _, p in ipairs(page) do
                redis.call('XCLAIM', KEYS[1], group, consumer, 0, p[1], 'IDLE', ARGV[3], 'JUSTID')
              end
              if #page < 100 then break end
              from = '(' .. page[#page][1]
            end
            local left = redis.call('XPENDING', KEYS[1], group, '-', '+', 1, consumer)
            if ARGV[4] == '1' and #left == 0 then
              redis.call('XGROUP', 'DELCONSUMER', KEYS[1], group, consumer)
            end
            return #left
            """);

    private StreamScripts() {}
}
