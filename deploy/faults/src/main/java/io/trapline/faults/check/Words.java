package io.trapline.faults.check;

import io.trapline.faults.history.Event;
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
 *   <li>an access takes effect before those behind it of its vCPU, and so before any of them has its outcome (A3; those without an outcome excepted: F4).
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

    private Words() {}

    static void check(List<Event> events, Findings findings) {
        Words words = new Words();
        for (Event event : events) {
            if (event instanceof Event.Opened opened) {
                words.openings
                        .computeIfAbsent(new VcpuKey(opened.domid(), opened.vcpu()), key -> new ArrayList<>())
                        .add(opened);
            }
        }
        for (Event event : events) {
            if (event instanceof Event.Access access) {
                words.takes(access);
            } else if (event instanceof Event.Memory memory) {
                words.put(memory, memory.span(), WordOp.NO_ORDER, 0);
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
        for (Event.Opened opened : openings.getOrDefault(vcpu, List.of())) {
            if (opened.epoch() > access.epoch()) {
                fenced = Math.min(fenced, opened.span().end());
            }
        }
        long start = access.span().start();
        put(access, new Span(start, Math.max(start, fenced)), WordOp.NO_ORDER, 0);
    }

    private void narrow(List<Event.Access> ofEpoch) {
        ofEpoch.sort(Comparator.comparingLong(Event.Access::sequence));
        long order = ofEpoch.getFirst().epoch();
        long earliest = Span.NEVER;
        for (int i = ofEpoch.size() - 1; i >= 0; i--) {
            Event.Access access = ofEpoch.get(i);
            Span span = access.span();
            earliest = Math.min(earliest, span.end());
            put(access, new Span(span.start(), Math.max(span.start(), earliest)), order, access.sequence());
        }
    }

    private void put(Event.WordCall call, Span span, long order, long sequence) {
        boolean isOfInterest = call.write() || call.outcome().isDone();
        if (!isOfInterest) {
            return;
        }
        WordOp.Effect effect = switch (call.outcome().kind()) {
            case DONE -> WordOp.Effect.CERTAIN;
            case UNKNOWN -> WordOp.Effect.POSSIBLE;
            case REFUSED -> WordOp.Effect.NONE;
        };
        Span when = effect == WordOp.Effect.POSSIBLE && call instanceof Event.Memory ? span.open() : span;
        words.computeIfAbsent(new WordKey(call.domid(), call.address()), key -> new ArrayList<>())
                .add(new WordOp(call, when, effect, order, sequence));
    }
}
