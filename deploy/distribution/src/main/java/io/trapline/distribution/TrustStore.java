package io.trapline.distribution;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;

/** The trust store of the runtime: empty. Trapline trusts whom its settings name; jlink would copy the one of the machine that builds. */
final class TrustStore {
    private TrustStore() {}

    /** Writes it, without a password, in place of whatever is there. */
    static void write(Path file) throws IOException, GeneralSecurityException {
        // Without a password there is no salt in it, and its bytes are always the same.
        System.setProperty("keystore.pkcs12.macAlgorithm", "NONE");
        System.setProperty("keystore.pkcs12.certProtectionAlgorithm", "NONE");
        KeyStore empty = KeyStore.getInstance("PKCS12");
        empty.load(null, null);
        Files.deleteIfExists(file);
        try (OutputStream out = Files.newOutputStream(file)) {
            empty.store(out, new char[0]);
        }
    }
}
