package io.pythia.cloud.aws;

import java.time.Duration;

/** What a consumer's sessions share. */
record SqsConsumerSettings(
        String name,
        AwsConfig config,
        QueueAddress queue,
        int maxMessages,
        Duration waitTime,
        Duration visibilityTimeout,
        int pollers,
        Duration ackPause,
        MissingQueue missingQueue,
        boolean unwrapSns,
        Duration closeTimeout,
        UnseenReceives unseen) {}
