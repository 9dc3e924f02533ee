package io.trapline.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import org.junit.jupiter.api.Test;

final class TemporaryDirectoryTest {
    @Test
    void isGoneWithEverythingInIt() throws Exception {
        TemporaryDirectory directory = TemporaryDirectory.create(true);
        Files.createDirectory(directory.path().resolve("sub"));
        Files.writeString(directory.path().resolve("sub/file"), "x");

        directory.close();

        assertThat(directory.path()).doesNotExist();
        directory.close();
    }
}
