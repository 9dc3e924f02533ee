package io.trapline.faults.check;

import io.trapline.faults.history.Event;
import io.trapline.faults.history.Outcome;
import io.trapline.faults.history.Span;
import io.trapline.model.Pure;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Claims (C2, C6, C8). Different servers never hold a type at one time, by the clock and by the registry's own numbers; who is refused was refused for a
 * reason; what was acknowledged is listed until it is released; no revision is given out twice, and one that was returned is below all that are asked for
 * later.
 */
@Pure
final class Claiming {
    private final List<Event> events;
    private final Says says;
    private final Findings findings;

    private Claiming(List<Event> events, Says says, Findings findings) {
        this.events = events;
        this.says = says;
        this.findings = findings;
    }

    static void check(List<Event> events, Says says, Findings findings) {
        Claiming claiming = new Claiming(events, says, findings);
        claiming.checkByTheClock();
        claiming.checkByEpochs();
        claiming.checkRevisions();
        claiming.checkAnswers();
    }

    private record Holding(int server, Span span) {}

    private void checkByTheClock() {
        Map<Says.TypeKey, List<Holding>> byType = new HashMap<>();
        for (Says.HoldKey hold : says.holds()) {
            for (Span span : says.certainlyHeld(hold).spans()) {
                byType.computeIfAbsent(new Says.TypeKey(hold.server().domid(), hold.x()), key -> new ArrayList<>())
                        .add(new Holding(hold.server().server(), span));
            }
        }
        byType.forEach((type, holdings) -> {
            holdings.sort(Comparator.comparingLong(holding -> holding.span().start()));
            Holding longest = null;
            for (Holding holding : holdings) {
                if (longest != null
                        && longest.server() != holding.server()
                        && longest.span().end() >= holding.span().start()) {
                    findings.add(
                            "C2",
                            "two servers hold ioreq_server[" + type.x() + "] of domain " + type.domid()
                                    + " at one time: " + longest.server() + " and " + holding.server(),
                            longest,
                            holding);
                }
                if (longest == null || holding.span().end() > longest.span().end()) {
                    longest = holding;
                }
            }
        });
    }

    /** Between two claims of a type, in the registry's order, the first one's holder has released it. */
    private void checkByEpochs() {
        Map<Says.TypeKey, List<Event.Claim>> claims = new HashMap<>();
        Map<Says.HoldKey, List<Event.Release>> releases = new HashMap<>();
        for (Event event : events) {
            if (event instanceof Event.Claim claim && claim.outcome().isDone()) {
                claims.computeIfAbsent(new Says.TypeKey(claim.domid(), claim.x()), key -> new ArrayList<>())
                        .add(claim);
            } else if (event instanceof Event.Release release
                    && release.outcome().mayBeDone()) {
                releases.computeIfAbsent(
                                new Says.HoldKey(new Says.ServerKey(release.domid(), release.server()), release.x()),
                                key -> new ArrayList<>())
                        .add(release);
            }
        }
        claims.values().forEach(ofType -> {
            ofType.sort(Comparator.comparingLong(Event.Claim::epoch));
            for (int i = 1; i < ofType.size(); i++) {
                Event.Claim before = ofType.get(i - 1);
                Event.Claim after = ofType.get(i);
                Says.HoldKey hold = new Says.HoldKey(new Says.ServerKey(before.domid(), before.server()), before.x());
                if (releases.getOrDefault(hold, List.of()).stream()
                        .noneMatch(release -> isBetween(before, release, after))) {
                    findings.add("C2", "a claim is given while the one before it stands", before, after);
                }
            }
        });
    }

    private static boolean isBetween(Event.Claim before, Event.Release release, Event.Claim after) {
        return release.outcome().isDone()
                ? release.revision() > before.epoch() && release.revision() < after.epoch()
                : !after.span().isBefore(release.span());
    }

    private record Granted(long revision, Event by) {}

    private void checkRevisions() {
        List<Granted> granted = new ArrayList<>();
        for (Event event : events) {
            if (event instanceof Event.Claim claim && claim.outcome().isDone()) {
                granted.add(new Granted(claim.epoch(), claim));
            } else if (event instanceof Event.Release release
                    && release.outcome().isDone()) {
                granted.add(new Granted(release.revision(), release));
            } else if (event instanceof Event.Opened opened) {
                granted.add(new Granted(opened.epoch(), opened));
            } else if (event instanceof Event.Created created
                    && created.outcome().isDone()) {
                granted.add(new Granted(created.generation(), created));
            }
        }
        granted.sort(Comparator.comparingLong(Granted::revision));
        // From the highest revision down: nothing lower may begin after a higher one was returned.
        Granted earliestEnd = null;
        for (int i = granted.size() - 1; i >= 0; i--) {
            Granted one = granted.get(i);
            if (i > 0 && granted.get(i - 1).revision() == one.revision()) {
                findings.add(
                        "V-12",
                        "revision " + one.revision() + " is given out twice",
                        granted.get(i - 1).by(),
                        one.by());
            }
            if (earliestEnd != null
                    && earliestEnd.revision() > one.revision()
                    && earliestEnd.by().span().isBefore(one.by().span())) {
                findings.add(
                        "C6, V-12", "a revision is below one that was returned before", earliestEnd.by(), one.by());
            }
            if (earliestEnd == null
                    || one.by().span().end() < earliestEnd.by().span().end()) {
                earliestEnd = one;
            }
        }
    }

    private void checkAnswers() {
        for (Event event : events) {
            switch (event) {
                case Event.Claim claim -> checkRefusal(claim);
                case Event.Release release -> checkRefusal(release);
                case Event.Listed listed -> check(listed);
                case Event.Created created -> {}
                case Event.Destroyed destroyed -> {}
                case Event.Opened opened -> {}
                case Event.Access access -> {}
                case Event.Memory memory -> {}
                case Event.Enabling enabling -> {}
                case Event.Typing typing -> {}
                case Event.ListedTypes types -> {}
                case Event.CarriedOut ioreq -> {}
                case Event.AllReleased released -> {}
                case Event.Fault fault -> {}
                case Event.Healed healed -> {}
                case Event.CutShort cut -> {}
            }
        }
    }

    private void checkRefusal(Event.Claim claim) {
        if (!claim.outcome().isRefused("EBUSY")) {
            return;
        }
        boolean isBusy = says.claimants(claim.domid(), claim.x()).stream()
                .filter(server -> claim.holder() < 0 || claim.holder() == server)
                .anyMatch(server ->
                        says.perhapsHeld(hold(claim.domid(), server, claim.x())).meet(claim.span()));
        if (!isBusy) {
            findings.add("C2, C5", "a claim is refused, and the holder that is named cannot hold the type", claim);
        }
    }

    private void checkRefusal(Event.Release release) {
        if (release.outcome().isRefused("EINVAL")
                && says.certainlyHeld(hold(release.domid(), release.server(), release.x()))
                        .cover(release.span())) {
            findings.add("C5, C6", "an acknowledged claim is lost: its release says that it is not held", release);
        }
    }

    private void check(Event.Listed listed) {
        if (listed.outcome().kind() != Outcome.Kind.DONE) {
            return;
        }
        listed.holders().forEach((x, server) -> {
            if (!says.perhapsHeld(hold(listed.domid(), server, x)).meet(listed.span())) {
                findings.add(
                        "C8",
                        "a claim is listed that cannot stand: ioreq_server[" + x + "] of server " + server,
                        listed);
            }
        });
        for (Says.HoldKey hold : says.holds()) {
            if (hold.server().domid() == listed.domid()
                    && says.certainlyHeld(hold).cover(listed.span())
                    && !Integer.valueOf(hold.server().server())
                            .equals(listed.holders().get(hold.x()))) {
                findings.add("C6, C8", "an acknowledged claim is lost: " + hold + " is not listed", listed);
            }
        }
    }

    private static Says.HoldKey hold(int domid, int server, int x) {
        return new Says.HoldKey(new Says.ServerKey(domid, server), x);
    }
}
