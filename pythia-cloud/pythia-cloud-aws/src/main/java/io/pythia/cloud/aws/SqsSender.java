package io.pythia.cloud.aws;

import io.pythia.BrokerException;
import io.pythia.DestinationNotFoundException;
import io.pythia.Message;
import io.pythia.spi.WholeSeconds;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchRequest;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchResponse;

/** A queue as a destination. */
final class SqsSender implements BatchSender.Destination {

    /** What a producer's sessions share. */
    record Settings(
            String broker,
            AwsConfig config,
            QueueAddress queue,
            Function<Message, @Nullable Duration> delay,
            String messageGroup,
            boolean contentBasedDeduplication,
            Map<String, MessageAttribute> attributes,
            MissingQueue missingQueue) {}

    private final Settings settings;
    private volatile @Nullable AwsClients clients;
    private volatile @Nullable SqsClient client;
    private volatile @Nullable SqsClient sends;
    private volatile String url = "";

    SqsSender(Settings settings) {
        this.settings = settings;
    }

    @Override
    public String name() {
        return settings.queue.name();
    }

    @Override
    public void open() {
        AwsClients opened = new AwsClients(settings.config);
        clients = opened;
        SqsClient sqs = settings.queue.client(opened);
        client = sqs;
        sends = settings.queue.client(opened.forSending());
        url = settings.queue.open(settings.broker, sqs, settings.missingQueue);
    }

    @Override
    public void look() {
        QueueAddress.look(client(), url);
    }

    @Override
    public AwsMessages.Wire write(Message message) {
        String key = message.key();
        boolean keyIsGroup = settings.queue.isFifo() && key != null && SqsMessages.isToken(key);
        return AwsMessages.write(message, settings.attributes, keyIsGroup).withDelay(delay(message));
    }

    /** Returns the delay of a message in seconds, null for the queue's own. */
    private @Nullable Integer delay(Message message) {
        Duration delay = settings.delay.apply(message);
        if (delay == null) {
            return null;
        }
        if (delay.isNegative()) {
            throw new IllegalArgumentException("its delay must not be negative, but is " + delay);
        }
        return (int) WholeSeconds.of(delay, SqsProducer.LONGEST_DELAY);
    }

    @Override
    public List<BatchSender.Answer> send(List<BatchSender.Entry> entries) {
        List<SendMessageBatchRequestEntry> all = new ArrayList<>(entries.size());
        for (int i = 0; i < entries.size(); i++) {
            all.add(entry(i, entries.get(i)));
        }
        SendMessageBatchResponse response = send(
                SendMessageBatchRequest.builder().queueUrl(url).entries(all).build());
        List<BatchSender.Answer> answers = new ArrayList<>();
        response.successful()
                .forEach(each -> answers.add(BatchSender.Answer.taken(
                        SqsSettler.index(each.id(), entries.size()), each.messageId(), each.sequenceNumber())));
        response.failed()
                .forEach(each -> answers.add(new BatchSender.Answer(
                        SqsSettler.index(each.id(), entries.size()),
                        null,
                        each.code(),
                        each.message(),
                        each.senderFault())));
        return answers;
    }

    /** Sends; if the queue was deleted meanwhile, what a missing queue means applies. */
    private SendMessageBatchResponse send(SendMessageBatchRequest request) {
        try {
            return Objects.requireNonNull(sends, "not open").sendMessageBatch(request);
        } catch (RuntimeException e) {
            BrokerException missing = AwsErrors.translate(settings.broker + ": sending to " + name(), e);
            if (settings.missingQueue == MissingQueue.FAIL || !(missing instanceof DestinationNotFoundException)) {
                throw e;
            }
            url = settings.queue.open(settings.broker, client(), settings.missingQueue);
            throw QueueAddress.retryable(missing);
        }
    }

    private SendMessageBatchRequestEntry entry(int index, BatchSender.Entry entry) {
        Message message = entry.outgoing().message();
        SendMessageBatchRequestEntry.Builder request = SendMessageBatchRequestEntry.builder()
                .id(Integer.toString(index))
                .messageBody(entry.wire().body());
        if (!entry.wire().attributes().isEmpty()) {
            request.messageAttributes(SqsMessages.nativeAttributes(entry.wire().attributes()));
        }
        if (settings.queue.isFifo()) {
            request.messageGroupId(SqsMessages.group(message, settings.messageGroup));
            if (!settings.contentBasedDeduplication) {
                request.messageDeduplicationId(SqsMessages.token(message.id()));
            }
        } else {
            request.delaySeconds(entry.wire().delaySeconds());
        }
        return request.build();
    }

    private SqsClient client() {
        return Objects.requireNonNull(client, "not open");
    }

    @Override
    public void close() {
        AwsClients.close(sends, null);
        AwsClients.close(client, clients);
    }
}
