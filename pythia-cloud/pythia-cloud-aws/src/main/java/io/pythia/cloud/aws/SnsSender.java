package io.pythia.cloud.aws;

import io.pythia.Message;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.sns.SnsClient;
import software.amazon.awssdk.services.sns.model.MessageAttributeValue;
import software.amazon.awssdk.services.sns.model.PublishBatchRequestEntry;
import software.amazon.awssdk.services.sns.model.PublishBatchResponse;

/** A topic as a destination. */
final class SnsSender implements BatchSender.Destination {

    /** What a producer's sessions share. */
    record Settings(
            AwsConfig config,
            TopicArn topic,
            Map<String, MessageAttribute> attributes,
            @Nullable String subject,
            boolean jsonStructure,
            String messageGroup,
            boolean contentBasedDeduplication) {}

    private final Settings settings;
    private volatile @Nullable AwsClients clients;
    private volatile @Nullable SnsClient client;
    private volatile @Nullable SnsClient sends;

    SnsSender(Settings settings) {
        this.settings = settings;
    }

    @Override
    public String name() {
        return settings.topic.name();
    }

    @Override
    public void open() {
        AwsClients opened = new AwsClients(settings.config);
        clients = opened;
        client = opened.sns(settings.topic.region());
        sends = opened.forSending().sns(settings.topic.region());
        try {
            look();
        } catch (RuntimeException e) {
            if (!AwsErrors.isDenied(e)) {
                throw e;
            }
            // It may be allowed to publish all the same: the first message will tell.
        }
    }

    @Override
    public void look() {
        client().getTopicAttributes(r -> r.topicArn(settings.topic.arn()));
    }

    @Override
    public AwsMessages.Wire write(Message message) {
        return AwsMessages.write(message, settings.attributes, false);
    }

    @Override
    public List<BatchSender.Answer> send(List<BatchSender.Entry> entries) {
        List<PublishBatchRequestEntry> all = new ArrayList<>(entries.size());
        for (int i = 0; i < entries.size(); i++) {
            all.add(entry(i, entries.get(i)));
        }
        PublishBatchResponse response = Objects.requireNonNull(sends, "not open")
                .publishBatch(r -> r.topicArn(settings.topic.arn()).publishBatchRequestEntries(all));
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

    private PublishBatchRequestEntry entry(int index, BatchSender.Entry entry) {
        Message message = entry.outgoing().message();
        String own = message.headers().get(SnsEnvelope.SUBJECT);
        PublishBatchRequestEntry.Builder request = PublishBatchRequestEntry.builder()
                .id(Integer.toString(index))
                .message(entry.wire().body())
                .subject(own != null ? own : settings.subject)
                .messageStructure(settings.jsonStructure ? "json" : null);
        if (!entry.wire().attributes().isEmpty()) {
            request.messageAttributes(attributes(entry.wire().attributes()));
        }
        if (settings.topic.isFifo()) {
            request.messageGroupId(SqsMessages.group(message, settings.messageGroup));
            if (!settings.contentBasedDeduplication) {
                request.messageDeduplicationId(SqsMessages.token(message.id()));
            }
        }
        return request.build();
    }

    private static Map<String, MessageAttributeValue> attributes(Map<String, MessageAttribute> attributes) {
        Map<String, MessageAttributeValue> values = new LinkedHashMap<>();
        attributes.forEach((name, attribute) -> {
            byte[] binary = attribute.binaryValue();
            values.put(
                    name,
                    MessageAttributeValue.builder()
                            .dataType(attribute.dataType())
                            .stringValue(attribute.stringValue())
                            .binaryValue(binary == null ? null : SdkBytes.fromByteArray(binary))
                            .build());
        });
        return values;
    }

    private SnsClient client() {
        return Objects.requireNonNull(client, "not open");
    }

    @Override
    public void close() {
        AwsClients.close(sends, null);
        AwsClients.close(client, clients);
    }
}
