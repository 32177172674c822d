package io.pythia.redis;

import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.output.NestedMultiOutput;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.CommandType;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/**
 * A script that the server runs as one step. Sent by its digest, and whole where the server does not know it, which is behind what was
 * sent meanwhile: one that must keep its place is sent whole from the beginning. Immutable.
 */
final class RedisScript {
    private final String text;
    private final String digest;

    RedisScript(String text) {
        this.text = text;
        try {
            byte[] sha1 = MessageDigest.getInstance("SHA-1").digest(text.getBytes(StandardCharsets.UTF_8));
            this.digest = HexFormat.of().formatHex(sha1);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Runs it; the answer is a Long, a {@code byte[]}, a List of such, or null, by its type. */
    <T> CompletionStage<T> run(
            StatefulRedisConnection<byte[], byte[]> connection,
            ScriptOutputType type,
            byte[][] keys,
            byte[]... arguments) {
        CompletionStage<T> known = connection.async().evalsha(digest, type, keys, arguments);
        return known.handle((answer, error) -> error == null || !RedisErrors.isAnswer(error, "NOSCRIPT"))
                .thenCompose(done -> done ? known : whole(connection, type, keys, arguments));
    }

    /** As {@link #run}, but before all that is sent later. */
    <T> CompletionStage<T> runInItsPlace(
            StatefulRedisConnection<byte[], byte[]> connection,
            ScriptOutputType type,
            byte[][] keys,
            byte[]... arguments) {
        return connection.async().eval(text, type, keys, arguments);
    }

    private <T> CompletionStage<T> whole(
            StatefulRedisConnection<byte[], byte[]> connection,
            ScriptOutputType type,
            byte[][] keys,
            byte[][] arguments) {
        CompletionStage<T> answer = runInItsPlace(connection, type, keys, arguments);
        connection.flushCommands(); // it may be one that is flushed by hand, and this is not the hand
        return answer;
    }

    /** Runs it on one key, with many arguments: without a copy of each as bytes, or of all as a list. The answer is a list. */
    CompletionStage<List<Object>> run(
            StatefulRedisConnection<byte[], byte[]> connection,
            byte[] key,
            Consumer<CommandArgs<byte[], byte[]>> arguments) {
        CompletionStage<List<Object>> known = send(connection, CommandType.EVALSHA, digest, key, arguments);
        return known.handle((answer, error) -> error == null || !RedisErrors.isAnswer(error, "NOSCRIPT"))
                .thenCompose(done -> done ? known : send(connection, CommandType.EVAL, text, key, arguments));
    }

    private static CompletionStage<List<Object>> send(
            StatefulRedisConnection<byte[], byte[]> connection,
            CommandType type,
            String script,
            byte[] key,
            Consumer<CommandArgs<byte[], byte[]>> arguments) {
        CommandArgs<byte[], byte[]> all =
                new CommandArgs<>(ByteArrayCodec.INSTANCE).add(script).add(1).addKey(key);
        arguments.accept(all);
        return connection.async().dispatch(type, new NestedMultiOutput<>(ByteArrayCodec.INSTANCE), all);
    }
}
