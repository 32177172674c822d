package io.pythia.cloud.aws;

import io.pythia.ConfigException;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import io.pythia.spi.BrokerProvider;
import io.pythia.spi.BrokerUri;
import io.pythia.spi.Capabilities;
import io.pythia.spi.Settings;
import io.pythia.spi.SettingsReader;
import java.util.Map;

/** Makes {@code sns} known: {@code sns:arn:aws:sns:us-east-1:123456789012:my-topic}. */
public final class SnsBrokerProvider implements BrokerProvider {
    static final Capabilities CAPABILITIES = Capabilities.builder()
            .producerOnly()
            .headers()
            .keys()
            .maxMessageBytes(SnsProducer.MAX_BYTES)
            .build();

    /** For {@link java.util.ServiceLoader}. */
    public SnsBrokerProvider() {}

    @Override
    public String name() {
        return "sns";
    }

    @Override
    public Capabilities capabilities() {
        return CAPABILITIES;
    }

    @Override
    public Map<String, String> fromUri(BrokerUri uri) {
        if (!uri.hosts().isEmpty() || uri.pathText().isEmpty()) {
            throw new ConfigException("sns", "the address is sns:arn:aws:sns:region:account:topic");
        }
        return Map.of("topic-arn", uri.pathText());
    }

    @Override
    public MessageBroker consumer(Settings settings) {
        throw new UnsupportedOperationException(
                "sns has no consumer: subscribe an SQS queue to the topic, and consume it by sqs");
    }

    @Override
    public MessageProducer producer(Settings settings) {
        SettingsReader read = settings.reader();
        SnsProducer.Builder builder = SnsProducer.builder().options(read).config(SqsBrokerProvider.config(read));
        String arn = read.requiredText("topic-arn");
        read.set("topic-arn", arn.isEmpty() ? null : arn, builder::topicArn);
        read.set("subject", read.text("subject"), builder::subject);
        read.set("json-structure", read.read("json-structure", Boolean.class, null), builder::jsonStructure);
        read.set("message-group", read.text("message-group"), builder::messageGroup);
        read.set(
                "content-based-deduplication",
                read.read("content-based-deduplication", Boolean.class, null),
                builder::contentBasedDeduplication);
        read.set("max-message-bytes", read.read("max-message-bytes", Long.class, null), builder::maxMessageBytes);
        read.group("message-attributes")
                .forEach((name, value) -> read.set(
                        "message-attributes." + name,
                        value,
                        text -> builder.messageAttribute(name, MessageAttribute.parse(text))));
        return read.finish(builder::build);
    }
}
