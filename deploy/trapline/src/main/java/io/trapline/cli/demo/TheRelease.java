package io.trapline.cli.demo;

import io.trapline.cli.text.Count;
import io.trapline.client.DomainRef;
import io.trapline.client.Emulator;
import io.trapline.v1.Claim;
import io.trapline.v1.ClaimEnd;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/** The claim is released while the guest goes on writing: what starts after the call returned goes to the page (C4, C5). */
final class TheRelease {
    private static final long WRITES_BEFORE = 8_192;
    private static final long WRITES_AFTER = 8_192;

    private TheRelease() {}

    static void nothingMoreIsForwarded(Stage stage, DomainRef domain, Emulator mediator) throws InterruptedException {
        stage.checks.chapter("The mediator releases its claim while the guest goes on writing");
        int vcpus = stage.options.vcpus();
        long[] startsAfter = new long[vcpus];
        AtomicBoolean released = new AtomicBoolean();
        long answeredBefore = stage.answered();
        long mediatedBefore = stage.mediator.total();
        long duplicatesBefore = stage.mediator.duplicates();
        long enough = WRITES_BEFORE * vcpus / 2;
        stage.onAllVcpus(
                "writes around the release",
                0,
                vcpu -> {
                    GuestProgram program = stage.programs.get(vcpu);
                    program.run(WRITES_BEFORE, false);
                    while (!released.get()) {
                        program.run(512, false);
                    }
                    program.run(WRITES_AFTER, false);
                },
                () -> {
                    if (!released.get() && stage.answered() - answeredBefore >= enough) {
                        release(stage, mediator);
                        for (VcpuLoad load : stage.loads) {
                            startsAfter[load.number()] = load.nextSequence();
                        }
                        released.set(true);
                    }
                });
        long late = 0;
        long direct = 0;
        for (VcpuLoad load : stage.loads) {
            late += stage.mediator.totalFrom(load.number(), startsAfter[load.number()]);
            direct += load.nextSequence() - startsAfter[load.number()];
        }
        stage.figures.forwarded += stage.mediator.total() - mediatedBefore;
        stage.figures.forwardedAfterRelease = late;
        stage.figures.duplicates += stage.mediator.duplicates() - duplicatesBefore;
        stage.checkAnswers("the guest never stopped: every write was answered");
        stage.checks.check(
                "of " + new Count(direct) + " writes that started after the release returned, " + new Count(late)
                        + " were forwarded",
                late == 0 && direct > 0);
        stage.checks.check("the pages hold what the guest wrote", stage.differingEntries(domain) == 0);
        history(stage, domain, mediator);
    }

    private static void release(Stage stage, Emulator mediator) {
        long startNanos = System.nanoTime();
        long revision = stage.cast.mediator().ioreqServers().release(mediator.server(), Stage.GTT_TYPE);
        stage.figures.releaseMicros = (System.nanoTime() - startNanos) / 1000;
        stage.checks.fact("released at revision " + revision + ", and what was under way is finished ("
                + stage.figures.releaseMicros + " µs)");
    }

    private static void history(Stage stage, DomainRef domain, Emulator mediator) {
        List<Claim> standing = stage.cast.operator().ioreqServers().listClaims(domain);
        List<Claim> ended = stage.cast.operator().ioreqServers().listClaimHistory(domain);
        boolean isListed = ended.stream()
                .anyMatch(claim -> claim.getId() == mediator.server().id().value()
                        && claim.getTypeValue() == Stage.GTT_TYPE.code()
                        && claim.getEnd() == ClaimEnd.CLAIM_END_RELEASED);
        stage.checks.check(
                "no claim stands, and the history lists " + ended.size() + " that were released",
                standing.isEmpty() && isListed);
    }
}
