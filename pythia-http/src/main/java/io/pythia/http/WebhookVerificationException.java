package io.pythia.http;

import io.pythia.BrokerException;

/** A webhook is not genuine, or too old. Answer 400 or 401, and tell the sender no more. */
public final class WebhookVerificationException extends BrokerException {
    private static final long serialVersionUID = 1L;

    WebhookVerificationException(String message) {
        super(message);
    }
}
