package io.trapline.cli;

import io.trapline.cli.text.Console;
import io.trapline.cli.text.Count;
import io.trapline.cli.text.Hex;
import io.trapline.cli.text.Json;
import io.trapline.cli.text.Progress;
import io.trapline.client.DomainRef;
import io.trapline.client.TraplineConnection;
import io.trapline.model.FileTrouble;
import io.trapline.model.Gpa;
import io.trapline.model.Limit;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code mem}: the pages themselves, past every claim and range (F2). */
@Command(
        name = "mem",
        synopsisSubcommandLabel = "COMMAND",
        description = "Read and write a domain's pages themselves; no claim or range intercepts this.",
        footer = {"", "Example:", "  trapline mem dump 1 0x100000 256"})
final class MemCommands extends Group {
    private static final int CHUNK_BYTES = Limit.MAX_BYTES_PER_CALL.intValue();
    private static final int DUMP_LINE_BYTES = 16;

    @Command(
            name = "read",
            description = "Read bytes: sizes 1, 2, 4 and 8 also as the number that they are, lowest byte first.",
            footer = {"", "Example:", "  trapline mem read 1 0x100000 8"})
    int read(
            @Parameters(paramLabel = "DOMID", description = "The domain.") int domid,
            @Parameters(paramLabel = "ADDRESS", converter = NumberConverter.class, description = "In bytes.")
                    long address,
            @Parameters(paramLabel = "SIZE", converter = NumberConverter.class, description = "In bytes, up to 2 MiB.")
                    long size)
            throws BadInput {
        try (TraplineConnection connection = trapline().connection()) {
            byte[] bytes = connection.memory().read(Input.domain(domid), Input.gpa(address), size(size, CHUNK_BYTES));
            String hex = HexFormat.of().formatHex(bytes);
            boolean isNumber = Long.bitCount(size) == 1 && size <= Long.BYTES;
            Json summary = Json.object()
                    .put("address", new Hex(address))
                    .put("size", size)
                    .put("bytes", hex);
            if (isNumber) {
                summary.put("value", new Hex(littleEndian(bytes)));
            }
            console().result(isNumber ? new Hex(littleEndian(bytes)).toString() : hex, summary);
        }
        return ExitCode.DONE;
    }

    @Command(
            name = "write",
            description = "Write bytes, given in hex or as a file.",
            footer = {"", "Example:", "  trapline mem write 1 0x100000 0011223344556677"})
    int write(
            @Parameters(paramLabel = "DOMID", description = "The domain.") int domid,
            @Parameters(paramLabel = "ADDRESS", converter = NumberConverter.class, description = "In bytes.")
                    long address,
            @Parameters(paramLabel = "HEX", arity = "0..1", description = "The bytes, lowest address first.") @Nullable
                    String hex,
            @Option(names = "--file", paramLabel = "FILE", description = "Where the bytes are instead.") @Nullable
                    Path file)
            throws BadInput {
        byte[] bytes = bytes(hex, file);
        DomainRef domain = Input.domain(domid);
        try (TraplineConnection connection = trapline().connection();
                Progress progress = new Progress(console(), "writing bytes", bytes.length)) {
            for (int at = 0; at < bytes.length; at += CHUNK_BYTES) {
                byte[] chunk = Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + CHUNK_BYTES));
                connection.memory().write(domain, Input.gpa(address + at), chunk);
                progress.update(at + chunk.length);
            }
        }
        console()
                .result(
                        new Count(bytes.length) + " bytes written at " + new Hex(address),
                        Json.object().put("address", new Hex(address)).put("bytes_written", bytes.length));
        return ExitCode.DONE;
    }

    @Command(
            name = "dump",
            description = "Show bytes in hex and as characters, or store them.",
            footer = {"", "Example:", "  trapline mem dump 1 0x100000 256"})
    int dump(
            @Parameters(paramLabel = "DOMID", description = "The domain.") int domid,
            @Parameters(paramLabel = "ADDRESS", converter = NumberConverter.class, description = "In bytes.")
                    long address,
            @Parameters(paramLabel = "SIZE", converter = NumberConverter.class, description = "In bytes.") long size,
            @Option(names = "--out", paramLabel = "FILE", description = "Store the bytes here.") @Nullable Path out)
            throws BadInput, IOException {
        if (size <= 0) {
            throw new BadInput("SIZE is " + Long.toUnsignedString(size) + ", not 1 … 2^52");
        }
        DomainRef domain = Input.domain(domid);
        try (TraplineConnection connection = trapline().connection();
                FirstWrite store = new FirstWrite(out);
                Progress progress = new Progress(console(), "reading bytes", size)) {
            byte[] shown = new byte[0];
            for (long at = 0; at < size; ) {
                int chunk = (int) Math.min(CHUNK_BYTES, size - at);
                Gpa gpa = Input.gpa(address + at);
                byte[] bytes = connection.memory().read(domain, gpa, chunk);
                store.write(bytes);
                if (out == null) {
                    shown = show(console(), gpa.value(), bytes, at == 0 ? null : shown);
                }
                at += chunk;
                progress.update(at);
            }
        }
        console().record(Json.object().put("address", new Hex(address)).put("bytes_read", size));
        if (out != null) {
            console().line(new Count(size) + " bytes stored in " + out);
        }
        return ExitCode.DONE;
    }

    /** Prints lines of 16 bytes, a run of equal ones once with a star, and returns the last. */
    static byte[] show(Console console, long address, byte[] bytes, byte @Nullable [] before) {
        byte[] last = before == null ? new byte[0] : before;
        boolean starred = false;
        for (int at = 0; at < bytes.length; at += DUMP_LINE_BYTES) {
            byte[] line = Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + DUMP_LINE_BYTES));
            if (!console.isJson() && Arrays.equals(line, last) && at + DUMP_LINE_BYTES < bytes.length) {
                if (!starred) {
                    console.line("*");
                }
                starred = true;
                continue;
            }
            starred = false;
            last = line;
            console.line(dumpLine(address + at, line));
            console.record(Json.object()
                    .put("address", new Hex(address + at))
                    .put("bytes", HexFormat.of().formatHex(line)));
        }
        return last;
    }

    private static String dumpLine(long address, byte[] bytes) {
        StringBuilder text = new StringBuilder(String.format("%010x  ", address));
        StringBuilder characters = new StringBuilder();
        for (int i = 0; i < DUMP_LINE_BYTES; i++) {
            text.append(i == DUMP_LINE_BYTES / 2 ? " " : "");
            text.append(i < bytes.length ? String.format("%02x ", bytes[i]) : "   ");
            if (i < bytes.length) {
                characters.append(bytes[i] >= ' ' && bytes[i] <= '~' ? (char) bytes[i] : '.');
            }
        }
        return text + " |" + characters + "|";
    }

    private static byte[] bytes(@Nullable String hex, @Nullable Path file) throws BadInput {
        if ((hex == null) == (file == null)) {
            throw new BadInput("either HEX or --file is needed");
        }
        try {
            return hex == null
                    ? Files.readAllBytes(Objects.requireNonNull(file))
                    : HexFormat.of().parseHex(nonEmpty(hex));
        } catch (IllegalArgumentException malformed) {
            throw new BadInput("HEX is '" + hex + "', not pairs of hex digits");
        } catch (IOException unreadable) {
            throw new BadInput("--file is " + file + ", which cannot be read: " + FileTrouble.reason(unreadable));
        }
    }

    private static String nonEmpty(String hex) {
        if (hex.isEmpty()) {
            throw new IllegalArgumentException("no digits");
        }
        return hex;
    }

    private static int size(long size, int most) throws BadInput {
        if (size < 0 || size > most) {
            throw new BadInput("SIZE is " + Long.toUnsignedString(size) + ", not 1 … " + most);
        }
        return (int) size;
    }

    private static long littleEndian(byte[] bytes) {
        long value = 0;
        for (int i = bytes.length - 1; i >= 0; i--) {
            value = value << 8 | (bytes[i] & 0xFF);
        }
        return value;
    }

    /** A file that is only made, or emptied, when there is something to store. */
    private static final class FirstWrite implements AutoCloseable {
        private final @Nullable Path path;
        private @Nullable OutputStream file;

        FirstWrite(@Nullable Path path) {
            this.path = path;
        }

        void write(byte[] bytes) throws IOException, BadInput {
            if (path == null) {
                return;
            }
            if (file == null) {
                try {
                    file = Files.newOutputStream(path);
                } catch (IOException cannot) {
                    throw new BadInput("--out is " + path + ", which cannot be written: " + FileTrouble.reason(cannot));
                }
            }
            try {
                file.write(bytes);
            } catch (IOException failed) {
                throw new FileSystemException(path.toString(), null, failed.getMessage());
            }
        }

        @Override
        public void close() throws IOException {
            if (file != null) {
                file.close();
            }
        }
    }
}
