package io.trapline.faults.check;

import io.trapline.faults.history.Event;
import io.trapline.faults.history.PageRun;
import io.trapline.faults.history.Span;
import io.trapline.model.AccessFlags;
import io.trapline.model.Pure;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** What the calls of a history say about who holds what, which server is enabled and which type a page has, at what time. */
@Pure
final class Says {
    private static final int PAGE_SHIFT = 12;
    /** ioreq_server[0 … 15]. */
    static final int TYPES = 16;

    /** A server of a domain. */
    record ServerKey(int domid, int server) {}

    /** A type of a domain. */
    record TypeKey(int domid, int x) {}

    /** A server and a type. */
    record HoldKey(ServerKey server, int x) {}

    private record PageKey(int domid, long gfn) {}

    /** When something is so for certain, and when it may be. */
    private record Times(Intervals certainly, Intervals perhaps) {}

    private final Map<HoldKey, Timeline<Integer>> flags = new LinkedHashMap<>();
    private final Map<ServerKey, Timeline<Boolean>> enabled = new HashMap<>();
    private final Map<PageKey, Timeline<Integer>> types = new HashMap<>();
    private final Map<TypeKey, Set<Integer>> claimants = new HashMap<>();
    private final Map<List<Object>, Times> times = new HashMap<>();

    private Says() {}

    static Says of(List<Event> events) {
        Says says = new Says();
        // Resets are about the pages that are typed anywhere in the history.
        Set<PageKey> pages = new HashSet<>();
        for (Event event : events) {
            if (event instanceof Event.Typing typing) {
                for (PageRun run : typing.runs()) {
                    for (long gfn = run.firstGfn(); gfn < run.firstGfn() + run.count(); gfn++) {
                        PageKey page = new PageKey(typing.domid(), gfn);
                        pages.add(page);
                        says.type(page).change(typing.span(), run.type(), typing.outcome());
                    }
                }
            }
        }
        for (Event event : events) {
            says.takes(event, pages);
        }
        return says;
    }

    private void takes(Event event, Set<PageKey> pages) {
        switch (event) {
            case Event.Claim claim ->
                flags(claim.domid(), claim.server(), claim.x()).change(claim.span(), claim.flags(), claim.outcome());
            case Event.Release release -> {
                flags(release.domid(), release.server(), release.x()).change(release.span(), 0, release.outcome());
                if (release.reset()) {
                    for (PageKey page : pages) {
                        if (page.domid() == release.domid()) {
                            resets(page, release);
                        }
                    }
                }
            }
            case Event.Enabling enabling ->
                enabled.computeIfAbsent(
                                new ServerKey(enabling.domid(), enabling.server()), key -> new Timeline<>(false))
                        .change(enabling.span(), enabling.enabled(), enabling.outcome());
            case Event.Created created -> {}
            case Event.Destroyed destroyed -> {}
            case Event.Opened opened -> {}
            case Event.Access access -> {}
            case Event.Memory memory -> {}
            case Event.Typing typing -> {}
            case Event.ListedTypes listed -> {}
            case Event.Listed listed -> {}
            case Event.CarriedOut ioreq -> {}
            case Event.AllReleased released -> {}
            case Event.Fault fault -> {}
            case Event.Healed healed -> {}
            case Event.CutShort cut -> {}
        }
    }

    private void resets(PageKey page, Event.Release release) {
        if (type(page).perhaps(x -> x == release.x()).meet(release.span())) {
            type(page).change(release.span(), PageRun.RAM_RW, release.outcome());
        }
    }

    private Timeline<Integer> type(PageKey page) {
        return types.computeIfAbsent(page, key -> new Timeline<>(PageRun.RAM_RW));
    }

    private Timeline<Integer> flags(int domid, int server, int x) {
        claimants.computeIfAbsent(new TypeKey(domid, x), key -> new HashSet<>()).add(server);
        return flags.computeIfAbsent(new HoldKey(new ServerKey(domid, server), x), key -> new Timeline<>(0));
    }

    /** Every server and type of which there is a claim or a release. */
    Set<HoldKey> holds() {
        return flags.keySet();
    }

    /** Who has ever tried to claim it. */
    Set<Integer> claimants(int domid, int x) {
        return claimants.getOrDefault(new TypeKey(domid, x), Set.of());
    }

    /** When the server held the type for certain. */
    Intervals certainlyHeld(HoldKey hold) {
        return held(hold).certainly();
    }

    /** When the server may have held the type. */
    Intervals perhapsHeld(HoldKey hold) {
        return held(hold).perhaps();
    }

    private Times held(HoldKey hold) {
        return times.computeIfAbsent(List.of("held", hold), key -> times(flags.get(hold), flags -> flags != 0));
    }

    /** Whether accesses of that kind to the type were the server's all that time: it held it and was enabled. */
    boolean certainlyTakes(HoldKey hold, boolean write, Span span) {
        return takes(hold, write).certainly().cover(span);
    }

    /** Whether the server may have been passed an access of that kind to a page at a time of that. */
    boolean mayBePassed(HoldKey hold, boolean write, long address, Span span) {
        long gfn = address >>> PAGE_SHIFT;
        List<Object> key = List.of("passed", hold, write, gfn);
        Times passed = times.get(key);
        if (passed == null) {
            Intervals page = typed(hold.server().domid(), gfn, hold.x()).perhaps();
            passed = new Times(Intervals.NONE, takes(hold, write).perhaps().and(page));
            times.put(key, passed);
        }
        return passed.perhaps().meet(span);
    }

    /** Whether any server may have been. */
    boolean mayBePassedToAny(int domid, boolean write, long address, Span span) {
        for (int x = 0; x < TYPES; x++) {
            for (int server : claimants(domid, x)) {
                if (mayBePassed(new HoldKey(new ServerKey(domid, server), x), write, address, span)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Whether the page may have been of that type, as in {@link PageRun}, at a time of that. */
    boolean mayBe(int domid, long gfn, int type, Span span) {
        return types.containsKey(new PageKey(domid, gfn))
                ? typed(domid, gfn, type).perhaps().meet(span)
                : type == PageRun.RAM_RW;
    }

    /** Whether it was of that type for certain, all that time. */
    boolean certainlyIs(int domid, long gfn, int type, Span span) {
        return types.containsKey(new PageKey(domid, gfn))
                ? typed(domid, gfn, type).certainly().cover(span)
                : type == PageRun.RAM_RW;
    }

    /** How many calls that change the page's type, or may, were under way at a time of that. */
    long nrChanges(int domid, long gfn, Span span) {
        Timeline<Integer> type = types.get(new PageKey(domid, gfn));
        return type == null ? 0 : type.nrChanges(span);
    }

    /** Whether a guest's write to that word had no effect for certain, at whatever time of that it was. */
    boolean certainlyDropsWrites(int domid, long address, Span span) {
        return dropping(domid, address).certainly().cover(span);
    }

    /** Whether it may have had none. */
    boolean mayDropWrites(int domid, long address, Span span) {
        return dropping(domid, address).perhaps().meet(span);
    }

    private Times dropping(int domid, long address) {
        long gfn = address >>> PAGE_SHIFT;
        return times.computeIfAbsent(
                List.of("dropping", domid, gfn),
                key -> times(types.get(new PageKey(domid, gfn)), PageRun::dropsWrites));
    }

    /** The x of ioreq_server[x] that the page has had for certain all that time; -1 = none. */
    int certainType(int domid, long address, Span span) {
        long gfn = address >>> PAGE_SHIFT;
        if (types.containsKey(new PageKey(domid, gfn))) {
            for (int x = 0; x < TYPES; x++) {
                if (typed(domid, gfn, x).certainly().cover(span)) {
                    return x;
                }
            }
        }
        return PageRun.RAM_RW;
    }

    private Times takes(HoldKey hold, boolean write) {
        int direction = write ? AccessFlags.WRITE : AccessFlags.READ;
        return times.computeIfAbsent(List.of("takes", hold, write), key -> {
            Times holds = times(flags.get(hold), flags -> (flags & direction) != 0);
            Times is = times(enabled.get(hold.server()), Boolean::booleanValue);
            return new Times(
                    holds.certainly().and(is.certainly()), holds.perhaps().and(is.perhaps()));
        });
    }

    private Times typed(int domid, long gfn, int x) {
        return times.computeIfAbsent(
                List.of("typed", domid, gfn, x), key -> times(types.get(new PageKey(domid, gfn)), type -> type == x));
    }

    private static <V> Times times(@Nullable Timeline<V> timeline, Predicate<V> such) {
        return timeline == null
                ? new Times(Intervals.NONE, Intervals.NONE)
                : new Times(timeline.certainly(such), timeline.perhaps(such));
    }
}
