package io.pythia.internal;

import io.pythia.ConfigException;
import io.pythia.ConfigException.Problem;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;

/** Reads PEM files. An error names the setting and the file, never what is in it. */
public final class Pem {
    private static final String KEY_BEGIN = "-----BEGIN PRIVATE KEY-----";
    private static final String KEY_END = "-----END PRIVATE KEY-----";
    private static final List<String> KEY_KINDS = List.of("RSA", "EC", "Ed25519");

    private Pem() {}

    /** Returns the certificates of a file, at least one. */
    public static List<X509Certificate> certificates(String setting, Path file) {
        try {
            byte[] bytes = read(setting, file).getBytes(StandardCharsets.UTF_8);
            List<X509Certificate> certificates =
                    CertificateFactory.getInstance("X.509")
                            .generateCertificates(new ByteArrayInputStream(bytes))
                            .stream()
                            .map(X509Certificate.class::cast)
                            .toList();
            if (certificates.isEmpty()) {
                throw problem(setting, file, "has no certificate (BEGIN CERTIFICATE)");
            }
            return certificates;
        } catch (CertificateException e) {
            throw problem(setting, file, "has a certificate that can't be read");
        }
    }

    /** Returns the private key of a file. */
    public static PrivateKey privateKey(String setting, Path file) {
        String text = read(setting, file);
        int begin = text.indexOf(KEY_BEGIN);
        int end = text.indexOf(KEY_END);
        if (begin < 0 || end < begin) {
            throw problem(
                    setting,
                    file,
                    "has no unencrypted PKCS#8 key (BEGIN PRIVATE KEY); convert it with: openssl pkcs8 -topk8 -nocrypt");
        }
        byte[] der;
        try {
            der = Base64.getMimeDecoder().decode(text.substring(begin + KEY_BEGIN.length(), end));
        } catch (IllegalArgumentException e) {
            throw problem(setting, file, "has a key that is not Base64");
        }
        for (String kind : KEY_KINDS) {
            try {
                return KeyFactory.getInstance(kind).generatePrivate(new PKCS8EncodedKeySpec(der));
            } catch (GeneralSecurityException e) {
                // another kind, perhaps
            }
        }
        throw problem(setting, file, "has a key that is none of " + KEY_KINDS);
    }

    /** Returns the text of a file. */
    public static String read(String setting, Path file) {
        try {
            return Files.readString(file, StandardCharsets.US_ASCII);
        } catch (IOException e) {
            throw problem(setting, file, "can't be read: " + e.getClass().getSimpleName());
        }
    }

    private static ConfigException problem(String setting, Path file, String problem) {
        return new ConfigException("TLS", List.of(new Problem(setting, file.toString(), problem)));
    }
}
