package io.pythia.http;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;

/** A certificate with its key, signed by an authority of its own, made by the JDK's keytool. */
final class TestCertificate {
    private static final String PASSWORD = "changeit";
    private static final String ALIAS = "test";

    private static final String AUTHORITY = "authority";

    /** The certificate of the authority that signed it, PEM: one of its own. */
    final Path authority;
    /** The certificate alone, PEM. */
    final Path certificate;
    /** The key, PEM. */
    final Path key;

    private final KeyStore store;

    TestCertificate(Path folder, String name, String... options) throws IOException, GeneralSecurityException {
        Path file = folder.resolve(name + ".p12");
        generate(file, AUTHORITY, "CN=authority of " + name, "-ext", "bc:c", "-validity", "30");
        List<String> signed = new ArrayList<>(List.of("-signer", AUTHORITY));
        signed.addAll(List.of(options));
        generate(file, ALIAS, "CN=" + name, signed.toArray(String[]::new));
        store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(file)) {
            store.load(in, PASSWORD.toCharArray());
        }
        authority = pem(
                folder.resolve(name + ".ca"),
                "CERTIFICATE",
                store.getCertificate(AUTHORITY).getEncoded());
        certificate = pem(
                folder.resolve(name + ".crt"),
                "CERTIFICATE",
                store.getCertificate(ALIAS).getEncoded());
        key = pem(
                folder.resolve(name + ".key"),
                "PRIVATE KEY",
                store.getKey(ALIAS, PASSWORD.toCharArray()).getEncoded());
    }

    private static void generate(Path file, String alias, String owner, String... options) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                alias,
                "-keyalg",
                "EC",
                "-storetype",
                "PKCS12",
                "-keystore",
                file.toString(),
                "-storepass",
                PASSWORD,
                "-dname",
                owner));
        command.addAll(List.of(options));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            if (process.waitFor() != 0) {
                throw new IOException(output);
            }
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    private static Path pem(Path file, String kind, byte[] der) throws IOException {
        String base64 = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
        return Files.writeString(file, "-----BEGIN " + kind + "-----\n" + base64 + "\n-----END " + kind + "-----\n");
    }

    /** Returns what a server with this certificate uses; it trusts clients of the same authority. */
    SSLSocketFactory serverSockets() throws GeneralSecurityException {
        KeyStore own = empty();
        own.setKeyEntry(
                ALIAS,
                store.getKey(ALIAS, PASSWORD.toCharArray()),
                PASSWORD.toCharArray(),
                store.getCertificateChain(ALIAS));
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(own, PASSWORD.toCharArray());
        KeyStore trusted = empty();
        trusted.setCertificateEntry(AUTHORITY, store.getCertificate(AUTHORITY));
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        return context.getSocketFactory();
    }

    private static KeyStore empty() throws GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try {
            store.load(null, null);
        } catch (IOException e) {
            throw new GeneralSecurityException(e);
        }
        return store;
    }
}
