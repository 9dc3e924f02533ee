package io.trapline.node.ioreq;

import io.trapline.internal.v1.DetachEmulator;
import io.trapline.internal.v1.ExecuteRequest;
import io.trapline.node.registry.RegistryClient;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells the registry that a stream of an emulator is gone, until it has heard: others may wait for the end of what nobody serves (S5, C6). */
final class Departures {
    private static final Logger LOG = LoggerFactory.getLogger(Departures.class);

    /** How often it is told, each time for as long as the registry's client tries: through ten minutes without a leader. */
    private static final int TIMES = 200;

    private static final Executor LATER = CompletableFuture.delayedExecutor(1, TimeUnit.SECONDS);

    private Departures() {}

    /** Nothing happens where the stream has neither a session nor a place in the line any more. */
    static void tell(RegistryClient registry, DetachEmulator gone) {
        tell(registry, gone, TIMES);
    }

    private static void tell(RegistryClient registry, DetachEmulator gone, int times) {
        registry.execute(ExecuteRequest.newBuilder().setDetachEmulator(gone).build())
                .whenComplete((response, failure) -> {
                    if (failure == null) {
                        return;
                    }
                    if (times > 1) {
                        LATER.execute(() -> tell(registry, gone, times - 1));
                    } else {
                        LOG.warn(
                                "session {} of server {} was not ended: {}",
                                gone.getSessionEpoch(),
                                gone.getId(),
                                failure.toString());
                    }
                });
    }
}
