package io.trapline.client;

import io.trapline.model.Gfn;
import io.trapline.model.Gpa;
import io.trapline.model.MemType;
import io.trapline.v1.ListMemTypesRequest;
import io.trapline.v1.ListMemTypesResponse;
import io.trapline.v1.MemTypeRun;
import io.trapline.v1.MemoryServiceGrpc;
import java.util.ArrayList;
import java.util.List;

/**
 * A domain's pages: contents and types. Reads and writes see the pages themselves and are never intercepted (F2). Every method blocks
 * and throws {@link TraplineException}. Thread-safe.
 */
public final class Memory {
    private final UnaryCalls calls;

    Memory(UnaryCalls calls) {
        this.calls = calls;
    }

    /** Reads bytes. EINVAL with {@code first_gfn} where a page holds no memory. */
    public byte[] read(DomainRef domain, Gpa gpa, int sizeBytes) {
        return read(domain, new ReadSegments(1).add(gpa.value(), sizeBytes));
    }

    /** Reads the segments one behind the other: at most 4,096 of them, 2 MiB together. */
    public byte[] read(DomainRef domain, ReadSegments segments) {
        return MemoryCalls.read(calls, domain, null, segments);
    }

    /** Writes bytes, {@code ram_ro} pages included. EINVAL with {@code first_gfn} where a page holds no memory. */
    public void write(DomainRef domain, Gpa gpa, byte[] bytes) {
        write(domain, new WriteSegments(1, bytes.length).add(gpa.value(), bytes, 0, bytes.length));
    }

    /** Writes all segments or none: at most 4,096 of them, 2 MiB together; later ones win where they overlap. */
    public void write(DomainRef domain, WriteSegments segments) {
        MemoryCalls.write(calls, domain, null, segments);
    }

    /** Changes the type of a run of pages: all or none (T6). EINVAL with {@code first_gfn}. */
    public void setMemType(DomainRef domain, Gfn first, long count, MemType type) {
        setMemType(domain, List.of(run(first, count, type)));
    }

    /** Carries out up to 4,096 runs in their order: all or none (T6). EINVAL with {@code first_gfn}. */
    public void setMemType(DomainRef domain, List<MemTypeRun> runs) {
        MemoryCalls.setMemType(calls, domain, null, runs);
    }

    /** One run for {@link #setMemType(DomainRef, List)}; {@code count} is 1 … 2^28 pages. */
    public static MemTypeRun run(Gfn first, long count, MemType type) {
        return MemTypeRun.newBuilder()
                .setFirstGfn(first.value())
                .setCount(count)
                .setTypeValue(type.code())
                .build();
    }

    /** The types of {@code count} frames, 1 … 2^40, as runs in ascending order. */
    public List<MemTypeRun> listMemTypes(DomainRef domain, Gfn first, long count) {
        List<MemTypeRun> all = new ArrayList<>();
        long from = first.value();
        long end = first.value() + count;
        do {
            ListMemTypesResponse response = calls.ask(
                    MemoryServiceGrpc.getListMemTypesMethod(),
                    ListMemTypesRequest.newBuilder()
                            .setDomid(domain.domid().value())
                            .setDomainGeneration(domain.generation())
                            .setFirstGfn(from)
                            .setCount(end - from)
                            .build(),
                    domain);
            all.addAll(response.getRunsList());
            from = response.getNextGfn();
        } while (from != 0 && from < end);
        return all;
    }
}
