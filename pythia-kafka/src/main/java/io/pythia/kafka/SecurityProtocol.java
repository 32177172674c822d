package io.pythia.kafka;

/** How the connection is secured: {@code security.protocol}. */
public enum SecurityProtocol {
    /** Neither encrypted nor authenticated. */
    PLAINTEXT,
    /** TLS. */
    SSL,
    /** Authenticated, not encrypted. */
    SASL_PLAINTEXT,
    /** TLS and authenticated. */
    SASL_SSL
}
