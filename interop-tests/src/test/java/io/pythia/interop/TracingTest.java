package io.pythia.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.Scope;
import io.opentelemetry.context.propagation.ContextPropagators;
import io.opentelemetry.context.propagation.TextMapGetter;
import io.opentelemetry.context.propagation.TextMapPropagator;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import io.pythia.Headers;
import io.pythia.Message;
import io.pythia.Transform;
import io.pythia.Worker;
import io.pythia.memory.MemoryBroker;
import io.pythia.memory.MemoryConsumer;
import io.pythia.memory.MemoryProducer;
import io.pythia.retry.RetryConfig;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A chain of workers over brokers is one trace, each span with the right parent, and nothing of it stays on a worker's thread. */
@Timeout(120)
class TracingTest {
    private static final int ORDERS = 50;

    // tag::traces[]
    /** Carries traces over brokers, in the headers that the propagator writes: traceparent, say. */
    static final class Traces {
        private static final TextMapGetter<Headers> GETTER = new TextMapGetter<>() {
            @Override
            public Iterable<String> keys(Headers headers) {
                return headers.names();
            }

            @Override
            public @Nullable String get(@Nullable Headers headers, String name) {
                return headers == null ? null : headers.get(name);
            }
        };

        private final Tracer tracer;
        private final TextMapPropagator propagator;

        Traces(OpenTelemetry openTelemetry) {
            tracer = openTelemetry.getTracer("orders");
            propagator = openTelemetry.getPropagators().getTextMapPropagator();
        }

        /** Returns the message with the caller's trace in its headers, in place of one that they had. */
        Message outgoing(Message message) {
            Map<String, String> fields = new HashMap<>();
            propagator.inject(Context.current(), fields, Map::put);
            Headers headers = message.headers();
            for (String name : propagator.fields()) {
                headers = headers.without(name);
            }
            for (Map.Entry<String, String> field : fields.entrySet()) {
                headers = headers.with(field.getKey(), field.getValue());
            }
            return message.toBuilder().headers(headers).build();
        }

        /** Returns what handles each message in a span of its own, whose parent is the sender's; what it returns carries that on. */
        Transform incoming(Transform transform) {
            return message -> {
                Span span = tracer.spanBuilder("process " + message.source())
                        .setSpanKind(SpanKind.CONSUMER)
                        .setParent(propagator.extract(Context.root(), message.headers(), GETTER))
                        .setAttribute("messaging.message.id", message.id())
                        .startSpan();
                try (Scope scope = span.makeCurrent()) {
                    Message result = transform.apply(message);
                    return result == null ? null : outgoing(result);
                } catch (Exception e) {
                    span.recordException(e).setStatus(StatusCode.ERROR);
                    throw e;
                } finally {
                    span.end();
                }
            };
        }
    }
    // end::traces[]

    private final InMemorySpanExporter spans = InMemorySpanExporter.create();
    private final OpenTelemetrySdk telemetry = OpenTelemetrySdk.builder()
            .setTracerProvider(SdkTracerProvider.builder()
                    .addSpanProcessor(SimpleSpanProcessor.create(spans))
                    .build())
            .setPropagators(ContextPropagators.create(W3CTraceContextPropagator.getInstance()))
            .build();
    private final Traces traces = new Traces(telemetry);
    private final MemoryBroker broker = new MemoryBroker();

    @AfterEach
    void close() {
        telemetry.close();
    }

    private MemoryProducer producer(String topic) {
        return MemoryProducer.builder().broker(broker).topic(topic).build();
    }

    private Worker.Builder worker(String topic) {
        return Worker.from(MemoryConsumer.builder()
                        .broker(broker)
                        .topic(topic)
                        .consumerGroup("workers")
                        .build())
                .concurrency(2)
                .retry(RetryConfig.none());
    }

    @Test
    void chainOverTwoWorkers_isOneTrace_eachSpanWithTheRightParent() {
        Tracer tracer = telemetry.getTracer("test");
        try (MemoryProducer orders = producer("orders");
                MemoryProducer bills = producer("bills")) {
            // tag::chain[]
            Worker billing = worker("orders")
                    .transform(traces.incoming(order -> Message.of("bill of " + order.text())))
                    .to(bills)
                    .start();
            Worker printing = worker("bills")
                    .onMessage(traces.incoming(bill -> null)::apply) // sends nothing on
                    .start();
            // end::chain[]
            for (int i = 0; i < ORDERS; i++) {
                Span root = tracer.spanBuilder("order " + i).setNoParent().startSpan();
                try (Scope scope = root.makeCurrent()) {
                    orders.send(traces.outgoing(Message.of("order " + i)));
                } finally {
                    root.end();
                }
            }
            orders.send(Message.of("without a trace"));
            Awaitility.await()
                    .atMost(60, TimeUnit.SECONDS)
                    .until(() -> printing.stats().handled() == ORDERS + 1);
            billing.close();
            printing.close();
        }
        assertChains(spans.getFinishedSpanItems());
    }

    private static void assertChains(List<SpanData> all) {
        assertThat(all).hasSize(3 * ORDERS + 2);
        Map<String, SpanData> byId = all.stream().collect(Collectors.toMap(SpanData::getSpanId, span -> span));
        int whole = 0;
        for (SpanData printed : all) {
            if (printed.getName().equals("process bills")) {
                SpanData billed = byId.get(printed.getParentSpanId());
                assertThat(billed.getName()).isEqualTo("process orders");
                assertThat(billed.getTraceId()).isEqualTo(printed.getTraceId());
                SpanData root = byId.get(billed.getParentSpanId());
                if (root == null) { // of the message without a trace: no other's may have stayed on the thread
                    assertThat(billed.getParentSpanContext()).isEqualTo(SpanContext.getInvalid());
                } else {
                    assertThat(root.getTraceId()).isEqualTo(billed.getTraceId());
                    whole++;
                }
            }
        }
        assertThat(whole).isEqualTo(ORDERS);
    }

    @Test
    void failure_isInItsSpan_andTheThreadIsCleanAfterIt() {
        try (MemoryProducer orders = producer("orders");
                MemoryProducer letters = producer("letters")) {
            Worker failing = worker("orders")
                    .concurrency(1)
                    .deadLetter(letters)
                    .onMessage(traces.incoming(order -> {
                        throw new IllegalStateException("the till is closed");
                    })::apply)
                    .start();
            orders.send(Message.of("1"));
            orders.send(Message.of("2"));
            Awaitility.await()
                    .atMost(60, TimeUnit.SECONDS)
                    .until(() -> failing.stats().deadLettered() == 2);
            failing.close();
        }
        assertThat(spans.getFinishedSpanItems())
                .hasSize(2)
                .allMatch(span -> span.getStatus().getStatusCode() == StatusCode.ERROR)
                .allMatch(span -> !span.getParentSpanContext().isValid());
    }
}
