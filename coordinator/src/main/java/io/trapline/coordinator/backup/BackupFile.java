package io.trapline.coordinator.backup;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import io.trapline.internal.v1.BackupHeader;
import io.trapline.internal.v1.Snapshot;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A backup (D-8): a line that says what it is, a {@link BackupHeader} with its length in front, the {@link Snapshot}, and the SHA-256 of
 * all of that. It is read only as a whole.
 *
 * @param header whose it is
 * @param snapshot the registry
 * @param sha256 the digest, in hex
 */
public record BackupFile(BackupHeader header, Snapshot snapshot, String sha256) {
    private static final ByteString MAGIC = ByteString.copyFrom("trapline-backup 1\n", StandardCharsets.US_ASCII);
    private static final int DIGEST_BYTES = 32;

    /** The file of a registry. */
    public static ByteString write(BackupHeader header, Snapshot snapshot) {
        ByteString.Output out = ByteString.newOutput();
        try {
            MAGIC.writeTo(out);
            header.writeDelimitedTo(out);
            snapshot.writeTo(out);
        } catch (IOException inMemory) {
            throw new UncheckedIOException(inMemory);
        }
        ByteString text = out.toByteString();
        MessageDigest digest = newDigest();
        text.asReadOnlyByteBufferList().forEach(digest::update);
        return text.concat(ByteString.copyFrom(digest.digest()));
    }

    /** Reads one. Throws {@link IOException} with one line that says what is wrong with it. */
    public static BackupFile read(Path file) throws IOException {
        byte[] all = Files.readAllBytes(file);
        if (all.length < MAGIC.size()
                || !ByteString.copyFrom(all, 0, MAGIC.size()).equals(MAGIC)) {
            throw new IOException(file + ": is no backup of a registry");
        }
        int end = all.length - DIGEST_BYTES;
        MessageDigest digest = newDigest();
        digest.update(all, 0, Math.max(MAGIC.size(), end));
        byte[] actual = digest.digest();
        if (end < MAGIC.size() || !ByteString.copyFrom(all, end, DIGEST_BYTES).equals(ByteString.copyFrom(actual))) {
            throw new IOException(file + ": is not as it was written: its SHA-256 does not match");
        }
        CodedInputStream in = CodedInputStream.newInstance(all, MAGIC.size(), end - MAGIC.size());
        int length = in.readRawVarint32();
        BackupHeader header = BackupHeader.parseFrom(in.readRawBytes(length));
        Snapshot snapshot = Snapshot.parseFrom(in.readRawBytes(end - MAGIC.size() - in.getTotalBytesRead()));
        return new BackupFile(header, snapshot, HexFormat.of().formatHex(actual));
    }

    private static MessageDigest newDigest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException missing) {
            throw new IllegalStateException("every Java has SHA-256", missing);
        }
    }
}
