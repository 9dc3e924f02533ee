package io.trapline.sim.check;

import io.trapline.model.Gfn;
import io.trapline.model.IoreqAttributes;
import io.trapline.model.MemType;
import io.trapline.model.TypeRun;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The types of pages by the calls that have returned (rule 0): while one is under way, nothing is said of its pages. */
public final class TypePromises {
    private final Map<Long, MemType> returned = new HashMap<>();
    private final Map<Long, Integer> underWay = new HashMap<>();
    /** Calls of which were under way together: which of them came last is not known. */
    private final Set<Long> overlapped = new HashSet<>();

    /** A call begins that changes those frames. */
    public void changing(List<Long> gfns) {
        for (long gfn : gfns) {
            if (underWay.merge(gfn, 1, Integer::sum) > 1) {
                overlapped.add(gfn);
            }
        }
    }

    /** It has returned, and has made that of them. */
    public void changed(List<Long> gfns, List<TypeRun> made) {
        made.forEach(run -> returned.put(run.firstGfn(), run.type()));
        for (long gfn : gfns) {
            if (overlapped.contains(gfn)) {
                returned.remove(gfn);
            }
            if (underWay.merge(gfn, -1, Integer::sum) == 0) {
                overlapped.remove(gfn);
            }
        }
    }

    /** It has ended, and nobody knows what it has made of them, or may make yet. */
    public void unknown(List<Long> gfns) {
        changed(gfns, List.of());
        gfns.forEach(returned::remove);
    }

    /** Pages of that type are plain from now on (C5). */
    public void reset(int x) {
        returned.replaceAll((gfn, type) -> type.equals(MemType.ioreqServer(x)) ? MemType.RAM_RW : type);
    }

    /** An ioreq is delivered for the first time: it was decided by the type that its page has (F5, D-21). */
    void mayBeDelivered(GuestAccess access, int server, byte claimedType, long address) {
        long gfn = address >>> Gfn.PAGE_SHIFT;
        MemType type = returned.get(gfn);
        if (claimedType != IoreqAttributes.BY_RANGE
                && type != null
                && underWay.getOrDefault(gfn, 0) == 0
                && !type.equals(MemType.ioreqServer(claimedType))) {
            throw new Violation(
                    "F5, D-21", "server %d delivers %s after its page has become %s", server, access, type.text());
        }
    }
}
