package io.trapline.cli.demo;

import io.trapline.client.DomainRef;
import io.trapline.client.Emulator;
import io.trapline.client.ServerRef;
import io.trapline.client.TraplineConnection;
import io.trapline.client.TraplineException;
import io.trapline.model.AccessFlags;
import io.trapline.model.Errno;
import io.trapline.v1.Bufioreq;
import io.trapline.v1.CreateIoreqServerRequest;

/** The mediator claims writes to the table; nobody else can (C1, C2). */
final class TheClaim {
    /** As long as an access waits by default: a host that stands still for a while is no failure of the story. */
    private static final int TIMEOUT_MILLIS = 30_000;

    private TheClaim() {}

    static Emulator attachAndClaim(Stage stage, DomainRef domain) {
        stage.checks.chapter("A mediator claims the writes");
        TraplineConnection mediating = stage.cast.mediator();
        ServerRef server = mediating
                .ioreqServers()
                .create(
                        domain,
                        CreateIoreqServerRequest.newBuilder()
                                .setBufioreq(Bufioreq.BUFIOREQ_OFF)
                                .setTimeoutMs(TIMEOUT_MILLIS)
                                .build());
        Emulator mediator = mediating.attach(server, stage.mediator);
        stage.needs("the mediator", mediator);
        mediating.ioreqServers().enable(server);
        long startNanos = System.nanoTime();
        long epoch = mediating.ioreqServers().mapMemType(server, Stage.GTT_TYPE, AccessFlags.WRITE);
        stage.figures.claimMicros = (System.nanoTime() - startNanos) / 1000;
        stage.checks.fact("IOREQ server " + server.id() + " holds " + Stage.GTT_TYPE.text() + " for WRITE, epoch "
                + epoch + " (" + stage.figures.claimMicros + " µs)");
        return mediator;
    }

    /** Returns the rival's server, which holds nothing. */
    static ServerRef rivalIsRefused(Stage stage, DomainRef domain, ServerRef holder) {
        ServerRef server = stage.cast.rival().ioreqServers().create(domain);
        try {
            stage.cast.rival().ioreqServers().mapMemType(server, Stage.GTT_TYPE, AccessFlags.ALL);
            stage.figures.secondClaim = "granted";
        } catch (TraplineException refused) {
            stage.figures.secondClaim =
                    refused.errno().map(Errno::name).orElse(refused.kind().name());
            String named = refused.refusal()
                    .map(refusal -> refusal.metadata().getOrDefault("holder", "nobody"))
                    .orElse("nobody");
            stage.checks.check(
                    "a second server's claim is refused with " + stage.figures.secondClaim
                            + ", which names the holder: server " + named,
                    refused.is(Errno.EBUSY) && named.equals(holder.id().toString()));
            return server;
        }
        stage.checks.check("a second server's claim is refused", false);
        return server;
    }
}
