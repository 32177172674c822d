package io.pythia.cloud.gcp;

import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Stands before a server and answers calls in its place, as a test says. Counts the calls of each method. Thread-safe. */
final class Script implements ServerInterceptor {
    /** A status that is never sent: the call stays without an answer. */
    static final Status SILENCE = Status.CANCELLED.withDescription("silence");

    private final Map<String, Function<Object, @Nullable Status>> answers = new ConcurrentHashMap<>();
    private final Map<String, AtomicInteger> calls = new ConcurrentHashMap<>();

    /** Sets what a method answers to a request; null where the server itself shall. */
    void on(String method, Function<Object, @Nullable Status> answer) {
        answers.put(method, answer);
    }

    /** Lets a method fail so many times. */
    void fail(String method, int times, Status status) {
        AtomicInteger left = new AtomicInteger(times);
        on(method, request -> left.getAndDecrement() > 0 ? status : null);
    }

    void clear() {
        answers.clear();
    }

    int calls(String method) {
        return calls.computeIfAbsent(method, m -> new AtomicInteger()).get();
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        String method = String.valueOf(call.getMethodDescriptor().getBareMethodName());
        calls.computeIfAbsent(method, m -> new AtomicInteger()).incrementAndGet();
        return new SimpleForwardingServerCallListener<>(next.startCall(call, headers)) {
            private boolean answered;

            @Override
            public void onMessage(Q request) {
                Function<Object, @Nullable Status> answer = answers.get(method);
                Status status = answer == null ? null : answer.apply(request);
                if (status == null) {
                    super.onMessage(request);
                } else {
                    answered = true;
                    if (status != SILENCE) {
                        call.close(status, new Metadata());
                    }
                }
            }

            @Override
            public void onHalfClose() {
                if (!answered) {
                    super.onHalfClose();
                }
            }
        };
    }
}
