package io.trapline.faults.check;

import io.trapline.faults.history.Event;
import io.trapline.faults.history.PageRun;
import io.trapline.faults.history.Span;
import io.trapline.model.Pure;
import java.util.List;
import java.util.function.LongPredicate;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** Types of pages (T4, T5, T6, C5): a change is refused where a page refuses and carried out where none does, and a page has the type that it was given. */
@Pure
final class Typings {
    private final Says says;
    private final Findings findings;

    private Typings(Says says, Findings findings) {
        this.says = says;
        this.findings = findings;
    }

    static void check(List<Event> events, Says says, Findings findings) {
        Typings typings = new Typings(says, findings);
        for (Event event : events) {
            if (event instanceof Event.Typing typing) {
                typings.check(typing);
            } else if (event instanceof Event.ListedTypes listed
                    && listed.outcome().isDone()) {
                typings.check(listed);
            }
        }
    }

    private void check(Event.Typing typing) {
        boolean isRefused = typing.outcome().isRefused("EINVAL");
        boolean allTake = typing.runs().stream().allMatch(run -> ofAll(run, gfn -> certainlyTakes(typing, run, gfn)));
        boolean oneRefuses =
                typing.runs().stream().anyMatch(run -> !ofAll(run, gfn -> !certainlyRefuses(typing, run, gfn)));
        if (isRefused && allTake) {
            findings.add("T4, T5, T6", "a change of types is refused, and no page can have refused it", typing);
        } else if (typing.outcome().isDone() && oneRefuses) {
            findings.add("T4, T6", "a change of types is carried out though a page refuses it", typing);
        }
    }

    private static boolean ofAll(PageRun run, LongPredicate such) {
        return LongStream.range(run.firstGfn(), run.firstGfn() + run.count()).allMatch(such);
    }

    /**
     * Only ram_rw becomes ioreq_server[X], and that only ram_rw again (T4); ram_rw, ram_ro and mmio_write_dm become each other, and of a type to itself only
     * RAM (T5).
     */
    private boolean certainlyTakes(Event.Typing typing, PageRun run, long gfn) {
        if (run.type() >= 0) {
            return says.certainlyIs(typing.domid(), gfn, PageRun.RAM_RW, typing.span());
        }
        boolean mayBeItself = run.type() == PageRun.MMIO_WRITE_DM
                && says.mayBe(typing.domid(), gfn, PageRun.MMIO_WRITE_DM, typing.span());
        return run.type() == PageRun.RAM_RW || (!mayBeItself && !mayBeOfAServer(typing, gfn));
    }

    private boolean certainlyRefuses(Event.Typing typing, PageRun run, long gfn) {
        if (run.type() >= 0) {
            return !says.mayBe(typing.domid(), gfn, PageRun.RAM_RW, typing.span());
        }
        return run.type() != PageRun.RAM_RW && isOfAServerBefore(typing, gfn);
    }

    /** Whether the page was of a server's type for certain when the call began, and no other changed it before the call did. */
    private boolean isOfAServerBefore(Event.Typing typing, long gfn) {
        long before = typing.span().start() - 1;
        return says.nrChanges(typing.domid(), gfn, typing.span()) == 1
                && IntStream.range(0, Says.TYPES)
                        .anyMatch(x -> says.certainlyIs(typing.domid(), gfn, x, new Span(before, before)));
    }

    private boolean mayBeOfAServer(Event.Typing typing, long gfn) {
        for (int x = 0; x < Says.TYPES; x++) {
            if (says.mayBe(typing.domid(), gfn, x, typing.span())) {
                return true;
            }
        }
        return false;
    }

    private void check(Event.ListedTypes listed) {
        listed.types().forEach((gfn, type) -> {
            if (!says.mayBe(listed.domid(), gfn, type, listed.span())) {
                findings.add(
                        "T3, T6, C5",
                        "gfn " + gfn + " is listed as " + PageRun.name(type) + ", which it cannot be",
                        listed.span());
            }
        });
    }
}
