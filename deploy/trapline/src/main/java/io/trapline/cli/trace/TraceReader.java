package io.trapline.cli.trace;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/** Reads a log, plain or compressed by gzip; its content says which and of what format it is, not its name. */
public final class TraceReader {
    /** How many malformed lines are described; the others are only counted. */
    public static final int DESCRIBED_LINES = 20;

    private static final int GZIP_MAGIC = 0x1f8b;

    /** How many lines may come before the first that shows the format. */
    private static final int UNRECOGNISED_LINES = 1000;

    /**
     * What was read.
     *
     * @param trace the accesses
     * @param malformed how many lines were none of the format; 0 unless lenient
     * @param described the first of them, at most {@value #DESCRIBED_LINES}
     */
    public record Content(Trace trace, long malformed, List<MalformedLine> described) {
        public Content {
            described = List.copyOf(described);
        }
    }

    private record Pending(long number, String line, boolean tooLong) {}

    private final boolean lenient;
    private final List<Pending> pending = new ArrayList<>();
    private final List<MalformedLine> described = new ArrayList<>();
    private long malformed;
    private @Nullable LineParser parser;
    private Trace.@Nullable Builder builder;

    private TraceReader(boolean lenient) {
        this.lenient = lenient;
    }

    /**
     * Reads a file whole. A malformed line stops it with {@link TraceException}; with {@code lenient} it is counted and left out, and
     * compressed data that breaks off counts as one. A file of neither format, or without an access, is refused in any case.
     */
    public static Content read(Path file, boolean lenient) throws IOException, TraceException {
        try (InputStream raw = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
            return new TraceReader(lenient).readAll(raw);
        }
    }

    private Content readAll(InputStream raw) throws IOException, TraceException {
        BoundedLines lines = null;
        try {
            lines = new BoundedLines(plain(raw));
            for (String line = lines.next(); line != null; line = lines.next()) {
                accept(new Pending(lines.number(), line, lines.wasTooLong()));
            }
        } catch (EOFException | ZipException broken) {
            long number = lines == null ? 1 : lines.number() + 1;
            reject(new MalformedLine(number, "the gzip data is broken here (" + broken.getMessage() + ")", ""));
        }
        if (builder == null) {
            throw new TraceException("neither an mmiotrace log nor a QEMU memory-region trace");
        }
        if (builder.size() == 0) {
            throw new TraceException("holds no access");
        }
        return new Content(builder.build(), malformed, described);
    }

    private static InputStream plain(InputStream raw) throws IOException {
        raw.mark(2);
        int magic = raw.read() << 8 | raw.read();
        raw.reset();
        return magic == GZIP_MAGIC ? new GZIPInputStream(raw, 1 << 16) : raw;
    }

    private void accept(Pending line) throws TraceException {
        if (parser == null) {
            parser = parserFor(line.line);
            if (parser == null) {
                pending.add(line);
                if (pending.size() > UNRECOGNISED_LINES) {
                    throw new TraceException("neither an mmiotrace log nor a QEMU memory-region trace");
                }
                return;
            }
            builder = new Trace.Builder(parser.format());
            for (Pending before : pending) {
                parse(parser, builder, before);
            }
            pending.clear();
        }
        if (builder != null) {
            parse(parser, builder, line);
        }
    }

    private static @Nullable LineParser parserFor(String line) {
        if (QemuParser.recognises(line)) {
            return new QemuParser();
        }
        return MmiotraceParser.recognises(line) ? new MmiotraceParser() : null;
    }

    private void parse(LineParser by, Trace.Builder into, Pending line) throws TraceException {
        if (line.line.isBlank()) {
            return;
        }
        if (line.tooLong) {
            reject(new MalformedLine(line.number, "longer than " + BoundedLines.MAX_BYTES + " bytes", line.line));
            return;
        }
        try {
            by.accept(line.line, into);
        } catch (IllegalArgumentException wrong) {
            reject(new MalformedLine(line.number, String.valueOf(wrong.getMessage()), line.line));
        }
    }

    private void reject(MalformedLine line) throws TraceException {
        if (!lenient) {
            throw new TraceException(line);
        }
        malformed++;
        if (described.size() < DESCRIBED_LINES) {
            described.add(line);
        }
    }
}
