package io.trapline.node.p2m;

import io.trapline.model.Errno;
import io.trapline.model.MemType;
import io.trapline.model.Pure;
import io.trapline.model.Refusal;
import io.trapline.model.TypeRun;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What runs of types come to that are carried out one after the other on a shard, without carrying them out (T4, T5, T6): a refusal, or
 * disjoint runs in ascending order. Costs what the runs cost, and what the shard's own runs cost where one is touched first.
 */
@Pure
final class TypePlan {
    private final P2m p2m;
    // By first frame, disjoint: what the runs so far have made of the frames that they touched.
    private final TreeMap<Long, TypeRun> touched = new TreeMap<>();
    private @Nullable Refusal refusal;

    private TypePlan(P2m p2m) {
        this.p2m = p2m;
    }

    static TypePlan of(P2m p2m, List<TypeRun> runs) {
        TypePlan plan = new TypePlan(p2m);
        int index = 0;
        for (TypeRun run : runs) {
            plan.add(run);
            if (plan.refusal != null) {
                // Which of them: where shards refuse different runs, the call is told of the first.
                plan.refusal = plan.refusal.with("run", index);
                break;
            }
            index++;
        }
        return plan;
    }

    /** Why nothing may change; {@code first_gfn} is the first frame of the first run that refuses, {@code run} that run's index. */
    Optional<Refusal> refusal() {
        return Optional.ofNullable(refusal);
    }

    /** What becomes of the frames that are touched. Only where nothing is refused. */
    List<TypeRun> runs() {
        return List.copyOf(touched.values());
    }

    /** Whether a page of the one type may be given the other (T4, T5). */
    static boolean mayBecome(int from, MemType to) {
        if (to.isIoreqServer()) {
            return from == MemType.RAM_RW.code();
        }
        if (MemType.isIoreqServer(from)) {
            return to == MemType.RAM_RW;
        }
        MemType now = MemType.ofCode(from);
        boolean isRam = now == MemType.RAM_RW || now == MemType.RAM_RO;
        return switch (to) {
            case RAM_RW, RAM_RO -> isRam || now == MemType.MMIO_WRITE_DM;
            case MMIO_WRITE_DM -> isRam;
            case MMIO_DM -> isRam || now == MemType.MMIO_DM || now == MemType.HOLE;
            default -> false;
        };
    }

    private void add(TypeRun run) {
        List<TypeRun> earlier = earlierIn(run);
        long next = run.firstGfn();
        for (TypeRun before : earlier) {
            if (before.firstGfn() > next) {
                checkShard(next, before.firstGfn() - 1, run.type());
            }
            check(Math.max(next, before.firstGfn()), before.type().code(), run.type());
            next = before.lastGfn() + 1;
        }
        if (next <= run.lastGfn()) {
            checkShard(next, run.lastGfn(), run.type());
        }
        if (refusal == null) {
            replace(earlier, run);
        }
    }

    /** What earlier runs have made of frames of this one, ascending. */
    private List<TypeRun> earlierIn(TypeRun run) {
        List<TypeRun> earlier = new ArrayList<>();
        Map.Entry<Long, TypeRun> below = touched.lowerEntry(run.firstGfn());
        if (below != null && below.getValue().lastGfn() >= run.firstGfn()) {
            earlier.add(below.getValue());
        }
        earlier.addAll(touched.subMap(run.firstGfn(), true, run.lastGfn(), true).values());
        return earlier;
    }

    private void checkShard(long first, long last, MemType to) {
        long next = first;
        while (next <= last && refusal == null) {
            check(next, p2m.typeOf(next), to);
            next = p2m.runEnd(next, last) + 1;
        }
    }

    private void check(long gfn, int from, MemType to) {
        if (refusal == null && !mayBecome(from, to)) {
            MemType now = MemType.ofCode(from);
            refusal = Refusal.of(Errno.EINVAL, "gfn = " + gfn + ": " + now.text() + " may not become " + to.text())
                    .with("first_gfn", gfn)
                    .with("type", now.text());
        }
    }

    private void replace(List<TypeRun> earlier, TypeRun run) {
        for (TypeRun before : earlier) {
            touched.remove(before.firstGfn());
            if (before.firstGfn() < run.firstGfn()) {
                put(before.firstGfn(), run.firstGfn() - 1, before.type());
            }
            if (before.lastGfn() > run.lastGfn()) {
                put(run.lastGfn() + 1, before.lastGfn(), before.type());
            }
        }
        touched.put(run.firstGfn(), run);
    }

    private void put(long first, long last, MemType type) {
        touched.put(first, new TypeRun(first, last - first + 1, type));
    }
}
