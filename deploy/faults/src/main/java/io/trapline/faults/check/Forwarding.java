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
import java.util.stream.Collectors;

/**
 * What emulators were passed. An access that began after a claim of its page and its kind was acknowledged, and ended before the release of it was asked for,
 * was carried out by the holder, and its answer is the outcome (rule 0, C4, F2); one that was passed to a server was so while that may have held its type. A
 * run has carried an access out at most once, and another run of the server was told that it may have been (A4, F6). An access has one outcome (A4). A posted
 * write comes before later accesses of its vCPU to the same server (F3).
 */
@Pure
final class Forwarding {
    private final Says says;
    private final Findings findings;
    private final Map<AccessKey, Event.Access> accesses = new LinkedHashMap<>();
    private final Map<AccessKey, List<Event.CarriedOut>> ioreqs = new HashMap<>();

    private Forwarding(Says says, Findings findings) {
        this.says = says;
        this.findings = findings;
    }

    static void check(List<Event> events, Says says, Findings findings) {
        Forwarding forwarding = new Forwarding(says, findings);
        for (Event event : events) {
            if (event instanceof Event.Access access) {
                Event.Access other = forwarding.accesses.putIfAbsent(access.key(), access);
                if (other != null) {
                    findings.add("A4", "an access has two outcomes", other, access);
                }
            } else if (event instanceof Event.CarriedOut ioreq) {
                forwarding
                        .ioreqs
                        .computeIfAbsent(ioreq.key(), key -> new ArrayList<>())
                        .add(ioreq);
            }
        }
        forwarding.accesses.values().forEach(forwarding::checkWhoDidIt);
        forwarding.ioreqs.forEach(forwarding::checkIoreqs);
        Posting.check(forwarding.accesses, forwarding.ioreqs.values(), findings);
    }

    private void checkWhoDidIt(Event.Access access) {
        // What is posted may come back after its outcome, and then goes where its page says (F5).
        if (!access.outcome().isDone() || access.posted()) {
            return;
        }
        Map<Long, List<Long>> byPage =
                access.reps().words().boxed().collect(Collectors.groupingBy(word -> word >>> 12));
        byPage.values().forEach(words -> checkWhoDidIt(access, words));
    }

    /** The words of one page. */
    private void checkWhoDidIt(Event.Access access, List<Long> words) {
        int x = says.certainType(access.domid(), words.getFirst(), access.span());
        if (x < 0) {
            return;
        }
        for (int server : says.claimants(access.domid(), x)) {
            Says.HoldKey hold = new Says.HoldKey(new Says.ServerKey(access.domid(), server), x);
            if (!says.certainlyTakes(hold, access.write(), access.span())) {
                continue;
            }
            List<Event.CarriedOut> its = ioreqs.getOrDefault(access.key(), List.of()).stream()
                    .filter(ioreq -> ioreq.server() == server && !ioreq.isAbandoned())
                    .toList();
            if (!words.stream()
                    .allMatch(
                            word -> its.stream().anyMatch(ioreq -> ioreq.reps().has(word)))) {
                findings.add(
                        "rule 0, C4",
                        "an access went past the claim of ioreq_server[" + x + "] by server " + server
                                + ", which stood from before it began until after it ended",
                        access);
            } else if (words.contains(access.reps().last())
                    && its.stream()
                            .filter(ioreq -> ioreq.reps().has(access.reps().last()))
                            .noneMatch(ioreq -> ioreq.value() == access.value())) {
                findings.add(
                        "F2, A4", "the outcome of an access is not what its emulator answered", access, its.getFirst());
            }
        }
    }

    private void checkIoreqs(AccessKey key, List<Event.CarriedOut> ofAccess) {
        Event.Access access = accesses.get(key);
        if (access == null) {
            findings.add("A4, F6", "an emulator was passed what no guest has sent", ofAccess.getFirst());
            return;
        }
        ofAccess.sort(Comparator.comparingLong(ioreq -> ioreq.span().start()));
        List<Event.CarriedOut> before = new ArrayList<>();
        for (Event.CarriedOut ioreq : ofAccess) {
            checkContent(access, ioreq);
            checkClaim(access, ioreq);
            if (ioreq.isAbandoned()) {
                continue;
            }
            List<Event.CarriedOut> same = before.stream()
                    .filter(other ->
                            other.server() == ioreq.server() && other.reps().meets(ioreq.reps()))
                    .toList();
            if (same.stream().anyMatch(other -> other.run() == ioreq.run())) {
                findings.add("A4, F6", "a run has carried an access out twice", ofAccess.toArray());
            } else if (!same.isEmpty() && !ioreq.isRedelivered()) {
                findings.add("F6", "a run is not told that another one may have carried it out", ofAccess.toArray());
            }
            before.add(ioreq);
        }
    }

    private void checkContent(Event.Access access, Event.CarriedOut ioreq) {
        boolean isSame = access.write() == ioreq.write()
                && access.reps().hasAll(ioreq.reps())
                && (ioreq.count() == 1 || access.df() == ioreq.df())
                && (!access.write() || access.value() == ioreq.value());
        if (!isSame) {
            findings.add("A2, F6", "an emulator was passed another access than the guest has sent", access, ioreq);
        }
    }

    private void checkClaim(Event.Access access, Event.CarriedOut ioreq) {
        // A posted write is passed on at any time after its outcome, too.
        boolean isLate = access.posted() || access.outcome().kind() == Outcome.Kind.UNKNOWN;
        Span span = isLate
                ? new Span(
                        access.span().start(),
                        Math.max(access.span().start(), ioreq.span().start()))
                : access.span();
        for (int x = 0; x < Says.TYPES; x++) {
            if (says.claimants(ioreq.domid(), x).contains(ioreq.server())
                    && says.mayBePassed(
                            new Says.HoldKey(new Says.ServerKey(ioreq.domid(), ioreq.server()), x),
                            access.write(),
                            ioreq.address(),
                            span)) {
                return;
            }
        }
        findings.add("C4, C7", "a server was passed an access while it cannot have held a claim of it", access, ioreq);
    }
}
