package io.pythia.kafka;

import io.pythia.TlsConfig;
import io.pythia.internal.Pem;
import java.nio.file.Path;
import java.util.Map;

/** A {@link TlsConfig} in the client's own words. */
final class KafkaTls {
    private KafkaTls() {}

    static void add(Map<String, Object> properties, TlsConfig tls) {
        tls.sslContext(); // says what is wrong with a file, which the client does not
        Path ca = tls.caFile();
        if (ca != null) {
            properties.put("ssl.truststore.type", "PEM");
            properties.put("ssl.truststore.certificates", Pem.read("caFile", ca));
        }
        Path certificate = tls.certificateFile();
        Path key = tls.keyFile();
        if (certificate != null && key != null) {
            properties.put("ssl.keystore.type", "PEM");
            properties.put("ssl.keystore.certificate.chain", Pem.read("certificateFile", certificate));
            properties.put("ssl.keystore.key", Pem.read("keyFile", key));
        }
        properties.put("ssl.endpoint.identification.algorithm", tls.verifyHostname() ? "https" : "");
    }
}
