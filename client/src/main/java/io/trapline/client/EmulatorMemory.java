package io.trapline.client;

import io.trapline.model.Errno;
import io.trapline.model.Gfn;
import io.trapline.model.Gpa;
import io.trapline.model.MemType;
import io.trapline.v1.MemTypeRun;
import io.trapline.v1.OnBehalfOf;
import java.util.List;
import java.util.function.Function;

/**
 * The domain's pages as an emulator sees them: calls are made for its session and, while serving, for its ioreqs (F2). Every method
 * blocks and throws {@link TraplineException}: ESTALE when a newer session is active or one of the ioreqs was completed otherwise, and
 * then nothing was written. Thread-safe.
 */
public final class EmulatorMemory {
    private final Emulator emulator;
    private final OnBehalfOf serving;

    EmulatorMemory(Emulator emulator, OnBehalfOf serving) {
        this.emulator = emulator;
        this.serving = serving;
    }

    /** Reads bytes. */
    public byte[] read(Gpa gpa, int sizeBytes) {
        return read(new ReadSegments(1).add(gpa.value(), sizeBytes));
    }

    /** Reads the segments one behind the other: at most 4,096 of them, 2 MiB together. */
    public byte[] read(ReadSegments segments) {
        return forServer(server -> MemoryCalls.read(emulator.calls(), emulator.domain(), server, segments));
    }

    /** Writes bytes. */
    public void write(Gpa gpa, byte[] bytes) {
        write(new WriteSegments(1, bytes.length).add(gpa.value(), bytes, 0, bytes.length));
    }

    /** Writes the low 1, 2, 4 or 8 bytes of a value, lowest first. */
    public void write(Gpa gpa, long value, int sizeBytes) {
        write(new WriteSegments(1, sizeBytes).addValue(gpa.value(), value, sizeBytes));
    }

    /** Writes all segments or none: at most 4,096 of them, 2 MiB together; later ones win where they overlap. */
    public void write(WriteSegments segments) {
        forServer(server -> {
            MemoryCalls.write(emulator.calls(), emulator.domain(), server, segments);
            return true;
        });
    }

    /** Changes the type of a run of pages: all or none (T6). */
    public void setMemType(Gfn first, long count, MemType type) {
        setMemType(List.of(Memory.run(first, count, type)));
    }

    /** Carries out up to 4,096 runs in their order: all or none (T6). */
    public void setMemType(List<MemTypeRun> runs) {
        forServer(server -> {
            MemoryCalls.setMemType(emulator.calls(), emulator.domain(), server, runs);
            return true;
        });
    }

    private <R> R forServer(Function<OnBehalfOf, R> call) {
        while (true) {
            long sessionEpoch = emulator.sessionEpoch();
            try {
                return call.apply(serving.toBuilder()
                        .setId(emulator.server().id().value())
                        .setGeneration(emulator.server().generation())
                        .setSessionEpoch(sessionEpoch)
                        .build());
            } catch (TraplineException failure) {
                // ESTALE changed nothing. Where this emulator has resumed meanwhile it was the old session that was
                // refused.
                if (!failure.is(Errno.ESTALE) || !emulator.awaitSessionAfter(sessionEpoch)) {
                    throw failure;
                }
            }
        }
    }
}
