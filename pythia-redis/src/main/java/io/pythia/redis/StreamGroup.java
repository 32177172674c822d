package io.pythia.redis;

import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.StatefulRedisConnection;
import io.pythia.BrokerException;
import io.pythia.BrokerListener.Gap;
import io.pythia.DestinationNotFoundException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The group of a stream: made when it is first needed, and, by policy, again when it is gone. Confined to the thread that receives. */
final class StreamGroup {
    private static final String BEGINNING = "0";

    private final StreamSource source;
    private final RedisConnections connections;
    private final StatefulRedisConnection<byte[], byte[]> connection;
    private final byte[] stream;
    private final byte[] group;

    StreamGroup(StreamSource source, RedisConnections connections, StatefulRedisConnection<byte[], byte[]> connection) {
        this.source = source;
        this.connections = connections;
        this.connection = connection;
        this.stream = RedisConnections.bytes(source.stream());
        this.group = RedisConnections.bytes(source.group());
    }

    /** Makes the group if it was never there; if it was, in an earlier session, and is gone, the policy decides. */
    void ensure() throws InterruptedException {
        try {
            connections.await("looking for the group", connection.async().xpending(stream, group));
        } catch (BrokerException e) {
            if (!isGone(e)) {
                throw e;
            }
            if (source.position().isGroupSeen()) {
                makeAgain(e);
            } else {
                create(source.startId().equals(">") ? BEGINNING : source.startId());
            }
        }
        source.position().groupSeen();
    }

    /** Returns whether an error says that the stream or the group is gone. */
    static boolean isGone(BrokerException error) {
        Throwable cause = error.getCause();
        return cause != null && (RedisErrors.isAnswer(cause, "NOGROUP") || RedisErrors.isAnswer(cause, "UNBLOCKED"));
    }

    /** Does what the policy says, and tells of it. */
    void makeAgain(BrokerException why) throws InterruptedException {
        String from = source.position().lastSeen();
        if (source.noGroup() == NoGroupPolicy.FAIL) {
            tell(from, "", "the group " + source.group() + " is gone; the policy FAIL ends the stream");
            throw new DestinationNotFoundException(
                    source.name() + ": the group " + source.group()
                            + " is gone; create it, or choose another NoGroupPolicy",
                    why.getCause());
        }
        String start = start(from);
        create(start);
        tell(
                from,
                start,
                "the group " + source.group() + " was gone, with what was pending in it; it was made again at "
                        + start);
    }

    private String start(@Nullable String lastSeen) throws InterruptedException {
        return switch (source.noGroup()) {
            case NEWEST -> "$";
            case BEGINNING, FAIL -> BEGINNING;
            case LAST_SEEN -> {
                String last = lastGenerated();
                yield lastSeen == null || last == null || StreamPosition.compare(last, lastSeen) < 0
                        ? BEGINNING
                        : lastSeen;
            }
        };
    }

    /** Returns the id of the stream's last entry, or null if there is no such stream. */
    private @Nullable String lastGenerated() throws InterruptedException {
        List<Object> info;
        try {
            info = connections.await(
                    "looking for the stream", connection.async().xinfoStream(stream));
        } catch (BrokerException e) {
            if (e.getCause() != null && RedisErrors.isAnswer(e.getCause(), "ERR no such key")) {
                return null;
            }
            throw e;
        }
        for (int i = 0; i + 1 < info.size(); i += 2) {
            if (text(info.get(i)).equals("last-generated-id")) {
                return text(info.get(i + 1));
            }
        }
        return null;
    }

    private static String text(Object value) {
        return value instanceof byte[] bytes ? RedisMessages.text(bytes) : String.valueOf(value);
    }

    private void create(String start) throws InterruptedException {
        try {
            connections.await(
                    "making the group",
                    StreamScripts.CREATE.run(
                            connection,
                            ScriptOutputType.STATUS,
                            new byte[][] {stream},
                            group,
                            RedisConnections.bytes(start)));
        } catch (BrokerException e) {
            if (e.getCause() == null || !RedisErrors.isAnswer(e.getCause(), "BUSYGROUP")) {
                throw e;
            }
        }
    }

    /** Tells of entries that were deleted while they were pending. */
    void tellDeleted(List<String> ids) {
        if (!ids.isEmpty()) {
            tell(
                    ids.get(0),
                    ids.get(ids.size() - 1),
                    ids.size() + " pending entries were deleted or trimmed before they were processed; acknowledged");
        }
    }

    private void tell(@Nullable String from, String to, String detail) {
        source.listener().dataLoss(source.name(), new Gap(source.stream(), from == null ? "" : from, to, detail));
    }
}
