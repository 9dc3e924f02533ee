package io.trapline.faults.workload;

import io.trapline.client.Drain;
import io.trapline.client.IoreqServers;
import io.trapline.client.ServerRef;
import io.trapline.client.TraplineConnection;
import io.trapline.client.TraplineException;
import io.trapline.faults.history.Event;
import io.trapline.faults.history.History;
import io.trapline.faults.history.Outcome;
import io.trapline.model.AccessFlags;
import io.trapline.model.MemType;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.function.LongSupplier;

/**
 * Who operates one server: claims types and releases them, in competition with the others, now and then with the pages of the type set back, and now and then
 * disables the server for a while.
 */
final class DeviceOperator implements Runnable {
    private static final Drain DRAIN = Drain.of(Duration.ofSeconds(2));
    private static final int BUSY_MILLIS = 60;
    private static final int HELD_MILLIS = 800;
    private static final int DISABLES = 8;
    private static final int RESETS = 4;
    private static final int MOST_RELEASES = 20;

    private final Scene scene;
    private final ServerRef server;
    private final String principal;
    private final SplittableRandom random;

    DeviceOperator(Scene scene, ServerRef server, String principal, SplittableRandom random) {
        this.scene = scene;
        this.server = server;
        this.principal = principal;
        this.random = random;
    }

    /** What came of one call. */
    private record Called(long result, int holder, Outcome outcome) {}

    @Override
    public void run() {
        try (TraplineConnection connection = scene.stage.doors.operator(principal)) {
            IoreqServers servers = connection.ioreqServers();
            while (!scene.isOver() && !enable(servers, true)) {
                Stage.pause(BUSY_MILLIS);
            }
            while (!scene.isOver()) {
                int x = random.nextInt(Layout.TYPES);
                if (!claim(servers, x)) {
                    Stage.pause(random.nextInt(BUSY_MILLIS));
                    continue;
                }
                Stage.pause(random.nextInt(HELD_MILLIS));
                if (random.nextInt(DISABLES) == 0) {
                    enable(servers, false);
                    Stage.pause(random.nextInt(BUSY_MILLIS));
                    while (!scene.isOver() && !enable(servers, true)) {
                        Stage.pause(BUSY_MILLIS);
                    }
                    Stage.pause(random.nextInt(HELD_MILLIS));
                }
                release(servers, x);
            }
        }
    }

    /** Returns whether it may hold the type now. */
    private boolean claim(IoreqServers servers, int x) {
        int flags = 1 + random.nextInt(AccessFlags.ALL);
        History history = scene.history;
        long start = history.now();
        Called called =
                call("claims ioreq_server[" + x + "]", () -> servers.mapMemType(server, MemType.ioreqServer(x), flags));
        history.add(new Event.Claim(
                scene.domid(), id(), x, flags, called.result, called.holder, history.since(start), called.outcome));
        if (called.outcome.mayBeDone()) {
            scene.held.incrementAndGet();
        }
        return called.outcome.mayBeDone();
    }

    /** Until it is certain that it holds the type no more. */
    private void release(IoreqServers servers, int x) {
        boolean reset = random.nextInt(RESETS) == 0;
        for (int i = 0; i < MOST_RELEASES; i++) {
            Outcome outcome = release(servers, x, reset);
            if (outcome.isDone() || outcome.isRefused("EINVAL") || outcome.is("ESRCH")) {
                scene.held.decrementAndGet();
                return;
            }
            Stage.pause(BUSY_MILLIS);
        }
    }

    private Outcome release(IoreqServers servers, int x, boolean reset) {
        History history = scene.history;
        long start = history.now();
        Called called = call(
                "releases ioreq_server[" + x + "]",
                () -> servers.release(server, MemType.ioreqServer(x), reset, DRAIN));
        history.add(
                new Event.Release(scene.domid(), id(), x, reset, called.result, history.since(start), called.outcome));
        return called.outcome;
    }

    private boolean enable(IoreqServers servers, boolean enabled) {
        History history = scene.history;
        long start = history.now();
        Called called = call(enabled ? "is enabled" : "is disabled", () -> servers.setState(server, enabled, DRAIN));
        history.add(new Event.Enabling(scene.domid(), id(), enabled, history.since(start), called.outcome));
        return called.outcome.isDone();
    }

    private int id() {
        return server.id().value();
    }

    private Called call(String what, LongSupplier call) {
        try (Waiting.Until _ = scene.waits(() -> "server " + id() + " " + what)) {
            return new Called(call.getAsLong(), -1, Outcome.DONE);
        } catch (TraplineException failure) {
            int holder = failure.refusal()
                    .map(refusal -> refusal.metadata().get("holder"))
                    .map(Integer::parseInt)
                    .orElse(-1);
            return new Called(0, holder, Outcomes.of(failure));
        }
    }
}
