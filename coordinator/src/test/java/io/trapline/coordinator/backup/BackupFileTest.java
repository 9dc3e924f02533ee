package io.trapline.coordinator.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.trapline.internal.v1.BackupHeader;
import io.trapline.internal.v1.Snapshot;
import io.trapline.v1.Claim;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("V-12: a backup is read as it was written, or not at all")
final class BackupFileTest {
    private static final BackupHeader HEADER = BackupHeader.newBuilder()
            .setClusterId("3b2c9c5e-0000-4000-8000-000000000001")
            .setVersion("0.1.0")
            .setRevision(7)
            .build();
    private static final Snapshot SNAPSHOT = Snapshot.newBuilder()
            .setFormat(1)
            .setRevision(7)
            .addClaims(Claim.newBuilder().setDomid(3).setEpoch(5))
            .build();

    @TempDir
    private Path directory;

    private Path file(ByteString content) throws IOException {
        return Files.write(directory.resolve("registry.backup"), content.toByteArray());
    }

    @Test
    void readsWhatWasWritten() throws IOException {
        BackupFile read = BackupFile.read(file(BackupFile.write(HEADER, SNAPSHOT)));

        assertThat(read.header()).isEqualTo(HEADER);
        assertThat(read.snapshot()).isEqualTo(SNAPSHOT);
        assertThat(read.sha256()).hasSize(64);
    }

    @Test
    void readsOneOfAnEmptyRegistry() throws IOException {
        BackupFile read = BackupFile.read(
                file(BackupFile.write(BackupHeader.getDefaultInstance(), Snapshot.getDefaultInstance())));

        assertThat(read.snapshot()).isEqualTo(Snapshot.getDefaultInstance());
    }

    @Test
    void refusesOneThatIsCutAnywhere() throws IOException {
        ByteString whole = BackupFile.write(HEADER, SNAPSHOT);
        for (int size = 0; size < whole.size(); size++) {
            Path cut = file(whole.substring(0, size));
            assertThatThrownBy(() -> BackupFile.read(cut))
                    .as("%d bytes", size)
                    .isInstanceOf(IOException.class)
                    .hasMessageStartingWith(cut.toString())
                    .hasMessageMatching("[^\\n]*(is no backup|is not as it was written)[^\\n]*");
        }
    }

    @Test
    void refusesOneOfWhichAnyByteIsAnother() throws IOException {
        byte[] whole = BackupFile.write(HEADER, SNAPSHOT).toByteArray();
        for (int i = 0; i < whole.length; i++) {
            byte[] changed = whole.clone();
            changed[i] ^= 0x10;
            Path file = file(ByteString.copyFrom(changed));
            assertThatThrownBy(() -> BackupFile.read(file)).as("byte %d", i).isInstanceOf(IOException.class);
        }
    }

    @Test
    void refusesOneWithMoreBehindIt() throws IOException {
        Path longer = file(BackupFile.write(HEADER, SNAPSHOT).concat(ByteString.copyFromUtf8("x")));

        assertThatThrownBy(() -> BackupFile.read(longer)).hasMessageContaining("SHA-256");
    }
}
