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

/** Who operates one server: claims types and releases them, in competition with the others, and now and then disables the server for a while. */
final class DeviceOperator implements Runnable {
    private static final Drain DRAIN = Drain.of(Duration.ofSeconds(2));
    private static final int BUSY_MILLIS = 60;
    private static final int HELD_MILLIS = 800;
    private static final int DISABLES = 8;

    private final Stage stage;
    private final ServerRef server;
    private final String principal;
    private final SplittableRandom random;

    DeviceOperator(Stage stage, ServerRef server, String principal, SplittableRandom random) {
        this.stage = stage;
        this.server = server;
        this.principal = principal;
        this.random = random;
    }

    /** What came of one call. */
    private record Called(long result, int holder, Outcome outcome) {}

    @Override
    public void run() {
        try (TraplineConnection connection = stage.doors.operator(principal)) {
            IoreqServers servers = connection.ioreqServers();
            while (!stage.isOver() && !enable(servers, true)) {
                Stage.pause(BUSY_MILLIS);
            }
            while (!stage.isOver()) {
                int x = random.nextInt(Layout.TYPES);
                if (!claim(servers, x)) {
                    Stage.pause(random.nextInt(BUSY_MILLIS));
                    continue;
                }
                Stage.pause(random.nextInt(HELD_MILLIS));
                if (random.nextInt(DISABLES) == 0) {
                    enable(servers, false);
                    Stage.pause(random.nextInt(BUSY_MILLIS));
                    while (!stage.isOver() && !enable(servers, true)) {
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
        History history = stage.history;
        long start = history.now();
        Called called = call(() -> servers.mapMemType(server, MemType.ioreqServer(x), flags));
        history.add(new Event.Claim(
                stage.domid(), id(), x, flags, called.result, called.holder, history.since(start), called.outcome));
        return called.outcome.mayBeDone();
    }

    private void release(IoreqServers servers, int x) {
        History history = stage.history;
        long start = history.now();
        Called called = call(() -> servers.release(server, MemType.ioreqServer(x), false, DRAIN));
        history.add(
                new Event.Release(stage.domid(), id(), x, false, called.result, history.since(start), called.outcome));
    }

    private boolean enable(IoreqServers servers, boolean enabled) {
        History history = stage.history;
        long start = history.now();
        Called called = call(() -> servers.setState(server, enabled, DRAIN));
        history.add(new Event.Enabling(stage.domid(), id(), enabled, history.since(start), called.outcome));
        return called.outcome.isDone();
    }

    private int id() {
        return server.id().value();
    }

    private static Called call(LongSupplier call) {
        try {
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
