package io.trapline.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LockFileTest {
    @TempDir
    private Path directory;

    @Test
    void oneHasItUntilThatOneGivesItBack() throws IOException {
        Path file = directory.resolve("lock");
        LockFile first = LockFile.take(file).orElseThrow();

        assertThat(LockFile.take(file)).isEmpty();

        first.close();
        try (LockFile again = LockFile.take(file).orElseThrow()) {
            assertThat(again).isNotNull();
        }
        assertThat(Files.exists(file)).isTrue();
    }

    @Test
    void whereItCannotBeIsAnError() {
        assertThatThrownBy(() -> LockFile.take(directory.resolve("missing/lock")))
                .isInstanceOf(NoSuchFileException.class);
    }
}
