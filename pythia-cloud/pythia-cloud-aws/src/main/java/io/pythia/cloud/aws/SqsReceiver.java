package io.pythia.cloud.aws;

import io.pythia.BrokerException;
import io.pythia.DestinationNotFoundException;
import io.pythia.spi.ReceiveDriver;
import io.pythia.spi.Received;
import io.pythia.spi.Settlement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeName;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;
import software.amazon.awssdk.services.sqs.model.ReceiveMessageRequest;

/** One session with a queue. Threads of its own poll, so long as there is room in the inbox. */
final class SqsReceiver implements ReceiveDriver<SqsMessage> {
    private static final Duration PING_LIMIT = Duration.ofSeconds(4);
    /** For what is to be said when the polls have ended, or were given up. */
    private static final Duration LAST_WORDS = Duration.ofSeconds(2);

    /** After the client has tried {@code maxRetries} times, with pauses of its own. */
    private static final Duration THROTTLED_PAUSE = Duration.ofSeconds(1);

    private static final Duration MARGIN = Duration.ofMillis(200);

    private final SqsConsumerSettings settings;
    private final SqsInbox inbox;
    /** Of a long poll, which takes that much longer than another request. */
    private final AwsRequestOverrideConfiguration timeouts;

    private final List<Thread> pollers = new ArrayList<>();
    private final AtomicLong requests = new AtomicLong();
    private final AtomicLong receives = new AtomicLong();
    private final AtomicLong emptyReceives = new AtomicLong();
    private final AtomicLong throttled = new AtomicLong();
    private volatile @Nullable AwsClients clients;
    private volatile @Nullable SqsClient client;
    private volatile @Nullable SqsSettler settler;
    private volatile String url = "";
    private volatile String deadLetterQueue = "";
    private volatile long answeredAt;
    /** When the intake was stopped, 0 if it was not: then a session is closed because it was lost. */
    private volatile long stoppedAt;

    SqsReceiver(SqsConsumerSettings settings) {
        this.settings = settings;
        this.inbox = new SqsInbox(settings.maxMessages(), settings.pollers(), settings.unseen());
        this.timeouts = AwsRequestOverrideConfiguration.builder()
                .apiCallAttemptTimeout(
                        settings.waitTime().plus(settings.config().timeoutOfOneTry()))
                .apiCallTimeout(settings.waitTime().plus(settings.config().timeout()))
                .build();
    }

    @Override
    public void open() {
        try {
            AwsClients opened = new AwsClients(settings.config());
            clients = opened;
            SqsClient sqs = settings.queue().client(opened);
            client = sqs;
            url = settings.queue().open(settings.name(), sqs, settings.missingQueue());
            deadLetterQueue = redrivePolicy(sqs);
            settler = new SqsSettler(settings, sqs, url, inbox, requests);
            answeredAt = System.nanoTime();
        } catch (RuntimeException e) {
            throw AwsErrors.translate(settings.name() + ": opening the queue", e);
        }
    }

    /** Returns what the queue's own dead letters are, empty if there are none or that may not be asked. */
    private String redrivePolicy(SqsClient sqs) {
        try {
            String policy = sqs.getQueueAttributes(
                            r -> r.queueUrl(url).attributeNames(QueueAttributeName.REDRIVE_POLICY))
                    .attributes()
                    .get(QueueAttributeName.REDRIVE_POLICY);
            return policy == null ? "" : policy;
        } catch (RuntimeException e) {
            if (AwsErrors.isDenied(e)) {
                return "";
            }
            throw e;
        }
    }

    @Override
    public List<Received<SqsMessage>> receive(int max, Duration wait) throws InterruptedException {
        if (pollers.isEmpty()) {
            startPolling();
        }
        List<SqsMessage> messages = inbox.take(max, wait);
        List<Received<SqsMessage>> received = new ArrayList<>(messages.size());
        for (SqsMessage each : messages) {
            received.add(new Received<>(each, each, each.attempt(), each.poison()));
        }
        return received;
    }

    private synchronized void startPolling() {
        for (int i = 0; i < settings.pollers() && stoppedAt == 0; i++) {
            Thread thread = new Thread(this::poll, "pythia-" + settings.name() + "-poll");
            thread.setDaemon(true);
            pollers.add(thread);
            thread.start();
        }
    }

    private void poll() {
        try {
            for (int count = inbox.claim(); count > 0; count = inbox.claim()) {
                SqsInbox.Surplus surplus = inbox.put(count, fetch(count));
                if (!surplus.processed().isEmpty()) {
                    settler().deleteAgain(surplus.processed());
                }
                if (!surplus.back().isEmpty()) {
                    settler().release(surplus.back());
                }
            }
        } catch (InterruptedException | RuntimeException | Error e) {
            inbox.fail(lost(e)); // a poller never ends in silence
        }
    }

    private BrokerException lost(Throwable e) {
        BrokerException error = AwsErrors.translate(settings.name() + ": receiving from the queue", e);
        boolean waits = error instanceof DestinationNotFoundException && settings.missingQueue() != MissingQueue.FAIL;
        return waits ? QueueAddress.retryable(error) : error;
    }

    /** Fetches; a service that limits the rate is asked again later, in the same session. */
    private List<SqsMessage> fetch(int count) throws InterruptedException {
        requests.incrementAndGet();
        receives.incrementAndGet();
        List<Message> messages;
        try {
            messages = Objects.requireNonNull(client)
                    .receiveMessage(request(count))
                    .messages();
        } catch (RuntimeException e) {
            if (!AwsErrors.isThrottled(e)) {
                throw e;
            }
            answeredAt = System.nanoTime();
            throttled.incrementAndGet();
            inbox.pause(THROTTLED_PAUSE);
            return List.of();
        }
        long now = System.nanoTime();
        answeredAt = now;
        if (messages.isEmpty()) {
            emptyReceives.incrementAndGet();
        }
        List<SqsMessage> fetched = new ArrayList<>(messages.size());
        for (Message message : messages) {
            fetched.add(new SqsMessage(
                    settings.queue(),
                    message,
                    SqsMessages.read(message, settings.unwrapSns()),
                    settings.unseen().seen(message.messageId(), SqsMessages.receiveCount(message)),
                    now + settings.visibilityTimeout().toNanos()));
        }
        return fetched;
    }

    private ReceiveMessageRequest request(int count) {
        return ReceiveMessageRequest.builder()
                .queueUrl(url)
                .maxNumberOfMessages(count)
                .waitTimeSeconds((int) settings.waitTime().toSeconds())
                .visibilityTimeout((int) settings.visibilityTimeout().toSeconds())
                .messageAttributeNames("All")
                .messageSystemAttributeNames(MessageSystemAttributeName.ALL)
                // A receive whose answer is lost gives the same messages when the client tries it again.
                .receiveRequestAttemptId(
                        settings.queue().isFifo() ? UUID.randomUUID().toString() : null)
                .overrideConfiguration(timeouts)
                .build();
    }

    @Override
    public CompletableFuture<?> settle(List<? extends Settlement<SqsMessage>> batch) {
        return settler().settle(batch);
    }

    @Override
    public void wakeup() {
        inbox.wakeUp();
    }

    @Override
    public void stopIntake() {
        stoppedAt = System.nanoTime();
        settler().hurry();
        settler().release(inbox.stop());
    }

    @Override
    public Duration lease() {
        return settings.visibilityTimeout();
    }

    @Override
    public boolean owns(SqsMessage message) {
        return message.isOurs();
    }

    @Override
    public void ping() {
        if (System.nanoTime() - answeredAt < settings.config().heartbeat().toNanos()) {
            return; // a request costs money
        }
        try {
            requests.incrementAndGet();
            Objects.requireNonNull(client)
                    .getQueueAttributes(r -> r.queueUrl(url)
                            .attributeNames(QueueAttributeName.QUEUE_ARN)
                            .overrideConfiguration(c -> c.apiCallTimeout(PING_LIMIT)));
            answeredAt = System.nanoTime();
        } catch (RuntimeException e) {
            if (!AwsErrors.isDenied(e) && !AwsErrors.isThrottled(e)) {
                throw AwsErrors.translate(settings.name() + ": asking for a sign of life", e);
            }
            answeredAt = System.nanoTime();
        }
    }

    @Override
    public Map<String, String> facts() {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("queue-url", url);
        facts.put("requests", Long.toString(requests.get()));
        facts.put("receives", Long.toString(receives.get()));
        facts.put("empty-receives", Long.toString(emptyReceives.get()));
        facts.put("throttled-receives", Long.toString(throttled.get()));
        facts.put("waiting-in-inbox", Integer.toString(inbox.waiting()));
        if (!deadLetterQueue.isEmpty()) {
            facts.put("redrive-policy", deadLetterQueue);
        }
        return facts;
    }

    private SqsSettler settler() {
        return Objects.requireNonNull(settler, "not open");
    }

    /** What is unsettled goes back. A poll that is cut off keeps what it would have got, so it is waited for, as far as there is time. */
    @Override
    public void close() {
        try {
            SqsSettler open = settler;
            if (open != null) {
                List<SqsMessage> back = new ArrayList<>(inbox.abandon());
                back.addAll(inbox.stop());
                open.release(back);
                if (stoppedAt != 0 && !inbox.hasFailed()) {
                    awaitPolls(settings.closeTimeout().minus(MARGIN));
                }
                open.finish(LAST_WORDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            release();
        }
    }

    private void awaitPolls(Duration limit) throws InterruptedException {
        long deadline = stoppedAt + Math.max(0, limit.toNanos());
        for (Thread thread : polling()) {
            thread.join(Math.max(1, (deadline - System.nanoTime()) / 1_000_000));
        }
    }

    private synchronized List<Thread> polling() {
        return List.copyOf(pollers);
    }

    private void release() {
        polling().forEach(Thread::interrupt);
        SqsSettler open = settler;
        if (open != null) {
            open.close();
        }
        AwsClients.close(client, clients);
    }
}
