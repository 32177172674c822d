package io.pythia.cloud.aws;

import io.pythia.Headers;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.MessageAttributeValue;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeName;

/** What a message of a queue and a message are to each other. */
final class SqsMessages {
    /** The group of messages without a key, if nothing else is set; it is not taken for a key. */
    static final String NO_KEY_GROUP = "pythia-no-key";

    private static final int MAX_COUNT = 1_000_000;
    /** What may be a message group or a de-duplication id. */
    private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9!\"#$%&'()*+,./:;<=>?@\\[\\\\\\]^_`{|}~-]{1,128}");

    /**
     * What a message holds.
     *
     * @param id the sender's, null if it chose none
     * @param poison why the rest could not be read; then the body is as it came, and there is nothing else
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Content(
            byte[] body,
            Headers headers,
            @Nullable String id,
            @Nullable String key,
            Instant timestamp,
            @Nullable Throwable poison) {}

    private SqsMessages() {}

    /**
     * Reads a message; also one that came by a topic, raw or in its envelope, and one of another program.
     *
     * @param unwrap whether an envelope of SNS is opened
     */
    static Content read(Message message, boolean unwrap) {
        Instant sent = millis(message, MessageSystemAttributeName.SENT_TIMESTAMP);
        try {
            SnsEnvelope envelope = unwrap ? SnsEnvelope.read(message.body()) : null;
            AwsMessages.Read read = envelope == null
                    ? AwsMessages.read(message.body(), attributes(message))
                    : AwsMessages.read(envelope.message(), envelope.attributes());
            Headers headers = read.headers();
            if (envelope != null && envelope.subject() != null && !headers.contains(SnsEnvelope.SUBJECT)) {
                headers = headers.with(SnsEnvelope.SUBJECT, envelope.subject());
            }
            String group = systemAttribute(message, MessageSystemAttributeName.MESSAGE_GROUP_ID);
            String key = read.key() != null || group == null || group.equals(NO_KEY_GROUP) ? read.key() : group;
            Instant time = envelope != null && envelope.timestamp() != null ? envelope.timestamp() : sent;
            return new Content(read.body(), headers, read.id(), key, time, null);
        } catch (IllegalArgumentException e) {
            return new Content(SqsMessage.raw(message), Headers.empty(), null, null, sent, e);
        }
    }

    private static Map<String, MessageAttribute> attributes(Message message) {
        if (!message.hasMessageAttributes()) {
            return Map.of();
        }
        Map<String, MessageAttribute> attributes = new LinkedHashMap<>();
        message.messageAttributes().forEach((name, value) -> {
            MessageAttribute attribute = attribute(value);
            if (attribute != null) {
                attributes.put(name, attribute);
            }
        });
        return attributes;
    }

    private static @Nullable MessageAttribute attribute(MessageAttributeValue value) {
        SdkBytes binary = value.binaryValue();
        if (binary != null && binary.asByteArrayUnsafe().length > 0) {
            return new MessageAttribute("Binary", null, binary.asByteArray());
        }
        String text = value.stringValue();
        return text == null || text.isEmpty() ? null : MessageAttribute.string(text);
    }

    /** Returns how often SQS has delivered it, this time included; what another program forges is not believed. */
    static int receiveCount(Message message) {
        String count = systemAttribute(message, MessageSystemAttributeName.APPROXIMATE_RECEIVE_COUNT);
        try {
            return count == null ? 1 : Math.max(1, Math.min(MAX_COUNT, Integer.parseInt(count)));
        } catch (NumberFormatException e) {
            return 1;
        }
    }

    /** Returns what SQS says of a message, null if it does not; {@code Message.attributes} would copy all of it each time. */
    static @Nullable String systemAttribute(Message message, MessageSystemAttributeName name) {
        return message.attributesAsStrings().get(name.toString());
    }

    private static Instant millis(Message message, MessageSystemAttributeName name) {
        String millis = systemAttribute(message, name);
        try {
            return millis == null ? Instant.now() : Instant.ofEpochMilli(Long.parseLong(millis));
        } catch (NumberFormatException e) {
            return Instant.now();
        }
    }

    static Map<String, MessageAttributeValue> nativeAttributes(Map<String, MessageAttribute> attributes) {
        Map<String, MessageAttributeValue> values = new LinkedHashMap<>();
        attributes.forEach((name, attribute) -> {
            MessageAttributeValue.Builder value =
                    MessageAttributeValue.builder().dataType(attribute.dataType());
            values.put(
                    name,
                    attribute.binaryValue() == null
                            ? value.stringValue(attribute.stringValue()).build()
                            : value.binaryValue(SdkBytes.fromByteArray(attribute.binaryValue()))
                                    .build());
        });
        return values;
    }

    /** Returns whether a text can be a message group or a de-duplication id as it is. */
    static boolean isToken(String text) {
        return TOKEN.matcher(text).matches() && !text.equals(NO_KEY_GROUP);
    }

    /** Returns the message group of a message: its key, or the given one if it has none. */
    static String group(io.pythia.Message message, String withoutKey) {
        String key = message.key();
        return key == null ? withoutKey : token(key);
    }

    /** Returns the text, or a digest of it if SQS would not take it. */
    static String token(String text) {
        if (isToken(text)) {
            return text;
        }
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return "sha256-" + HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
