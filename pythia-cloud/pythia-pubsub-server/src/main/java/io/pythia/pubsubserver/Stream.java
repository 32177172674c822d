package io.pythia.pubsubserver;

import com.google.pubsub.v1.ReceivedMessage;
import com.google.pubsub.v1.StreamingPullResponse;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The stream of one consumer: what it may still be given, and what it is being given. Confined to the broker's lock, but for its end. */
final class Stream {
    private static final int MAX_MESSAGES = 100;

    final Duration deadline;
    private final ServerCallStreamObserver<StreamingPullResponse> out;
    private final long maxMessages;
    private final long maxBytes;
    private final List<ReceivedMessage> next = new ArrayList<>();
    private long messages;
    private long bytes;
    private boolean ended;

    /** Creates one; a limit of 0 is none. */
    Stream(ServerCallStreamObserver<StreamingPullResponse> out, Duration deadline, long maxMessages, long maxBytes) {
        this.out = out;
        this.deadline = deadline;
        this.maxMessages = maxMessages;
        this.maxBytes = maxBytes;
    }

    synchronized boolean hasRoom() {
        return !ended
                && out.isReady()
                && next.size() < MAX_MESSAGES
                && (maxMessages == 0 || messages < maxMessages)
                && (maxBytes == 0 || bytes < maxBytes);
    }

    synchronized void add(ReceivedMessage message) {
        next.add(message);
        messages++;
        bytes += message.getMessage().getSerializedSize();
    }

    /** A message that it was given is settled, or its lease has ended. */
    synchronized void release(int size) {
        messages--;
        bytes -= size;
    }

    /** Sends what was added. Returns whether that was anything. */
    synchronized boolean flush() {
        if (ended || next.isEmpty()) {
            return false;
        }
        out.onNext(
                StreamingPullResponse.newBuilder().addAllReceivedMessages(next).build());
        next.clear();
        return true;
    }

    synchronized void end(Status status) {
        if (ended) {
            return;
        }
        ended = true;
        if (out.isCancelled()) {
            return;
        }
        if (status.isOk()) {
            out.onCompleted();
        } else {
            out.onError(status.asRuntimeException());
        }
    }
}
