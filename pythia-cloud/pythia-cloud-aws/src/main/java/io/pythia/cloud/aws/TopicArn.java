package io.pythia.cloud.aws;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which topic.
 *
 * @param arn its ARN
 * @param region the region that the ARN names
 * @param name its name
 */
record TopicArn(String arn, String region, String name) {
    private static final Pattern ARN = Pattern.compile(
            "arn:aws[a-z-]{0,20}:sns:([a-z0-9-]{1,63}):[0-9]{12}:([A-Za-z0-9_-]{1,256}|[A-Za-z0-9_-]{1,251}\\.fifo)");

    static TopicArn parse(String arn) {
        Matcher matcher = ARN.matcher(arn);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "topicArn must be the ARN of a topic, like arn:aws:sns:us-east-1:123456789012:my-topic");
        }
        return new TopicArn(arn, matcher.group(1), matcher.group(2));
    }

    boolean isFifo() {
        return name.endsWith(".fifo");
    }
}
