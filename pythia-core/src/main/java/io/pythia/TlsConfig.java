package io.pythia;

import io.pythia.internal.Pem;
import io.pythia.spi.Setting;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Objects;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * Certificates for TLS, from PEM files. Host names are verified unless that is switched off in so many words.
 *
 * @param caFile the certificates to trust, PEM; null for those of the JDK
 * @param certificateFile this client's certificate chain, PEM; null for none
 * @param keyFile this client's private key, PEM in PKCS#8 ({@code BEGIN PRIVATE KEY}), unencrypted; null for none
 * @param verifyHostname whether the broker's certificate must be for the host that was asked for
 */
public record TlsConfig(
        @Setting("The certificates to trust, PEM; default: those of the JDK") @Nullable
        Path caFile,

        @Setting("This client's certificate chain, PEM") @Nullable
        Path certificateFile,

        @Setting("This client's private key, PEM in PKCS#8") @Nullable
        Path keyFile,

        @Setting("Whether the broker's certificate must be for the host that was asked for")
        boolean verifyHostname) {

    /** Checks that certificate and key come together. */
    public TlsConfig {
        if ((certificateFile == null) != (keyFile == null)) {
            throw new IllegalArgumentException(
                    "certificateFile and keyFile come together, but only one of them is set");
        }
    }

    /** Returns the JDK's certificates, no certificate of its own, host names verified. */
    public static TlsConfig defaults() {
        return new TlsConfig(null, null, null, true);
    }

    /** Returns a configuration that trusts the certificates of a PEM file. */
    public static TlsConfig trusting(Path caFile) {
        return new TlsConfig(Objects.requireNonNull(caFile, "caFile"), null, null, true);
    }

    /** Returns a copy with a client certificate. */
    public TlsConfig withClientCertificate(Path certificate, Path key) {
        return new TlsConfig(caFile, certificate, key, verifyHostname);
    }

    /** Returns a copy that accepts a certificate for any host: whoever has a certificate of a trusted authority can listen in. */
    public TlsConfig withoutHostnameVerification() {
        return new TlsConfig(caFile, certificateFile, keyFile, false);
    }

    /**
     * Returns a TLS context with these certificates. Reads the files at every call.
     *
     * @throws ConfigException if a file can't be read or does not hold what it should; names the file, never its contents
     */
    public SSLContext sslContext() {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            KeyManagerFactory keys = keyManagers();
            TrustManagerFactory trust = trustManagers();
            context.init(
                    keys == null ? null : keys.getKeyManagers(), trust == null ? null : trust.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException | IOException e) {
            throw new ConfigException("TLS", "the certificates can't be used: " + e.getMessage());
        }
    }

    private @Nullable TrustManagerFactory trustManagers() throws GeneralSecurityException, IOException {
        if (caFile == null) {
            return null;
        }
        KeyStore store = emptyStore();
        int number = 0;
        for (X509Certificate certificate : Pem.certificates("caFile", caFile)) {
            store.setCertificateEntry("ca-" + number++, certificate);
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        return factory;
    }

    private @Nullable KeyManagerFactory keyManagers() throws GeneralSecurityException, IOException {
        if (certificateFile == null || keyFile == null) {
            return null;
        }
        List<X509Certificate> chain = Pem.certificates("certificateFile", certificateFile);
        PrivateKey key = Pem.privateKey("keyFile", keyFile);
        KeyStore store = emptyStore();
        store.setKeyEntry("client", key, new char[0], chain.toArray(Certificate[]::new));
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, new char[0]);
        return factory;
    }

    private static KeyStore emptyStore() throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        return store;
    }
}
