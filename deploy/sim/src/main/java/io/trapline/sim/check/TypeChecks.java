package io.trapline.sim.check;

import io.trapline.model.MemType;
import io.trapline.model.TypeRun;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongFunction;

/** The types of the pages that are in use, as the calls that change them leave them: all of a call or nothing (T4, T5, T6, C5). */
public final class TypeChecks {
    private final LongFunction<MemType> actual;
    private final Map<Long, MemType> expected = new TreeMap<>();

    /** Of those frames, of which all are RAM_RW; {@code actual} tells a frame's type. */
    public TypeChecks(List<Long> gfns, LongFunction<MemType> actual) {
        this.actual = actual;
        gfns.forEach(gfn -> expected.put(gfn, MemType.RAM_RW));
    }

    /** A call of runs of one page each has ended. */
    public void changed(List<TypeRun> runs, boolean refused) {
        List<Long> refusing = new ArrayList<>();
        for (TypeRun run : runs) {
            if (!mayBecome(typeOf(run.firstGfn()), run.type())) {
                refusing.add(run.firstGfn());
            }
        }
        if (refused != !refusing.isEmpty()) {
            throw new Violation("T4, T5", "%s is refused: %b, and refuse should %s", runs, refused, refusing);
        }
        if (!refused) {
            runs.forEach(run -> expected.put(run.firstGfn(), run.type()));
        }
        check(runs);
    }

    /** Pages of {@code ioreq_server[x]} were reset (C5). */
    public void reset(int x) {
        expected.replaceAll((gfn, type) -> type == MemType.ioreqServer(x) ? MemType.RAM_RW : type);
        check("the reset of ioreq_server[" + x + "]");
    }

    private MemType typeOf(long gfn) {
        return expected.getOrDefault(gfn, MemType.RAM_RW);
    }

    /** Of the types that the simulation uses. */
    private static boolean mayBecome(MemType from, MemType to) {
        boolean isRam = from == MemType.RAM_RW || from == MemType.RAM_RO;
        if (to.isIoreqServer() || from.isIoreqServer()) {
            return from == MemType.RAM_RW || to == MemType.RAM_RW;
        }
        return isRam;
    }

    private void check(Object call) {
        expected.forEach((gfn, type) -> {
            if (actual.apply(gfn) != type) {
                throw new Violation(
                        "T6",
                        "after %s frame %x is %s, not %s",
                        call,
                        gfn,
                        actual.apply(gfn).text(),
                        type.text());
            }
        });
    }
}
