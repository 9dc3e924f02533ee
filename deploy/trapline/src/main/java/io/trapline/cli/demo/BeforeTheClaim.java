package io.trapline.cli.demo;

import io.trapline.cli.text.Count;
import io.trapline.client.DomainRef;
import io.trapline.model.Gfn;
import io.trapline.v1.Domain;
import io.trapline.v1.DomainMemory;

/** The domain, its typed pages, and what typing alone changes: nothing (T3, T7). */
final class BeforeTheClaim {
    private static final long WRITES_PER_VCPU = 1_024;

    private BeforeTheClaim() {}

    static DomainRef makeDomain(Stage stage) {
        stage.checks.chapter("A guest with graphics tables in its own memory");
        Domain domain = stage.cast
                .operator()
                .domains()
                .create(Stage.PAGES, stage.options.vcpus(), DomainMemory.DOMAIN_MEMORY_VOLATILE);
        stage.checks.fact("domain " + domain.getDomid() + ": " + new Count(Stage.PAGES) + " pages, "
                + stage.options.vcpus() + " vCPUs");
        DomainRef ref = DomainRef.of(domain);
        long startNanos = System.nanoTime();
        stage.cast.operator().memory().setMemType(ref, new Gfn(Stage.GTT_GFN), stage.gtt.pages(), Stage.GTT_TYPE);
        stage.checks.fact("its table of " + new Count(stage.gtt.pages()) + " pages, " + new Count(stage.gtt.entries())
                + " entries, is now " + Stage.GTT_TYPE.text() + " (one call, " + (System.nanoTime() - startNanos) / 1000
                + " µs)");
        return ref;
    }

    static void writesArePlainMemory(Stage stage, DomainRef domain) throws InterruptedException {
        stage.onAllVcpus("plain writes", 0, vcpu -> stage.programs.get(vcpu).run(WRITES_PER_VCPU, true), () -> {});
        stage.checkAnswers("before anybody claims them the pages are plain memory: " + new Count(stage.answered())
                + " accesses, every read returned what was written");
        stage.checks.check("the pages hold what the guest wrote", stage.differingEntries(domain) == 0);
        stage.loads.forEach(VcpuLoad::takeWriteMicros);
    }
}
