package io.trapline.cli.demo;

import io.trapline.cli.drill.CuttableTransport;
import io.trapline.cli.text.Console;
import io.trapline.client.DomainRef;
import io.trapline.client.Emulator;
import io.trapline.client.Guest;
import io.trapline.client.GuestOptions;
import io.trapline.client.ServerRef;
import io.trapline.client.TraplineConnection;
import java.util.List;

/**
 * The story of the design that Trapline carries out: a guest's graphics tables lie in its own memory, typed {@code ioreq_server[0]};
 * a mediator claims writes to them, and from then on sees each one. Every step is checked, and what the guest, the mediator and the
 * pages hold in the end is compared entry by entry.
 */
public final class Demo {
    /**
     * Who takes part, each on a connection of its own.
     *
     * @param operator makes the domain and types its pages
     * @param mediator claims writes to the table
     * @param mediatorTransport what the mediator's connection runs on
     * @param rival another server's principal
     * @param guest runs the vCPUs
     */
    public record Cast(
            TraplineConnection operator,
            TraplineConnection mediator,
            CuttableTransport mediatorTransport,
            TraplineConnection rival,
            TraplineConnection guest) {}

    /**
     * What came of it.
     *
     * @param figures what was measured
     * @param passed how many checks held
     * @param failures those that did not
     */
    public record Outcome(DemoFigures figures, int passed, List<String> failures) {
        public Outcome {
            failures = List.copyOf(failures);
        }
    }

    private Demo() {}

    /** Tells the whole story on a cluster; the domain is gone afterwards. */
    public static Outcome run(DemoOptions options, Cast cast, Console console) throws InterruptedException {
        long startNanos = System.nanoTime();
        Stage stage = new Stage(options, cast, console);
        DomainRef domain = BeforeTheClaim.makeDomain(stage);
        try (Guest guest = cast.guest.guest(domain, GuestOptions.defaults().onStreamThread())) {
            stage.openVcpus(guest);
            BeforeTheClaim.writesArePlainMemory(stage, domain);
            try (Emulator mediator = TheClaim.attachAndClaim(stage, domain)) {
                ServerRef rival = TheClaim.rivalIsRefused(stage, domain, mediator.server());
                TheStorm.everyWriteIsMediated(stage, mediator);
                TheStorm.tablesAgree(stage, domain);
                TheStorm.oneAtATime(stage);
                TheRegisters.readsAreAnswered(stage, domain, rival);
                TheRelease.nothingMoreIsForwarded(stage, domain, mediator);
            }
        } finally {
            cast.operator.domains().destroy(domain);
        }
        stage.figures.seconds = (System.nanoTime() - startNanos) / 1e9;
        return new Outcome(stage.figures, stage.checks.passed(), stage.checks.failures());
    }
}
