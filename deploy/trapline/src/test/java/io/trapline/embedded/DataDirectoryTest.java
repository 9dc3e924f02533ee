package io.trapline.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DataDirectoryTest {
    @TempDir
    Path folder;

    @Test
    void makesWhatIsMissingAndKeepsIt() throws Exception {
        Path wanted = folder.resolve("a/b");

        DataDirectory.open(Optional.of(wanted)).close();

        assertThat(wanted).isDirectory();
    }

    @Test
    void deletesATemporaryOne() throws Exception {
        DataDirectory data = DataDirectory.open(Optional.empty());
        Files.createDirectory(data.path().resolve("sub"));
        Files.writeString(data.path().resolve("sub/file"), "x");

        data.close();

        assertThat(data.path()).doesNotExist();
    }

    @Test
    void refusesOneThatIsHeld() throws Exception {
        try (DataDirectory held = DataDirectory.open(Optional.of(folder))) {
            assertThatThrownBy(() -> DataDirectory.open(Optional.of(held.path())))
                    .isInstanceOf(StartException.class)
                    .hasMessageContaining("in use by another process");
        }
        DataDirectory.open(Optional.of(folder)).close();
    }

    @Test
    void refusesWhatIsNoDirectory() throws Exception {
        Path file = Files.writeString(folder.resolve("file"), "x");

        assertThatThrownBy(() -> DataDirectory.open(Optional.of(file)))
                .isInstanceOf(StartException.class)
                .hasMessageContaining("not a directory");
        assertThatThrownBy(() -> DataDirectory.open(Optional.of(file.resolve("below"))))
                .isInstanceOf(StartException.class)
                .hasMessageContaining("data directory");
    }

    @Test
    void refusesWhereNothingCanBeWritten() {
        assertThatThrownBy(() -> DataDirectory.open(Optional.of(Path.of("/proc/1/trapline"))))
                .isInstanceOf(StartException.class)
                .hasMessageContaining("cannot be made");
    }
}
