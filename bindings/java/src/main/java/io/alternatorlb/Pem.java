package io.alternatorlb;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Certificates and keys as PEM. Errors name the file, and never what is in it. */
final class Pem {
    private static final Pattern CERTIFICATE =
            Pattern.compile("-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----");
    private static final Pattern KEY = Pattern.compile("-----BEGIN PRIVATE KEY-----([^-]*)-----END PRIVATE KEY-----");
    private static final List<String> ALGORITHMS = List.of("EC", "RSA", "Ed25519");

    private Pem() {}

    static String read(Path path) {
        try {
            return new String(Files.readAllBytes(path), StandardCharsets.ISO_8859_1);
        } catch (IOException error) {
            throw new IllegalArgumentException("the PEM file " + path + " can't be read: " + error, error);
        }
    }

    static List<X509Certificate> certificates(Path path) {
        List<X509Certificate> found = new ArrayList<>();
        Matcher blocks = CERTIFICATE.matcher(read(path));
        try {
            CertificateFactory factory = CertificateFactory.getInstance("X.509");
            while (blocks.find()) {
                Certificate certificate = factory.generateCertificate(
                        new ByteArrayInputStream(Base64.getMimeDecoder().decode(blocks.group(1))));
                found.add((X509Certificate) certificate);
            }
        } catch (CertificateException | IllegalArgumentException error) {
            throw new IllegalArgumentException(
                    "the PEM file " + path + " holds a certificate that can't be read: " + error.getMessage(), error);
        }
        if (found.isEmpty()) {
            throw new IllegalArgumentException("the PEM file " + path + " holds no certificate");
        }
        return found;
    }

    static PrivateKey key(Path path) {
        Matcher block = KEY.matcher(read(path));
        if (!block.find()) {
            throw new IllegalArgumentException(
                    "the PEM file " + path + " holds no private key in PKCS #8 (BEGIN PRIVATE KEY); "
                            + "`openssl pkcs8 -topk8 -nocrypt` makes one of other forms");
        }
        PKCS8EncodedKeySpec encoded =
                new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(block.group(1)));
        for (String algorithm : ALGORITHMS) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(encoded);
            } catch (InvalidKeySpecException another) {
                continue;
            } catch (GeneralSecurityException unsupported) {
                throw new IllegalStateException("this Java platform has no " + algorithm, unsupported);
            }
        }
        throw new IllegalArgumentException(
                "the key in the PEM file " + path + " is of a kind that is not supported: " + ALGORITHMS + " are");
    }

    static String certificates(List<X509Certificate> certificates) {
        StringBuilder text = new StringBuilder();
        Base64.Encoder encoder = Base64.getMimeEncoder(64, new byte[] {'\n'});
        try {
            for (X509Certificate certificate : certificates) {
                text.append("-----BEGIN CERTIFICATE-----\n")
                        .append(encoder.encodeToString(certificate.getEncoded()))
                        .append("\n-----END CERTIFICATE-----\n");
            }
        } catch (CertificateException impossible) {
            throw new IllegalStateException("a certificate that was read can't be written", impossible);
        }
        return text.toString();
    }
}
