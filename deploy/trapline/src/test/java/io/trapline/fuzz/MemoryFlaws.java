package io.trapline.fuzz;

import static io.trapline.model.Errno.EINVAL;

import com.google.protobuf.ByteString;
import io.trapline.fuzz.FlawedRequests.BaseRequest;
import io.trapline.model.Limit;
import io.trapline.v1.ListMemTypesRequest;
import io.trapline.v1.MemType;
import io.trapline.v1.MemTypeRun;
import io.trapline.v1.ReadMemoryRequest;
import io.trapline.v1.SetMemTypeRequest;
import io.trapline.v1.WriteMemoryRequest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** What can be wrong with the calls of the memory service (T4 – T6, F2). What is good about a request comes first: nothing of it may be done. */
final class MemoryFlaws {
    private static final long GFNS = 1L << 40;
    private static final int MAX_SEGMENTS = Limit.MAX_SEGMENTS_PER_CALL.intValue();
    private static final int GOOD_GFN = 200;
    private static final MemTypeRun GOOD_RUN = World.run(GOOD_GFN, 8, MemType.MEM_TYPE_IOREQ_SERVER_4);

    private MemoryFlaws() {}

    static Map<String, BaseRequest> bases(World world) {
        int domid = world.domid();
        return Map.of(
                "SetMemType",
                new BaseRequest(
                        SetMemTypeRequest.newBuilder()
                                .setDomid(domid)
                                .addRuns(GOOD_RUN)
                                .build(),
                        runs()),
                "ListMemTypes",
                new BaseRequest(
                        ListMemTypesRequest.newBuilder()
                                .setDomid(domid)
                                .setCount(16)
                                .build(),
                        listing()),
                "ReadMemory",
                new BaseRequest(
                        ReadMemoryRequest.newBuilder()
                                .setDomid(domid)
                                .addGpa(0)
                                .addSizeBytes(8)
                                .build(),
                        segments()),
                "WriteMemory",
                new BaseRequest(
                        WriteMemoryRequest.newBuilder()
                                .setDomid(domid)
                                .addGpa(0)
                                .addSizeBytes(8)
                                .setData(ByteString.copyFromUtf8("8 bytes."))
                                .build(),
                        writing()));
    }

    private static List<Flaw> runs() {
        return List.of(
                Flaw.shape("no runs", "runs", (draft, dice) -> draft.set("runs", List.of())),
                Flaw.shape(
                        "too many runs",
                        "runs",
                        (draft, dice) -> draft.set(
                                "runs",
                                Collections.nCopies(
                                        Limit.MAX_RUNS_PER_CALL.intValue() + 1 + dice.below(100), GOOD_RUN))),
                Flaw.shape(
                        "count",
                        "runs",
                        (draft, dice) -> draft.set(
                                "runs",
                                List.of(
                                        GOOD_RUN,
                                        World.run(0, dice.pick(0L, dice.above64(1L << 28)), MemType.MEM_TYPE_RAM_RO)))),
                Flaw.shape(
                        "passes the last frame",
                        "runs",
                        (draft, dice) -> draft.set(
                                "runs",
                                List.of(
                                        GOOD_RUN,
                                        World.run(
                                                GFNS - dice.between(1, 1000),
                                                dice.between(1001, 5000),
                                                MemType.MEM_TYPE_MMIO_DM)))),
                Flaw.shape(
                        "first_gfn",
                        "runs",
                        (draft, dice) -> draft.set(
                                "runs",
                                List.of(GOOD_RUN, World.run(dice.above64(GFNS - 1), 1, MemType.MEM_TYPE_MMIO_DM)))),
                Flaw.shape(
                        "type",
                        "runs",
                        (draft, dice) -> draft.set(
                                "runs",
                                List.of(
                                        GOOD_RUN,
                                        MemTypeRun.newBuilder()
                                                .setFirstGfn(0)
                                                .setCount(1)
                                                .setTypeValue(dice.pick(0, 5, 6, 15, 32, 1000, -1))
                                                .build()))),
                Flaw.conflict(
                        EINVAL,
                        "a change that is not allowed",
                        "runs",
                        (draft, dice) -> draft.set("runs", forbidden(dice))));
    }

    private static List<MemTypeRun> forbidden(Dice dice) {
        List<MemTypeRun> runs = new ArrayList<>(Collections.nCopies(dice.below(3), GOOD_RUN));
        if (runs.size() == 2) {
            runs.set(1, World.run(GOOD_GFN, 8, MemType.MEM_TYPE_RAM_RW));
        }
        runs.add(
                switch (dice.below(6)) {
                    case 0 ->
                        World.run(
                                World.TYPE_0_GFN + dice.below(4),
                                dice.between(1, 12),
                                dice.pick(
                                        MemType.MEM_TYPE_RAM_RO,
                                        MemType.MEM_TYPE_MMIO_DM,
                                        MemType.MEM_TYPE_MMIO_WRITE_DM,
                                        MemType.MEM_TYPE_IOREQ_SERVER_0,
                                        MemType.MEM_TYPE_IOREQ_SERVER_15));
                    case 1 -> World.run(World.RAM_RO_GFN, 1, ioreqServer(dice));
                    case 2 ->
                        World.run(
                                World.MMIO_GFN,
                                1,
                                dice.pick(
                                        MemType.MEM_TYPE_RAM_RW,
                                        MemType.MEM_TYPE_RAM_RO,
                                        MemType.MEM_TYPE_MMIO_WRITE_DM,
                                        ioreqServer(dice)));
                    case 3 ->
                        World.run(World.MMIO_WRITE_GFN, 1, dice.pick(MemType.MEM_TYPE_MMIO_DM, ioreqServer(dice)));
                    case 4 ->
                        World.run(
                                World.PAGES + (long) dice.below(1 << 30),
                                dice.between(1, 1 << 28),
                                dice.pick(MemType.MEM_TYPE_RAM_RW, MemType.MEM_TYPE_RAM_RO, ioreqServer(dice)));
                    // Good at its start, not at its end.
                    default -> World.run(World.PAGES - 10, 11, dice.pick(MemType.MEM_TYPE_RAM_RO, ioreqServer(dice)));
                });
        return runs;
    }

    private static MemType ioreqServer(Dice dice) {
        return MemType.forNumber(16 + dice.below(16));
    }

    private static List<Flaw> listing() {
        return List.of(
                Flaw.shape("count", "count", (draft, dice) -> draft.set("count", dice.pick(0L, dice.above64(GFNS)))),
                Flaw.shape("first_gfn", "first_gfn", (draft, dice) -> draft.set("first_gfn", dice.above64(GFNS - 1))),
                Flaw.shape(
                        "passes the last frame",
                        "count",
                        (draft, dice) -> draft.set("first_gfn", GFNS - 5).set("count", dice.between(6, 1 << 20))));
    }

    private static List<Flaw> segments() {
        return List.of(
                columns("columns", (draft, dice) -> draft.set("gpa", Collections.nCopies(dice.between(2, 50), 0L))),
                columns(
                        "no segments",
                        (draft, dice) -> draft.set("gpa", List.of()).set("size_bytes", List.of())),
                columns("too many segments", (draft, dice) -> {
                    int count = MAX_SEGMENTS + 1 + dice.below(10);
                    draft.set("gpa", Collections.nCopies(count, 0L)).set("size_bytes", Collections.nCopies(count, 1));
                }),
                columns("size 0", (draft, dice) -> twoSegments(draft, 64, 0)),
                columns(
                        "too many bytes",
                        (draft, dice) -> twoSegments(draft, 64, dice.above32(Limit.MAX_BYTES_PER_CALL.value()))),
                columns("gpa", (draft, dice) -> twoSegments(draft, dice.above64((1L << 52) - 1), 8)),
                columns(
                        "passes the last gpa",
                        (draft, dice) -> twoSegments(draft, (1L << 52) - 8, dice.between(9, 100))),
                Flaw.conflict(
                        EINVAL,
                        "a hole",
                        "segments",
                        (draft, dice) -> twoSegments(
                                draft, (World.PAGES + (long) dice.below(1 << 20)) * 4096 + dice.below(4000), 8)),
                Flaw.conflict(
                        EINVAL,
                        "runs into a hole",
                        "segments",
                        (draft, dice) -> twoSegments(draft, World.PAGES * 4096L - dice.between(1, 7), 8)),
                Flaw.conflict(
                        EINVAL,
                        "mmio_dm",
                        "segments",
                        (draft, dice) -> twoSegments(draft, World.MMIO_GFN * 4096L - dice.between(1, 7), 8)));
    }

    private static Flaw columns(String label, Flaw.Change change) {
        return Flaw.shape(label, "segments", change);
    }

    /** The good one, and another. */
    private static void twoSegments(Draft draft, long gpa, long sizeBytes) {
        draft.set("gpa", List.of(0L, gpa)).set("size_bytes", List.of(8, sizeBytes));
        if (draft.has("data") && sizeBytes <= Limit.MAX_BYTES_PER_CALL.value()) {
            draft.set("data", ByteString.copyFrom(new byte[8 + (int) sizeBytes]));
        }
    }

    private static List<Flaw> writing() {
        List<Flaw> flaws = new ArrayList<>(segments());
        flaws.add(columns("data", (draft, dice) -> draft.set("data", dice.bytes(dice.pick(0, 7, 9, 100_000)))));
        return flaws;
    }
}
