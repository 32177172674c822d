package io.pythia.cloud.aws;

import org.jspecify.annotations.Nullable;

/** The queue that a builder was told: by its URL, or by name and account. Not thread-safe. */
final class QueueChoice {
    private @Nullable QueueAddress byUrl;
    private @Nullable String name;
    private @Nullable String owner;

    void url(String url) {
        byUrl = QueueAddress.ofUrl(url);
    }

    void name(String wanted) {
        name = QueueAddress.ofName(wanted, null).name();
    }

    void owner(String account) {
        owner = QueueAddress.ofName("any", account).owner();
    }

    QueueAddress address() {
        if (byUrl == null && name == null) {
            throw new IllegalArgumentException("queueUrl or queueName must be set");
        }
        if (byUrl != null && (name != null || owner != null)) {
            throw new IllegalArgumentException("queueUrl and queueName or queueOwner exclude each other");
        }
        return byUrl != null ? byUrl : QueueAddress.ofName(java.util.Objects.requireNonNull(name), owner);
    }
}
