package io.trapline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.process.InProcessCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is wrong is said in one line that names it, and changes nothing. */
@Timeout(120)
@DisplayName("coordinator backup, restore, add, replace: wrong input")
final class BackupCommandsTest {
    private static final String SELF = "c1=127.0.0.1:17421,127.0.0.1:17420";

    @TempDir
    private static Path shared;

    private static InProcessCluster cluster;
    private static Path original;

    @TempDir
    private Path directory;

    private final Shell shell = new Shell();
    private Path file;
    private Path data;

    @BeforeAll
    static void start() throws Exception {
        cluster = InProcessCluster.start(1, 1, shared.resolve("data"));
        original = shared.resolve("registry.backup");
        Shell shell = new Shell();
        assertThat(shell.run("coordinator", "backup", original.toString(), "--connect", cluster.addresses()))
                .as(shell.err())
                .isZero();
        assertThat(shell.out()).startsWith(original + ": revision ").contains(", SHA-256 ");
    }

    @AfterAll
    static void end() {
        cluster.close();
    }

    @BeforeEach
    void copy() throws IOException {
        file = Files.copy(original, directory.resolve("registry.backup"));
        data = directory.resolve("data");
    }

    private void refuses(int exit, String what, String... command) {
        assertThat(shell.run(command)).as(shell.err()).isEqualTo(exit);
        assertThat(shell.err().lines()).singleElement().asString().contains(what);
    }

    private void restoreRefuses(int exit, String what, String... more) {
        List<String> command = new ArrayList<>(List.of("coordinator", "restore", file.toString()));
        command.addAll(List.of("--data", data.toString(), "--id", "c1", "--peers", SELF));
        command.addAll(List.of(more));
        refuses(exit, what, command.toArray(String[]::new));
    }

    private void assertNothingWasRestored() {
        assertThat(data).doesNotExist();
        assertThat(directory.resolve("registry.backup.restored")).doesNotExist();
    }

    @Test
    void aBackupIsWrittenWholeOrNotAtAll() throws IOException {
        Path there = Files.writeString(directory.resolve("there"), "x");
        refuses(ExitCode.USAGE, there + ", which is there already", backup(there));
        refuses(ExitCode.CHECK_FAILED, directory.resolve("nowhere").toString(), backup(directory.resolve("nowhere/b")));
        refuses(ExitCode.CHECK_FAILED, there.toString(), backup(there.resolve("b")));
        refuses(
                ExitCode.UNREACHABLE,
                "127.0.0.1:1",
                "coordinator",
                "backup",
                directory.resolve("b").toString(),
                "--connect",
                "127.0.0.1:1",
                "--patience",
                "100ms");

        assertThat(there).hasContent("x");
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files).containsExactlyInAnyOrder(there, file);
        }
    }

    private static String[] backup(Path to) {
        return new String[] {"coordinator", "backup", to.toString(), "--connect", cluster.addresses()};
    }

    @Test
    void namesWhatIsMissingOrMalformed() {
        refuses(ExitCode.USAGE, "--data", "coordinator", "restore", file.toString(), "--id", "c1", "--peers", SELF);
        refuses(
                ExitCode.USAGE,
                "--id",
                "coordinator",
                "restore",
                file.toString(),
                "--data",
                data.toString(),
                "--peers",
                SELF);
        refuses(
                ExitCode.USAGE,
                "--peers",
                "coordinator",
                "restore",
                file.toString(),
                "--data",
                data.toString(),
                "--id",
                "c1");
        refuses(
                ExitCode.USAGE,
                "c2 is none of the peers",
                "coordinator",
                "restore",
                file.toString(),
                "--data",
                data.toString(),
                "--id",
                "c2",
                "--peers",
                SELF);
        restoreRefuses(ExitCode.USAGE, "--generation is 0, not 1", "--generation", "0");
        restoreRefuses(ExitCode.USAGE, "--generation is 40000, not 1", "--generation", "40000");
        restoreRefuses(ExitCode.USAGE, "'--generation': 'many'", "--generation", "many");
        restoreRefuses(ExitCode.USAGE, "'nobody' is no UUID", "--cluster-id", "nobody");
        assertNothingWasRestored();
    }

    @Test
    void refusesAFileThatIsNotThereOrNotAsItWasWritten() throws IOException {
        byte[] whole = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(whole, whole.length - 1));
        restoreRefuses(ExitCode.CHECK_FAILED, file + ": is not as it was written: its SHA-256 does not match");
        whole[whole.length / 2] ^= 1;
        Files.write(file, whole);
        restoreRefuses(ExitCode.CHECK_FAILED, file + ": is not as it was written: its SHA-256 does not match");
        Files.writeString(file, "hello");
        restoreRefuses(ExitCode.CHECK_FAILED, file + ": is no backup of a registry");
        Files.delete(file);
        restoreRefuses(ExitCode.CHECK_FAILED, file.toString());
        assertNothingWasRestored();
    }

    @Test
    void refusesADirectoryThatCannotBeOne() throws IOException {
        Files.writeString(data, "x");
        restoreRefuses(ExitCode.CHECK_FAILED, data.toString());
        Files.delete(data);
        Files.createDirectories(data.resolve("mine"));
        restoreRefuses(ExitCode.CHECK_FAILED, "data directory " + data + ": is not empty");
        assertThat(data).isDirectoryContaining(each -> each.endsWith("mine"));
        assertThat(directory.resolve("registry.backup.restored")).doesNotExist();
    }

    @Test
    void refusesTheSameBackupASecondTime() {
        assertThat(shell.run(
                        "coordinator",
                        "restore",
                        file.toString(),
                        "--data",
                        data.toString(),
                        "--id",
                        "c1",
                        "--peers",
                        SELF))
                .as(shell.err())
                .isZero();
        assertThat(shell.out()).startsWith(data + ": coordinator c1 of cluster ");
        data = directory.resolve("second");
        restoreRefuses(ExitCode.CHECK_FAILED, "was restored before, in generation");
        assertThat(data).doesNotExist();
    }

    @Test
    void refusesChangesThatCannotBe() {
        refuses(ExitCode.USAGE, "NEW: 'c9' is no 'id=host:raftport,host:port'", change("replace", "c1", "c9"));
        refuses(ExitCode.USAGE, "NEW: 'c 9' is no id", change("add", "c 9=127.0.0.1:1,127.0.0.1:2"));
        refuses(ExitCode.USAGE, "OLD is empty", change("replace", "", "c9=127.0.0.1:1,127.0.0.1:2"));
        refuses(ExitCode.USAGE, "NEW", change("replace", "c1"));
        refuses(ExitCode.REFUSED, "ENOENT", change("replace", "c7", "c9=127.0.0.1:1,127.0.0.1:2"));
        refuses(ExitCode.REFUSED, "EEXIST", change("replace", "c1", "c1=127.0.0.1:1,127.0.0.1:2"));
        refuses(ExitCode.REFUSED, "EINVAL", change("add", "c9=127.0.0.1:1,127.0.0.1:2"));
    }

    private static String[] change(String... command) {
        List<String> all = new ArrayList<>(List.of("coordinator"));
        all.addAll(List.of(command));
        all.addAll(List.of("--connect", cluster.addresses(), "--patience", "1s"));
        return all.toArray(String[]::new);
    }
}
