package io.trapline.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrustStoreTest {
    @TempDir
    private Path folder;

    @Test
    void trustsNobodyAndLeavesTheStoreOfTheMachineAlone() throws Exception {
        // Given: what jlink copies, a link.
        Path machine = Files.writeString(folder.resolve("of-the-machine"), "its certificates");
        Path cacerts = Files.createSymbolicLink(folder.resolve("cacerts"), machine);

        // When
        TrustStore.write(cacerts);

        // Then
        assertThat(Files.isSymbolicLink(cacerts)).isFalse();
        assertThat(machine).hasContent("its certificates");
        KeyStore store = KeyStore.getInstance(cacerts.toFile(), (char[]) null);
        assertThat(store.size()).isZero();
    }
}
