package io.pythia.cloud.aws;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The JSON in which SNS wraps a message for a queue whose subscription does not ask for raw delivery.
 *
 * @param message what was published
 * @param subject its subject, null for none
 * @param timestamp when it was published, null if that can't be read
 * @param attributes the attributes
 */
record SnsEnvelope(
        String message,
        @Nullable String subject,
        @Nullable Instant timestamp,
        Map<String, MessageAttribute> attributes) {
    /** The header that has the subject. */
    static final String SUBJECT = "aws-sns-subject";

    private static final JsonFactory JSON = new JsonFactory();

    /** Opens an envelope; null if the body is none. */
    static @Nullable SnsEnvelope read(String body) {
        // Most bodies are none: a look at the text is cheaper than reading it.
        if (!body.startsWith("{") || !body.contains("\"TopicArn\"") || !body.contains("\"Notification\"")) {
            return null;
        }
        try (JsonParser json = JSON.createParser(body)) {
            json.nextToken();
            Map<String, String> texts = new HashMap<>();
            Map<String, MessageAttribute> attributes = new LinkedHashMap<>();
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String name = json.currentName();
                JsonToken value = json.nextToken();
                if (value == JsonToken.VALUE_STRING) {
                    texts.put(name, json.getText());
                } else if (name.equals("MessageAttributes") && value == JsonToken.START_OBJECT) {
                    readAttributes(json, attributes);
                } else {
                    json.skipChildren();
                }
            }
            boolean complete = json.currentToken() == JsonToken.END_OBJECT && json.nextToken() == null;
            String message = texts.get("Message");
            if (!complete
                    || message == null
                    || !"Notification".equals(texts.get("Type"))
                    || !texts.containsKey("TopicArn")) {
                return null;
            }
            return new SnsEnvelope(message, texts.get("Subject"), time(texts.get("Timestamp")), attributes);
        } catch (IOException e) {
            return null; // JSON of somebody else, or none: a body like any other
        }
    }

    private static void readAttributes(JsonParser json, Map<String, MessageAttribute> attributes) throws IOException {
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String name = json.currentName();
            Map<String, String> texts = new HashMap<>();
            if (json.nextToken() != JsonToken.START_OBJECT) {
                json.skipChildren();
                continue;
            }
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String field = json.currentName();
                if (json.nextToken() == JsonToken.VALUE_STRING) {
                    texts.put(field, json.getText());
                } else {
                    json.skipChildren();
                }
            }
            MessageAttribute attribute = attribute(texts.getOrDefault("Type", ""), texts.getOrDefault("Value", ""));
            if (attribute != null) {
                attributes.put(name, attribute);
            }
        }
    }

    private static @Nullable MessageAttribute attribute(String type, String value) {
        if (value.isEmpty()) {
            return null;
        }
        if (type.equals("Binary")) {
            try {
                return MessageAttribute.binary(Base64.getDecoder().decode(value));
            } catch (IllegalArgumentException e) {
                return MessageAttribute.string(value);
            }
        }
        return MessageAttribute.string(value);
    }

    private static @Nullable Instant time(@Nullable String text) {
        try {
            return text == null ? null : Instant.parse(text);
        } catch (DateTimeException e) {
            return null;
        }
    }
}
