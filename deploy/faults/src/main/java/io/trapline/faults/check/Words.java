package io.trapline.faults.check;

import io.trapline.faults.history.AccessKey;
import io.trapline.faults.history.Event;
import io.trapline.faults.history.Outcome;
import io.trapline.faults.history.Span;
import io.trapline.model.Pure;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Whether the words of guest memory are linearizable, and accesses of each vCPU besides in their order (A3). What of it concerns one word is {@link WordOrder};
 * here the calls are told apart by word, and their times are narrowed to those at which they can have taken effect:
 *
 * <ul>
 *   <li>a call that was refused had no effect; a read of which nobody knows the outcome says nothing;
 *   <li>a write of which nobody knows may take effect at any later time, or never; under an older epoch of a vCPU only until a newer one is open (A6);
 *   <li>an access takes effect before those behind it of its vCPU, and so before any of them has its outcome (A3; those without an outcome
 *       excepted: F4, and posted writes that a server may have queued: F3);
 *   <li>a posted write that a server may have queued takes effect in the page by when an emulator has carried it out, or nobody holds a type any more (F3);
 *   <li>a guest's write to a page that drops writes has no effect (T2, T8).
 * </ul>
 */
@Pure
final class Words {
    private record WordKey(int domid, long address) {}

    private record VcpuKey(int domid, int vcpu) {}

    private record EpochKey(VcpuKey vcpu, long epoch) {}

    private final Map<WordKey, List<WordOp>> words = new LinkedHashMap<>();
    private final Map<EpochKey, List<Event.Access>> done = new LinkedHashMap<>();
    private final Map<VcpuKey, List<Event.Opened>> openings = new HashMap<>();
    private final Map<AccessKey, Long> carriedOut = new HashMap<>();
    private final Map<Integer, Long> allReleased = new HashMap<>();
    private final Says says;

    private Words(Says says) {
        this.says = says;
    }

    static void check(List<Event> events, Says says, Findings findings) {
        Words words = new Words(says);
        for (Event event : events) {
            if (event instanceof Event.Opened opened) {
                words.openings
                        .computeIfAbsent(new VcpuKey(opened.domid(), opened.vcpu()), key -> new ArrayList<>())
                        .add(opened);
            } else if (event instanceof Event.CarriedOut ioreq && !ioreq.isAbandoned()) {
                words.carriedOut.merge(ioreq.key(), ioreq.span().end(), Math::min);
            } else if (event instanceof Event.AllReleased released) {
                words.allReleased.merge(released.domid(), released.span().start(), Math::max);
            }
        }
        for (Event event : events) {
            if (event instanceof Event.Access access) {
                words.takes(access);
            } else if (event instanceof Event.Memory memory) {
                words.put(memory, memory.address(), memory.span(), effect(memory), false, WordOp.NO_ORDER);
            }
        }
        words.done.values().forEach(words::narrow);
        words.words.forEach((word, ops) ->
                WordOrder.check("0x" + Long.toHexString(word.address()) + " of domain " + word.domid(), ops, findings));
    }

    private void takes(Event.Access access) {
        VcpuKey vcpu = new VcpuKey(access.domid(), access.vcpu());
        if (access.outcome().isDone()) {
            done.computeIfAbsent(new EpochKey(vcpu, access.epoch()), key -> new ArrayList<>())
                    .add(access);
            return;
        }
        long fenced = Span.NEVER;
        // One that a server has queued is not undone by that.
        if (!isQueued(access)) {
            for (Event.Opened opened : openings.getOrDefault(vcpu, List.of())) {
                if (opened.epoch() > access.epoch()) {
                    fenced = Math.min(fenced, opened.span().end());
                }
            }
        }
        long start = access.span().start();
        put(access, new Span(start, Math.max(start, fenced)), false, WordOp.NO_ORDER);
    }

    private void narrow(List<Event.Access> ofEpoch) {
        ofEpoch.sort(Comparator.comparingLong(Event.Access::sequence));
        long order = ofEpoch.getFirst().epoch();
        long earliest = Span.NEVER;
        for (int i = ofEpoch.size() - 1; i >= 0; i--) {
            Event.Access access = ofEpoch.get(i);
            Span span = access.span();
            boolean isQueued = isQueued(access);
            // What goes before it to the same server may still be at work there.
            earliest = isQueued ? earliest : Math.min(earliest, span.end());
            long latest = isQueued ? takenFromTheQueue(access) : earliest;
            put(access, new Span(span.start(), Math.max(span.start(), latest)), isQueued, order);
        }
    }

    private boolean isQueued(Event.Access access) {
        Span span = access.outcome().isDone() ? access.span() : access.span().open();
        return access.posted() && says.mayBePassedToAny(access.domid(), true, access.address(), span);
    }

    private long takenFromTheQueue(Event.Access posted) {
        long released = allReleased.getOrDefault(posted.domid(), Span.NEVER);
        long by = carriedOut.getOrDefault(posted.key(), posted.span().end() <= released ? released : Span.NEVER);
        return Math.max(posted.span().end(), by);
    }

    private void put(Event.Access access, Span when, boolean isQueued, long order) {
        WordOp.Effect effect = effect(access);
        if (access.write()) {
            access.reps()
                    .words()
                    .forEach(word -> put(access, word, when, effect(access, word, when, effect), isQueued, order));
        } else {
            put(access, access.reps().last(), when, effect, isQueued, order);
        }
    }

    private static WordOp.Effect effect(Event.Call call) {
        return switch (call.outcome().kind()) {
            case DONE -> WordOp.Effect.CERTAIN;
            case UNKNOWN -> WordOp.Effect.POSSIBLE;
            case REFUSED -> WordOp.Effect.NONE;
        };
    }

    private WordOp.Effect effect(Event.Access write, long word, Span when, WordOp.Effect unlessDropped) {
        if (unlessDropped == WordOp.Effect.NONE || !says.mayDropWrites(write.domid(), word, when)) {
            return unlessDropped;
        }
        return says.certainlyDropsWrites(write.domid(), word, when) ? WordOp.Effect.NONE : WordOp.Effect.POSSIBLE;
    }

    private void put(Event.WordCall call, long address, Span span, WordOp.Effect effect, boolean isQueued, long order) {
        boolean isOfInterest = call.write() || call.outcome().isDone();
        if (!isOfInterest) {
            return;
        }
        boolean isLate = call.outcome().kind() == Outcome.Kind.UNKNOWN && call instanceof Event.Memory;
        long sequence = call instanceof Event.Access access ? access.sequence() : 0;
        words.computeIfAbsent(new WordKey(call.domid(), address), key -> new ArrayList<>())
                .add(new WordOp(call, isLate ? span.open() : span, effect, isQueued, order, sequence));
    }
}
