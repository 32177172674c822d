package io.pythia.testkit.server;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/** An authority and certificates of it, made by the JDK's keytool, as PEM files in a folder. */
public final class TestCertificates {
    private static final String PASSWORD = "changeit";

    private final Path folder;

    /** Creates one that writes to a folder. */
    public TestCertificates(Path folder) {
        this.folder = folder;
    }

    /** Makes an authority; returns its certificate. */
    public Path authority(String name) throws IOException {
        Path store = store(name);
        keytool(store, "-genkeypair", "-alias", "it", "-dname", "CN=" + name, "-ext", "bc:c", "-validity", "30");
        Path certificate = folder.resolve(name + ".pem");
        keytool(store, "-exportcert", "-rfc", "-alias", "it", "-file", certificate.toString());
        return certificate;
    }

    /**
     * Makes a certificate of an authority; returns it, and writes its key beside it.
     *
     * @param names for whom, for instance {@code ip:127.0.0.1,dns:localhost}
     * @param startDate when it begins to be valid, for one day: {@code -0d}, or {@code -3d} for one that has expired
     */
    public Path certificate(String authority, String name, String names, String startDate) throws IOException {
        Path store = store(name);
        Path request = folder.resolve(name + ".csr");
        Path certificate = folder.resolve(name + ".pem");
        keytool(store, "-genkeypair", "-alias", "it", "-dname", "CN=" + name, "-validity", "30");
        keytool(store, "-certreq", "-alias", "it", "-file", request.toString());
        keytool(
                store(authority),
                "-gencert",
                "-alias",
                "it",
                "-rfc",
                "-startdate",
                startDate,
                "-validity",
                "1",
                "-ext",
                "san=" + names,
                "-infile",
                request.toString(),
                "-outfile",
                certificate.toString());
        writeKey(store, key(name));
        return certificate;
    }

    /** Returns the file with the key of a certificate. */
    public Path key(String name) {
        return folder.resolve(name + ".key");
    }

    private Path store(String name) {
        return folder.resolve(name + ".p12");
    }

    private static void writeKey(Path store, Path file) throws IOException {
        try {
            KeyStore keys = KeyStore.getInstance(store.toFile(), PASSWORD.toCharArray());
            Key key = Objects.requireNonNull(keys.getKey("it", PASSWORD.toCharArray()));
            String base64 = Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII))
                    .encodeToString(key.getEncoded());
            Files.writeString(file, "-----BEGIN PRIVATE KEY-----\n" + base64 + "\n-----END PRIVATE KEY-----\n");
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private void keytool(Path store, String... words) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString()));
        command.addAll(List.of(words));
        command.addAll(List.of("-keystore", store.toString(), "-storetype", "PKCS12", "-storepass", PASSWORD));
        if (words[0].equals("-genkeypair")) {
            command.addAll(List.of("-keyalg", "RSA", "-keysize", "2048"));
        }
        Path log = folder.resolve("keytool.log");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
                process.destroyForcibly();
                throw new IllegalStateException(words[0] + " failed: " + Files.readString(log));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
